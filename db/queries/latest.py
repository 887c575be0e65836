"""The newest of each device, from the table that the ingest keeps (Redis has the same for the live map)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from db.queries.devices import COLUMNS, as_device
from db.queries.rows import Latest, Span
from db.tables import device, latest

Box = tuple[float, float, float, float]
"""west, south, east, north in degrees; west > east crosses the antimeridian."""


def latest_all(connection: Connection, *, fleet: str | None = None, bbox: Box | None = None) -> list[Latest]:
    """The live state of every device that has one, by name."""
    query = _query().order_by(device.c.name)
    if fleet is not None:
        query = query.where(device.c.fleet == fleet)
    if bbox is not None:
        west, south, east, north = bbox
        query = query.where(latest.c.lat.between(south, north))
        if west <= east:
            query = query.where(latest.c.lon.between(west, east))
        else:
            query = query.where((latest.c.lon >= west) | (latest.c.lon <= east))
    return [_as_latest(row) for row in connection.execute(query)]


def latest_one(connection: Connection, name: str) -> Latest | None:
    """The live state of the device that senders call `name`."""
    row = connection.execute(_query().where(device.c.name == name)).first()
    return None if row is None else _as_latest(row)


def latest_called(connection: Connection, names: Sequence[str]) -> list[Latest]:
    """The live states of the devices that senders call by one of `names`, in no order."""
    query = _query().where(device.c.name == func.any(list(names)))
    return [_as_latest(row) for row in connection.execute(query)]


def newest_places(connection: Connection, limit: int) -> list[tuple[float, float]]:
    """Latitude and longitude of the devices that were heard last, at most `limit`."""
    known = (latest.c.lat.is_not(None), latest.c.lon.is_not(None))
    query = select(latest.c.lat, latest.c.lon).where(*known).order_by(latest.c.ts.desc()).limit(limit)
    return [(lat, lon) for lat, lon in connection.execute(query)]


def newest_of(connection: Connection, device_ids: Sequence[int]) -> datetime | None:
    """The newest moment of these devices, in device time; None where they have none."""
    query = select(func.max(latest.c.ts)).where(latest.c.device_id == func.any(list(device_ids)))
    return connection.execute(query).scalar()


def _query() -> Select[Any]:
    return select(
        *COLUMNS,
        latest.c.ts,
        latest.c.lat,
        latest.c.lon,
        latest.c.altitude,
        latest.c.speed,
        latest.c.heading,
        latest.c.measurements,
    ).select_from(device.join(latest, latest.c.device_id == device.c.id))


def _as_latest(row: Row[Any]) -> Latest:
    ts, lat, lon, altitude, speed, heading, measurements = row[len(COLUMNS) :]
    values = {name: pair[0] for name, pair in measurements.items()}
    return Latest(as_device(row), ts, lat, lon, altitude, speed, heading, values)


def newest_moment(connection: Connection, span: Span, *, fleet: str | None = None) -> datetime | None:
    """When the newest message that came since `span` began was sent, at most its end; None where none came."""
    query = select(func.max(latest.c.ts)).where(latest.c.ts >= span.start)
    if fleet is not None:
        query = query.where(latest.c.device_id.in_(select(device.c.id).where(device.c.fleet == fleet)))
    newest: datetime | None = connection.execute(query).scalar()
    return None if newest is None else min(newest, span.end)
