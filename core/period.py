"""Periods as people and URLs write them: `now-1h` to `now`, `now/d`, or ISO 8601; read for one moment and zone.

    now  now-15m  now-7d  now/d  now-1d/d  2026-11-22  2026-11-22T20:00  2026-11-22T20:00:00Z

Units are s, m, h, d, w, M (month) and y, the words of Grafana's picker. Days, weeks, months and years are counted on
the calendar of the zone, so that `now-1d` is the same time yesterday where clocks changed in between. `/d` is the
beginning of the day, and as the end of a period its end: from `now-1d/d` to `now-1d/d` is yesterday.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from core.errors import BadPeriod

DEFAULT_FROM: Final = "now-1h"
DEFAULT_TO: Final = "now"
HOW: Final = "Write it as now-1h, now-7d, now/d (the start of today), or as 2026-11-22T20:00."

_RELATIVE: Final = re.compile(r"now(?:([+-])(\d{1,6})([smhdwMy]))?(?:/([mhdwMy]))?")
_EXACT: Final = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}
_LONGEST_TEXT: Final = 40
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Period:
    """What was asked for, and what it is at one moment: from `start` (included) to `end` (left out), both in UTC.

    `moves` says whether it is another one a second later.
    """

    from_: str
    to: str
    start: datetime
    end: datetime
    zone: tzinfo
    moves: bool


def parse_period(from_: str, to: str, *, now: datetime, zone: tzinfo) -> Period:
    """The period between two texts, for an aware `now`; a time without an offset is one of `zone`.

    Raises BadPeriod, whose one sentence says what cannot be read and what to write.
    """
    local = now.astimezone(zone)
    start = _moment(from_, "from", local, is_end=False)
    end = _moment(to, "to", local, is_end=True)
    if start >= end:
        raise BadPeriod(f"“from” ({from_}) is not before “to” ({to}). Choose an earlier from or a later to.")
    moves = any(_RELATIVE.fullmatch(text) for text in (from_, to))
    return Period(from_, to, start, end, zone, moves)


def zone_of(name: object) -> tzinfo:
    """The zone called `name`, as a browser says it; UTC where there is none of that name."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_+/-]{1,64}", name) or name.startswith("/"):
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):  # one that there is not is a KeyError, a folder of zones an OSError
        return UTC


def zone_name(zone: tzinfo) -> str:
    """What the database and people call a zone."""
    return zone.key if isinstance(zone, ZoneInfo) else "UTC"


def period_words(period: Period) -> str:
    """The period within a sentence: "last hour", "last 7 days", "today", or its two moments in its zone."""
    asked = (period.from_, period.to)
    if asked in _NAMED:
        return _NAMED[asked]
    found = _RELATIVE.fullmatch(period.from_)
    if period.to == "now" and found and found[1] == "-" and not found[4]:
        count, unit = int(found[2]), _UNIT_WORDS[found[3]]
        return f"last {unit}" if count == 1 else f"last {count} {unit}s"
    start, end = period.start.astimezone(period.zone), period.end.astimezone(period.zone)
    tail = f"{end:%H:%M}" if start.date() == end.date() else _minute(end, start)
    return f"{_minute(start, end)} to {tail}"


_UNIT_WORDS: Final = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "M": "month",
    "y": "year",
}
_NAMED: Final = {
    ("now/d", "now"): "today so far",
    ("now/d", "now/d"): "today",
    ("now-1d/d", "now-1d/d"): "yesterday",
    ("now/w", "now"): "this week so far",
    ("now/w", "now/w"): "this week",
    ("now-1w/w", "now-1w/w"): "last calendar week",
    ("now/M", "now"): "this month so far",
    ("now/M", "now/M"): "this month",
    ("now-1M/M", "now-1M/M"): "last calendar month",
    ("now/y", "now"): "this year so far",
}


def _minute(moment: datetime, other: datetime) -> str:
    year = "" if moment.year == other.year else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year} {moment:%H:%M}"


def _moment(text: object, name: str, local: datetime, *, is_end: bool) -> datetime:
    """A moment in UTC. Raises BadPeriod."""
    if not isinstance(text, str) or len(text) > _LONGEST_TEXT:
        raise BadPeriod(f"“{name}” is no moment. {HOW}")
    try:
        found = _RELATIVE.fullmatch(text)
        moment = _relative(found, local, is_end=is_end) if found else _absolute(text, local, is_end=is_end)
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadPeriod(f"“{name}” is no moment: {_printable(text)}. {HOW}") from None
    if not _FIRST <= moment <= _LAST:
        raise BadPeriod(f"“{name}” lies outside the years 1970 to 2200: {_printable(text)}. {HOW}")
    return moment


def _absolute(text: str, local: datetime, *, is_end: bool) -> datetime:
    """ISO 8601; a day alone ends with its last moment. In an address + means a space: it is given back its sign."""
    text = re.sub(r"(T[0-9:.]+) (?=[0-9:]+$)", r"\1+", text)
    moment = datetime.fromisoformat(text)
    if is_end and re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        moment += timedelta(days=1)
    return moment.replace(tzinfo=local.tzinfo) if moment.tzinfo is None else moment


def _relative(found: re.Match[str], local: datetime, *, is_end: bool) -> datetime:
    sign, count, unit, rounded = found.groups()
    moment = local if unit is None else _moved(local, int(count) * (-1 if sign == "-" else 1), unit)
    if rounded is None:
        return moment
    start = _rounded(moment, rounded)
    return _moved(start, 1, rounded) if is_end else start


def _moved(moment: datetime, count: int, unit: str) -> datetime:
    """`moment` so many units later, in its own zone: hours and less by the clock that never changes."""
    if unit in _EXACT:
        return (moment.astimezone(UTC) + count * _EXACT[unit]).astimezone(moment.tzinfo)
    if unit in "dw":
        return moment + timedelta(days=count * (7 if unit == "w" else 1))
    months = moment.year * 12 + moment.month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last_day))


def _rounded(moment: datetime, unit: str) -> datetime:
    if unit in "mh":
        # In UTC: on the clock of the zone it would leave the second pass of an hour that clocks go through twice.
        past = timedelta(seconds=moment.second, microseconds=moment.microsecond)
        past += timedelta(minutes=moment.minute) if unit == "h" else timedelta()
        return (moment.astimezone(UTC) - past).astimezone(moment.tzinfo)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if unit == "w":
        return day - timedelta(days=day.weekday())
    if unit == "M":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if unit == "y" else day


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "�" for sign in text) or "nothing"
