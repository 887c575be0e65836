"""What devices are called, for the table in which an admin names them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, or_, select

from db.tables import device


@dataclass(frozen=True, slots=True)
class Named:
    """A device with what is shown of it, and which of that an admin has given (`label`, `fleet`)."""

    name: str
    label: str | None
    fleet: str | None
    kind: str | None
    given: frozenset[str]


def list_named(connection: Connection, *, search: str | None, limit: int) -> tuple[int, list[Named]]:
    """How many devices there are of that `search` (any part of name, label or fleet), and the first of them by name."""
    t = device.c
    found = select(t.name, t.label, t.fleet, t.kind, t.given)
    if search:
        found = found.where(or_(*(column.icontains(search, autoescape=True) for column in (t.name, t.label, t.fleet))))
    total = connection.execute(select(func.count()).select_from(found.subquery())).scalar_one()
    rows = connection.execute(found.order_by(t.name).limit(limit))
    return total, [Named(*row[:4], frozenset(row.given)) for row in rows]


def get_named(connection: Connection, names: Sequence[str]) -> list[Named]:
    """The devices with these names, by name."""
    t = device.c
    query = select(t.name, t.label, t.fleet, t.kind, t.given).where(t.name == func.any(list(names))).order_by(t.name)
    return [Named(*row[:4], frozenset(row.given)) for row in connection.execute(query)]
