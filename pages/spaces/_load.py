"""What the Spaces page asks, and what it works out from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from core.occupancy import LiveCount
from core.types import from_micros, to_micros
from db.queries import alerts, occupancy, spaces
from db.queries.occupancy import Correction, Counted, Ended
from db.queries.rows import Span
from db.queries.spaces import Described, Known

BARS: Final = 24
BAR: Final = timedelta(minutes=15)
POINTS: Final = 600
WEEKS: Final = 8
_SAMPLE: Final = timedelta(minutes=15)

Heat = tuple[tuple[float | None, ...], ...]
"""Mean count by weekday (Monday first) and hour."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A space now: `count` is None while nothing is known, `bars` are the counts of the last six hours.

    `in_alert` are the rules of which an alert is open for it.
    """

    described: Described
    count: int | None
    hour_ago: int | None
    bars: tuple[int | None, ...]
    in_alert: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Of the space."""
        return self.described.space.name


@dataclass(frozen=True, slots=True)
class Chosen:
    """The space that is looked at, over a period."""

    described: Described
    span: Span
    history: tuple[Counted, ...]
    ended: tuple[Ended, ...]
    corrections: tuple[Correction, ...]
    known: tuple[Known, ...]


def load_tiles(connection: Connection, live: Mapping[str, LiveCount], now: datetime) -> list[Tile]:
    """Every space as it is now; counts that `live` lacks come from the database."""
    described = spaces.describe(connection, spaces.list_spaces(connection), live, now)
    recent = occupancy.recent(connection, now - BAR * BARS, [one.space.id for one in described])
    in_alert = alerts.open_of_spaces(connection)
    return [_tile(one, recent.get(one.space.id, []), now, in_alert.get(one.space.name, ())) for one in described]


def chosen_of(tiles: Sequence[Tile], name: str) -> Tile | None:
    """The tile called `name`, else the first; None where there is none."""
    return next((one for one in tiles if one.name == name), tiles[0] if tiles else None)


def _tile(one: Described, recent: Sequence[tuple[datetime, int]], now: datetime, in_alert: tuple[str, ...]) -> Tile:
    count = None if one.live is None else one.live.count(to_micros(now))
    known = one.live is not None and one.live.known_from is not None
    start = from_micros(one.live.known_from) if known and one.live and one.live.known_from else now
    # Before the first change in sight the count was what it was changed from, which nobody says: it is left open.
    steps = list(recent) or ([(start, count)] if count is not None else [])
    ends = [now - BAR * (BARS - 1 - n) for n in range(BARS)]
    bars: list[int | None] = [value_at(steps, end) for end in ends[:-1]]
    return Tile(one, count, value_at(steps, now - timedelta(hours=1)), (*bars, count), in_alert)


def value_at(steps: Sequence[tuple[datetime, int]], moment: datetime) -> int | None:
    """What the last step at or before `moment` says; None before the first."""
    found = None
    for ts, count in steps:
        if ts > moment:
            break
        found = count
    return found


def load_chosen(connection: Connection, one: Described, span: Span) -> Chosen:
    """All that the page shows of a space over `span`."""
    history = occupancy.history(connection, one.space, span, points=POINTS)
    return Chosen(
        one,
        span,
        tuple(history),
        tuple(e for e in occupancy.stretches(connection, one.space, span) if e.passages or e.drift),
        tuple(occupancy.corrections(connection, one.space, span)),
        tuple(spaces.list_known(connection, one.space.id, span)),
    )


def load_heat(connection: Connection, one: Described, until: datetime) -> Heat | None:
    """The mean count by weekday and hour of the weeks before `until`; None where nothing is known of them."""
    start = until - timedelta(weeks=WEEKS)
    found = occupancy.history(connection, one.space, Span(start, until), points=2000)
    return heat_of([(c.at, c.count) for c in found], one.space.hours.zone, until) if found else None


def heat_of(steps: Sequence[tuple[datetime, int]], zone: str, until: datetime) -> Heat:
    """Means of counts, each of which holds until the next, by the clock of the zone: looked at every 15 minutes."""
    clock = ZoneInfo(zone)
    sums = [[0.0] * 24 for _ in range(7)]
    times = [[0] * 24 for _ in range(7)]
    moment = steps[0][0].astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    place = 0
    while moment <= until:
        while place + 1 < len(steps) and steps[place + 1][0] <= moment:
            place += 1
        if steps[place][0] <= moment:
            local = moment.astimezone(clock)
            sums[local.weekday()][local.hour] += steps[place][1]
            times[local.weekday()][local.hour] += 1
        moment += _SAMPLE
    return tuple(
        tuple(sums[day][hour] / times[day][hour] if times[day][hour] else None for hour in range(24))
        for day in range(7)
    )
