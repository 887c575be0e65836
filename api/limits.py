"""How much may be asked for at once. A rollup makes most questions cheap however long their span is: an hour of a
device is one row. Dear are those that only raw rows can answer, thousands a device and hour.
"""

from datetime import timedelta
from typing import Final

from api.errors import Problem
from db.queries.rows import Span
from db.queries.series import bucket_seconds

MAX_TRACK_POINTS: Final = 100_000
MAX_POINTS: Final = 2000
"""Of a series: more than a screen has columns. It also keeps raw series to 16 h, as longer buckets have a rollup."""
MAX_DEVICES: Final = 20
"""Of one answer of a series."""
MAX_METRICS: Final = 6
"""Of one answer of lines."""
MAX_RANKED: Final = 500
FLEET_RAW: Final = timedelta(hours=6)
"""A fleet of 1,000 that reports every second makes 21 million raw rows in 6 h."""


def check_track(span: Span, max_days: int) -> None:
    """Raises Problem 422 where a track is asked for over more than `max_days`: all its rows are raw and are read."""
    if span.end - span.start > timedelta(days=max_days):
        raise Problem(
            422,
            f"from and to are {_length(span.end - span.start)} apart; a track is read from raw rows and spans at most"
            f" {max_days} days (WAYPOST_MAX_TRACK_DAYS): ask for a shorter span, or for several one after another",
        )


def check_series(span: Span, points: int, *, of_fleet: bool) -> None:
    """Raises Problem 422 where a series of a whole fleet would have to be made from too many raw rows."""
    length = span.end - span.start
    if of_fleet and length > FLEET_RAW and bucket_seconds(span, points) < 60:
        fewer = int((length.total_seconds() - 1) // 30)
        raise Problem(
            422,
            f"{points} points over {_length(length)} are buckets shorter than a minute, made from the raw rows of a"
            f" whole fleet: those span at most {_length(FLEET_RAW)}; send points={fewer} or fewer, or name devices",
        )


def _length(length: timedelta) -> str:
    hours = length.total_seconds() / 3600
    return (f"{hours / 24:.1f} days" if hours > 48 else f"{hours:.1f} h").replace(".0 ", " ")
