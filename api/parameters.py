"""Query parameters that several endpoints share, and how they are checked."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, BeforeValidator

from api.errors import Problem
from db.queries.latest import Box
from db.queries.rows import Span
from db.store import Store


def store_of(request: Request) -> Store:
    """The store that the composition root has put into the application."""
    store: Store = request.app.state.store
    return store


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a name holds no NUL character")  # the database takes any other
    return text


def _with_plus(moment: object) -> object:
    """In an address + means a space: give 2026-11-22T21:19:03 01:00 its sign back."""
    return re.sub(r"(T[0-9:.]+) (?=[0-9:]+$)", r"\1+", moment) if isinstance(moment, str) else moment


StoreParam = Annotated[Store, Depends(store_of)]
Text = Annotated[str, AfterValidator(_without_nul)]
From = Annotated[
    datetime | None, Query(alias="from", description="ISO 8601 with Z or an offset"), BeforeValidator(_with_plus)
]
To = Annotated[
    datetime | None, Query(description="ISO 8601 with Z or an offset; left out: now"), BeforeValidator(_with_plus)
]


def span_of(start: datetime | None, end: datetime | None, default: timedelta) -> Span:
    """The span asked for; without a start, `default` before the end. Raises Problem 422."""
    for name, moment in (("from", start), ("to", end)):
        if moment is not None and moment.tzinfo is None:
            raise Problem(422, f"{name} has no time zone; send it with Z or an offset, as 2026-11-22T21:19:03Z")
    try:
        end = datetime.now(UTC) if end is None else end.astimezone(UTC)
        start = end - default if start is None else start.astimezone(UTC)
    except OverflowError:
        raise Problem(422, "from and to must be moments that a calendar has") from None
    if start >= end:
        raise Problem(422, "from must be before to")
    return Span(start, end)


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
