"""Events, newest first, page by page; and the states that devices are in, now and before a span."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, func, literal, literal_column, select, true, tuple_

from db.queries.cursor import Cursor
from db.tables import device, device_state, event


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a device. `machine` and `state` say where it led, `marks` what is wrong with it."""

    id: int
    device: str
    label: str | None
    ts: datetime
    received_at: datetime
    type: str
    machine: str | None
    state: str | None
    marks: tuple[str, ...]
    data: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class State:
    """The state of one of a device's machines, and since when."""

    machine: str
    state: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events: all, unless something is said. `start` is included, `end` is not.

    `device` is a name as the sender wrote it, `search` any part of a name or label. `marks` are those of which an event
    has any; `marked` asks for any mark at all.
    """

    device: str | None = None
    search: str | None = None
    fleet: str | None = None
    types: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    marked: bool = False
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Events, and where the next page begins; None where there is no more."""

    items: tuple[Event, ...] = field(default=())
    next: Cursor | None = None


_COLUMNS: Final = (
    event.c.id,
    device.c.name,
    device.c.label,
    event.c.ts,
    event.c.received_at,
    event.c.type,
    event.c.machine,
    event.c.state,
    event.c.marks,
    event.c.data,
)


def list_events(connection: Connection, asked: Filter, *, limit: int, after: Cursor | None = None) -> Page:
    """Events, newest first; those behind the cursor `after`, where it is given."""
    query = _filtered(asked).order_by(event.c.ts.desc(), event.c.id.desc()).limit(limit + 1)
    if after is not None:
        # The moment by itself lets the server pass over days that are not asked for.
        behind = tuple_(event.c.ts, event.c.id) < tuple_(literal(after.ts), literal(after.id))
        query = query.where(event.c.ts <= after.ts, behind)
    found = [_event(row) for row in connection.execute(query)]
    more = len(found) > limit
    items = tuple(found[:limit])
    return Page(items, Cursor(items[-1].ts, items[-1].id) if more else None)


def moved_events(connection: Connection, device_id: int, start: datetime, end: datetime, *, limit: int) -> list[Event]:
    """The newest `limit` events within a span that led a machine of this device to a state, in order of time."""
    query = (
        _filtered(Filter(start=start, end=end))
        .where(event.c.device_id == device_id, event.c.machine.is_not(None))
        .order_by(event.c.ts.desc(), event.c.received_at.desc(), event.c.id.desc())
        .limit(limit)
    )
    return [_event(row) for row in connection.execute(query)][::-1]


def list_states(connection: Connection, device_id: int) -> list[State]:
    """The states of a device's machines now, by the machine's name."""
    t = device_state.c
    query = select(t.machine, t.state, t.ts).where(t.device_id == device_id).order_by(t.machine)
    return [State(*row) for row in connection.execute(query)]


def states_before(connection: Connection, device_id: int, moment: datetime) -> list[State]:
    """The states of a device's machines right before `moment`, as far as they are known, and since when."""
    now = device_state.c
    last = (
        select(event.c.state, event.c.ts)
        .where(event.c.device_id == device_id, event.c.machine == now.machine, event.c.ts < moment)
        .order_by(event.c.ts.desc(), event.c.received_at.desc(), event.c.id.desc())
        .limit(1)
        .lateral()
    )
    # Where nothing has happened since, no event need be there any more.
    query = (
        select(
            now.machine,
            func.coalesce(last.c.state, now.state),
            func.coalesce(last.c.ts, now.ts),
        )
        .select_from(device_state.outerjoin(last, true()))
        .where(now.device_id == device_id)
        .where((last.c.state.is_not(None)) | (now.ts < moment))
        .order_by(now.machine)
    )
    return [State(*row) for row in connection.execute(query)]


def list_types(connection: Connection, *, most: int = 500) -> list[str]:
    """The types of all events that there are, in order: from one to the next by the index, not through all rows."""
    first = select(event.c.type).order_by(event.c.type).limit(1).cte("found", recursive=True)
    following = (
        select(event.c.type).where(event.c.type > first.c.type).order_by(event.c.type).limit(1).scalar_subquery()
    )
    step = select(following.label("type")).where(first.c.type.is_not(None))
    found = first.union_all(step)
    query = select(found.c.type).where(found.c.type.is_not(None)).limit(most)
    return list(connection.execute(query).scalars())


def _filtered(asked: Filter) -> Select[Any]:
    query = select(*_COLUMNS).join(device, device.c.id == event.c.device_id)
    conditions: list[Any] = []
    if asked.device is not None:
        # By id, which the index has: a scalar is looked up once.
        known = select(device.c.id).where(device.c.name == asked.device).scalar_subquery()
        conditions.append(event.c.device_id == known)
    if asked.search:
        conditions.append(
            device.c.name.icontains(asked.search, autoescape=True)
            | device.c.label.icontains(asked.search, autoescape=True)
        )
    if asked.fleet is not None:
        conditions.append(device.c.fleet == asked.fleet)
    if len(asked.types) == 1:
        conditions.append(event.c.type == asked.types[0])
    elif asked.types:
        conditions.append(event.c.type.in_(asked.types))
    if asked.marked or asked.marks:
        # In the words of the index on those with marks.
        conditions.append(event.c.marks != literal_column("'{}'"))
    if asked.marks:
        conditions.append(event.c.marks.overlap(list(asked.marks)))
    if asked.start is not None:
        conditions.append(event.c.ts >= asked.start)
    if asked.end is not None:
        conditions.append(event.c.ts < asked.end)
    return query.where(and_(true(), *conditions))


def _event(row: Sequence[Any]) -> Event:
    id_, name, label, ts, received_at, kind, machine, state, marks, data = row
    return Event(id_, name, label, ts, received_at, kind, machine, state, tuple(marks), data)
