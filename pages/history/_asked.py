"""What a visitor asks the History page for, read from an address that may say anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from core.text import shorten
from core.types import from_micros
from db.queries.rows import Span

MOST_DEVICES: Final = 10
MOST_METRICS: Final = 6
LEAST_S: Final = 2.0
"""No zoom is shorter: buckets are of one second at least."""
_LONGEST_NAME: Final = 1024
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """Names as they were asked for, none twice and no more than there may be; `problems` say what was left out.

    What was wrong with the zoom is apart: only the address can say it, the answers to the page's own controls cannot.
    """

    devices: tuple[str, ...]
    metrics: tuple[str, ...]
    zoom: Span | None
    compare: bool
    problems: tuple[str, ...]
    zoom_problems: tuple[str, ...]


def read_address(device: object, metric: object, zoom: object, compare: object) -> Asked:
    """Of the parameters of an address; one that stands there twice comes as a list."""
    problems: list[str] = []
    devices = _names(device, MOST_DEVICES, "devices", problems)
    metrics = _names(metric, MOST_METRICS, "metrics", problems)
    zoom_problems: list[str] = []
    part = _zoom(zoom, zoom_problems)
    return Asked(devices, metrics, part, compare == "1", tuple(problems), tuple(zoom_problems))


def zoom_of(data: object) -> Span | None:
    """The zoom of the page's store, {"from", "to"} in ms of UTC; None where there is none that can be used."""
    if not isinstance(data, Mapping):
        return None
    try:
        return checked_zoom(*(from_micros(round(float(data[name])) * 1000) for name in ("from", "to")))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def zoom_data(zoom: Span | None) -> dict[str, Any] | None:
    """A zoom as the page's store holds it."""
    if zoom is None:
        return None
    return {"from": round(zoom.start.timestamp() * 1000), "to": round(zoom.end.timestamp() * 1000)}


def checked_zoom(start: datetime, end: datetime) -> Span:
    """The span, widened where it is too short to show anything. Raises ValueError."""
    if not _FIRST <= start < end <= _LAST:
        raise ValueError("a zoom ends after it starts, within the years 1970 to 2200")
    lacking = timedelta(seconds=LEAST_S) - (end - start)
    return Span(start, end) if lacking <= timedelta() else Span(start - lacking / 2, end + lacking / 2)


def unknown_words(kind: str, names: list[str]) -> str:
    """What is said of names that there are not."""
    quoted = ", ".join(f"“{shorten(name)}”" for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    one = "is called" if len(names) == 1 else "are called"
    was = "It was" if len(names) == 1 else "They were"
    return f"No {kind if len(names) == 1 else kind + 's'} {one} {quoted}{more}. {was} left out."


def _names(value: object, most: int, called: str, problems: list[str]) -> tuple[str, ...]:
    given = value if isinstance(value, (list, tuple)) else [value]
    names = tuple(dict.fromkeys(name for name in given if isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME))
    names = tuple(name for name in names if "\0" not in name)  # the database takes any other
    if len(names) > most:
        problems.append(f"At most {most} {called} fit here; the first {most} of {len(names)} are shown.")
    return names[:most]


def _zoom(value: object, problems: list[str]) -> Span | None:
    """Two moments of ISO 8601 with ~ between."""
    if value is None or value == "":
        return None
    try:
        if not isinstance(value, str) or len(value) > 100:
            raise ValueError
        start, end = (datetime.fromisoformat(part.replace(" ", "+")) for part in value.split("~"))
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError
        return checked_zoom(start.astimezone(UTC), end.astimezone(UTC))
    except (ValueError, OverflowError):
        problems.append("The zoom in the address cannot be read, so the whole period is shown. Drag over the chart.")
        return None
