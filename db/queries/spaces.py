"""Spaces, and where their sensors sit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, func, or_, select

from core.occupancy import Hours, LiveCount
from core.types import to_micros
from db.queries.rows import Span
from db.tables import anchor, device, latest, placement, space, space_state

SILENT_AFTER: Final = timedelta(hours=1)
"""Twice the half hour that slow sensors count over before they send."""


@dataclass(frozen=True, slots=True)
class Space:
    """A space. `capacity` is how many people it is made for, where that is known."""

    id: int
    name: str
    capacity: int | None
    hours: Hours


@dataclass(frozen=True, slots=True)
class Placement:
    """A sensor at a door of a space, from when to when; `sign` 1 where its "in" leads into the space, else -1."""

    space_id: int
    device: str
    sign: int
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class Sensor:
    """A device that is placed at a space now; where it is and when it was last heard, as far as that is known."""

    space_id: int
    device: str
    label: str | None
    sign: int
    lat: float | None
    lon: float | None
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Described:
    """A space with all that goes with it. `silent` are those of its `sensors` that have not been heard as they should;
    `placements` are those of now and of before."""

    space: Space
    live: LiveCount | None
    sensors: tuple[Sensor, ...]
    silent: tuple[Sensor, ...]
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody has counted."""

    ts: datetime
    count: int
    noted_at: datetime
    noted_by: str


def list_spaces(connection: Connection) -> list[Space]:
    """All spaces, by name."""
    return [_as_space(row) for row in connection.execute(_spaces().order_by(space.c.name))]


def get_space(connection: Connection, name: str) -> Space | None:
    """The space called `name`."""
    row = connection.execute(_spaces().where(space.c.name == name)).first()
    return None if row is None else _as_space(row)


def list_placements(connection: Connection, space_id: int | None = None) -> list[Placement]:
    """Where the sensors of a space, or of all, sit and sat; the newest of each device first."""
    p = placement.c
    query = (
        select(p.space_id, device.c.name, p.sign, p.valid_from, p.valid_to)
        .join(device, device.c.id == p.device_id)
        .order_by(p.space_id, device.c.name, p.valid_from.desc())
    )
    if space_id is not None:
        query = query.where(p.space_id == space_id)
    return [Placement(*row) for row in connection.execute(query)]


def list_sensors(connection: Connection, at: datetime, space_ids: Sequence[int] | None = None) -> list[Sensor]:
    """The devices that are placed at `at`, of these spaces or of all, by name."""
    p = placement.c
    query = (
        select(
            p.space_id,
            device.c.name,
            device.c.label,
            p.sign,
            latest.c.lat,
            latest.c.lon,
            func.greatest(latest.c.received_at, device.c.last_seen),
        )
        .join(device, device.c.id == p.device_id)
        .outerjoin(latest, latest.c.device_id == device.c.id)
        .where(p.valid_from <= at, or_(p.valid_to.is_(None), p.valid_to > at))
        .order_by(p.space_id, device.c.name)
    )
    if space_ids is not None:
        query = query.where(p.space_id == func.any(list(space_ids)))
    return [Sensor(*row) for row in connection.execute(query)]


def silent_of(where: Space, sensors: Sequence[Sensor], now: datetime) -> list[Sensor]:
    """Those of the sensors that have not been heard for an hour, while the space is open: nobody passes at night."""
    if not where.hours.is_open(now):
        return []
    return [one for one in sensors if one.heard_at is None or now - one.heard_at > SILENT_AFTER]


def describe(
    connection: Connection, found: Sequence[Space], live: Mapping[str, LiveCount], now: datetime
) -> list[Described]:
    """All that goes with these spaces; counts that `live` lacks are taken from the database."""
    known = live if all(one.name in live for one in found) else {**live_counts(connection), **live}
    sensors: dict[int, list[Sensor]] = {}
    for sensor in list_sensors(connection, now, [one.id for one in found]):
        sensors.setdefault(sensor.space_id, []).append(sensor)
    placements: dict[int, list[Placement]] = {}
    for placed in list_placements(connection, found[0].id if len(found) == 1 else None):
        placements.setdefault(placed.space_id, []).append(placed)
    return [
        Described(
            one,
            known.get(one.name),
            tuple(sensors.get(one.id, ())),
            tuple(silent_of(one, sensors.get(one.id, ()), now)),
            tuple(placements.get(one.id, ())),
        )
        for one in found
    ]


def list_known(connection: Connection, space_id: int, span: Span) -> list[Known]:
    """The counts made by hand within `span`, the newest first."""
    a = anchor.c
    query = (
        select(a.ts, a.count, a.noted_at, a.noted_by)
        .where(a.space_id == space_id, a.ts >= span.start, a.ts <= span.end)
        .order_by(a.ts.desc())
        .limit(500)
    )
    return [Known(*row) for row in connection.execute(query)]


def live_counts(connection: Connection, name: str | None = None) -> dict[str, LiveCount]:
    """The counts of now as the database has them, by name of the space: what Redis has, where it answers."""
    s = space_state.c
    query = select(
        space.c.name, s.version, s.base, s.since, s.base_at, s.next_base_at, s.known_from, s.newest
    ).join_from(space, space_state)
    if name is not None:
        query = query.where(space.c.name == name)
    found = {}
    for called, version, base, since, *moments in connection.execute(query):
        known = (None if moment is None else to_micros(moment) for moment in moments)
        found[called] = LiveCount(called, version, base, since, *known)
    return found


def _spaces() -> Select[Any]:
    s = space.c
    return select(s.id, s.name, s.capacity, s.zone, s.opens, s.closes, s.empty_at)


def _as_space(row: Row[Any]) -> Space:
    return Space(row.id, row.name, row.capacity, Hours(row.zone, row.opens, row.closes, row.empty_at))
