"""The registry of devices."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select

from db.queries.rows import Device
from db.tables import device, latest

COLUMNS = (
    device.c.id,
    device.c.name,
    device.c.label,
    device.c.kind,
    device.c.fleet,
    device.c.attributes,
    device.c.first_seen,
    func.greatest(device.c.last_seen, latest.c.received_at).label("last_seen"),
)


def devices_with_latest() -> Select[Any]:
    """Every device with its `latest` row, if it has one: the base of several queries."""
    return select(*COLUMNS).select_from(device.outerjoin(latest, latest.c.device_id == device.c.id))


def as_device(row: Row[Any]) -> Device:
    """The Device of a row that begins with COLUMNS."""
    return Device(*row[: len(COLUMNS)])


def list_devices(
    connection: Connection,
    *,
    fleet: str | None = None,
    kind: str | None = None,
    search: str | None = None,
    limit: int = 1000,
    offset: int = 0,
) -> list[Device]:
    """Devices by name. `search` is any part of name or label, in either case of letters."""
    query = devices_with_latest().order_by(device.c.name).limit(limit).offset(offset)
    for condition in _conditions(fleet, kind, search):
        query = query.where(condition)
    return [as_device(row) for row in connection.execute(query)]


def count_devices(
    connection: Connection, *, fleet: str | None = None, kind: str | None = None, search: str | None = None
) -> int:
    """How many devices `list_devices` would find without limit."""
    query = select(func.count()).select_from(device)
    for condition in _conditions(fleet, kind, search):
        query = query.where(condition)
    return connection.execute(query).scalar_one()


def get_device(connection: Connection, name: str) -> Device | None:
    """The device that senders call `name`."""
    row = connection.execute(devices_with_latest().where(device.c.name == name)).first()
    return None if row is None else as_device(row)


def devices_called(connection: Connection, names: Sequence[str]) -> list[Device]:
    """The devices that senders call by one of `names`, in no order; names that there are not are left out."""
    query = devices_with_latest().where(device.c.name == func.any(list(names)))
    return [as_device(row) for row in connection.execute(query)]


def list_last_heard(connection: Connection, *, limit: int) -> list[Device]:
    """The devices heard last, by device time, the newest first."""
    query = devices_with_latest().where(latest.c.ts.is_not(None)).order_by(latest.c.ts.desc(), device.c.name)
    return [as_device(row) for row in connection.execute(query.limit(limit))]


def devices_by_id(connection: Connection, ids: list[int] | None = None) -> list[Device]:
    """The devices with these ids, or all."""
    query = devices_with_latest()
    if ids is not None:
        query = query.where(device.c.id == func.any(ids))
    return [as_device(row) for row in connection.execute(query)]


def list_fleets(connection: Connection) -> list[str]:
    """The names of all fleets."""
    query = select(device.c.fleet).where(device.c.fleet.is_not(None)).distinct().order_by(device.c.fleet)
    return list(connection.execute(query).scalars())


def _conditions(fleet: str | None, kind: str | None, search: str | None) -> list[Any]:
    found: list[Any] = []
    if fleet is not None:
        found.append(device.c.fleet == fleet)
    if kind is not None:
        found.append(device.c.kind == kind)
    if search:
        found.append(
            or_(device.c.name.icontains(search, autoescape=True), device.c.label.icontains(search, autoescape=True))
        )
    return found
