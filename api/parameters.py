"""Query parameters that several endpoints share, and how they are checked."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import Depends, Path, Query, Request
from pydantic import AfterValidator, BeforeValidator

from api.errors import Problem
from db.queries.latest import Box
from db.queries.rows import Span
from db.store import Store

_FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""A day off what Python can tell, so that a bucket around them has a beginning and an end."""
_NO_MOMENT: Final = "from and to must be moments that a calendar has, of the years 1 to 9999"


def store_of(request: Request) -> Store:
    """The store that the composition root has put into the application."""
    store: Store = request.app.state.store
    return store


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a name holds no NUL character")  # the database takes any other
    return text


def with_plus(moment: object) -> object:
    """In an address + means a space: give 2026-11-22T21:19:03 01:00 its sign back."""
    return re.sub(r"(T[0-9:.]+) (?=[0-9:]+$)", r"\1+", moment) if isinstance(moment, str) else moment


StoreParam = Annotated[Store, Depends(store_of)]
Text = Annotated[str, AfterValidator(_without_nul)]
From = Annotated[
    datetime | None,
    Query(alias="from", description="ISO 8601 with Z or an offset", examples=["2026-11-22T20:00:00Z"]),
    BeforeValidator(with_plus),
]
To = Annotated[
    datetime | None,
    Query(description="ISO 8601 with Z or an offset; left out: now", examples=["2026-11-22T21:19:03Z"]),
    BeforeValidator(with_plus),
]
DeviceName = Annotated[
    Text, Path(description="device_id as the sender wrote it, percent-encoded", examples=["bus-8929"])
]
MetricParam = Annotated[Text, Query(description="A name from GET /api/v1/metrics", examples=["speed"])]
OneDevice = Annotated[Text | None, Query(description="Only this device")]
FleetParam = Annotated[Text | None, Query(description="Only the devices of this fleet")]
TableName = Literal["json", "csv", "parquet", "arrow"]
TABLES: Final[tuple[TableName, ...]] = ("json", "csv", "parquet", "arrow")
TableFormat = Annotated[
    TableName | None, Query(alias="format", description="Left out: as the Accept header prefers, or json")
]


@dataclass(frozen=True, slots=True)
class Window:
    """A span as it was asked for: the same question a second later, though without `end` its span moves on."""

    start: datetime | None
    end: datetime | None
    span: Span = field(compare=False)


def window_of(start: datetime | None, end: datetime | None, default: timedelta) -> Window:
    """The window asked for; without a start, `default` before the end. Raises Problem 422."""
    span = span_of(start, end, default)
    return Window(None if start is None else span.start, None if end is None else span.end, span)


def span_of(start: datetime | None, end: datetime | None, default: timedelta) -> Span:
    """The span asked for; without a start, `default` before the end. Raises Problem 422."""
    for name, moment in (("from", start), ("to", end)):
        if moment is not None and moment.tzinfo is None:
            raise Problem(422, f"{name} has no time zone; send it with Z or an offset, as 2026-11-22T21:19:03Z")
    try:
        end = datetime.now(UTC) if end is None else end.astimezone(UTC)
        start = end - default if start is None else start.astimezone(UTC)
    except OverflowError:
        raise Problem(422, _NO_MOMENT) from None
    if not _FIRST <= start < _LAST or not _FIRST < end <= _LAST:
        raise Problem(422, _NO_MOMENT)
    if start >= end:
        raise Problem(422, "from must be before to")
    return Span(start, end)


def moment_of(name: str, moment: datetime) -> datetime:
    """The moment in UTC. Raises Problem 422 where it has no time zone, or no calendar has it."""
    if moment.tzinfo is None:
        raise Problem(422, f"{name} has no time zone; send it with Z or an offset, as 2026-11-22T21:19:03Z")
    try:
        found = moment.astimezone(UTC)
    except OverflowError:
        raise Problem(422, _NO_MOMENT) from None
    if not _FIRST <= found <= _LAST:
        raise Problem(422, _NO_MOMENT)
    return found


def one_of(**given: object) -> None:
    """Raises Problem 422 where more than one of these parameters was sent."""
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise Problem(422, f"send {' or '.join(names)}, not both")


def box_of(bbox: Annotated[str | None, Query(description="west,south,east,north in degrees")] = None) -> Box | None:
    """The box asked for. Raises Problem 422."""
    if bbox is None:
        return None
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
    except ValueError:
        raise Problem(422, "bbox must be four numbers: west,south,east,north in degrees") from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise Problem(422, "bbox must lie within -180,-90,180,90, south before north")
    return west, south, east, north


BoxParam = Annotated[Box | None, Depends(box_of)]
