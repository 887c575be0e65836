"""What people set up of spaces: themselves, where sensors sit, known counts. Each change says what it makes wrong.

Every function works within the caller's transaction. Those that change what counting depends on hold counting still
until it ends, and give the count as it is then, for Redis.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.errors import Overlapping, UnknownDevice
from core.occupancy import Hours, LiveCount
from core.text import iso_utc
from db.audit import record
from db.counting import Ask, Rows, hold_still, renew
from db.queries.spaces import Space, get_space
from db.tables import anchor, device, occupancy, occupancy_mark, placement, space, space_state

_JUST_BEFORE: Final = timedelta(microseconds=1)


class Placing(NamedTuple):
    """A sensor at a door, as somebody asks for it. Moments are aware; `valid_to` None: until further notice."""

    device: str
    sign: int
    valid_from: datetime
    valid_to: datetime | None


def put_space(connection: Connection, name: str, capacity: int | None, hours: Hours, by: str) -> tuple[LiveCount, bool]:
    """Make the space, or change it; its count, and whether it is new."""
    _hold(connection)
    values = {
        "capacity": capacity,
        "zone": hours.zone,
        "opens": hours.opens,
        "closes": hours.closes,
        "empty_at": hours.empty_at,
    }
    known = get_space(connection, name)
    before = None if known is None else _space_words(known.capacity, known.hours)
    record(connection, by, f"space {name}", before, _space_words(capacity, hours))
    if known is None:
        made = insert(space).values(name=name, created_at=func.now(), **values).returning(space.c.id)
        space_id = connection.execute(made).scalar_one()
        connection.execute(insert(space_state).values(space_id=space_id, version=0, base=0, since=0))
    else:
        space_id = known.id
        connection.execute(update(space).where(space.c.id == space_id).values(values))
        if (known.hours.zone, known.hours.empty_at) != (hours.zone, hours.empty_at):
            _mark_all(connection, space_id, "the closing hour was changed")
    return renew(_ask(connection), space_id), known is None


def remove_space(connection: Connection, where: Space, by: str) -> None:
    """Forget the space, its placements and its history. What its sensors sent stays."""
    _hold(connection)
    space_id = where.id
    record(connection, by, f"space {where.name}", _space_words(where.capacity, where.hours), None)
    connection.execute(delete(occupancy).where(occupancy.c.space_id == space_id))
    connection.execute(delete(space).where(space.c.id == space_id))


def put_placements(connection: Connection, where: Space, wanted: Sequence[Placing], by: str) -> LiveCount:
    """Put these in place of all placements of the space; the history of what differs is made anew.

    Raises Overlapping where a device would be there twice at once, UnknownDevice where one has never sent anything.
    """
    _refuse_overlaps(where, wanted)
    ids = _device_ids(connection, [one.device for one in wanted])
    _hold(connection)
    p = placement.c
    rows = connection.execute(
        select(p.id, p.device_id, p.sign, p.valid_from, p.valid_to).where(p.space_id == where.id)
    ).all()
    old = {(row.device_id, row.sign, row.valid_from, row.valid_to): row.id for row in rows}
    new = {(ids[one.device], one.sign, one.valid_from, one.valid_to) for one in wanted}
    gone = [id_ for key, id_ in old.items() if key not in new]
    fresh = [key for key in new if key not in old]
    if gone:
        connection.execute(delete(placement).where(p.id == func.any(gone)))
    if fresh:
        names = ("device_id", "sign", "valid_from", "valid_to")
        connection.execute(
            insert(placement), [dict(zip(names, key, strict=True)) | {"space_id": where.id} for key in fresh]
        )
    changed = [*(key for key in old if key not in new), *fresh]
    if changed:
        called = {id_: name for name, id_ in ids.items()} | _device_names(connection, {key[0] for key in old})
        words = [sorted(_placing_words(called, key) for key in keys) for keys in (old, new)]
        record(connection, by, f"placements of {where.name}", *words)
    _mark(connection, where.id, [(key[2], key[3]) for key in changed], "placements were changed")
    return renew(_ask(connection), where.id)


def note_count(connection: Connection, where: Space, ts: datetime, count: int, by: str) -> LiveCount:
    """Somebody has counted: at `ts` the space held `count`. One of the same moment is replaced."""
    _hold(connection)
    space_id = where.id
    record(connection, by, f"count of {where.name}", None, {"at": iso_utc(ts), "count": count})
    a = anchor.c
    values = {"count": count, "noted_at": func.now(), "noted_by": by}
    statement = upsert(anchor).values(space_id=space_id, ts=ts, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[a.space_id, a.ts], set_=values))
    _mark(connection, space_id, [(ts - _JUST_BEFORE, ts)], "counted by hand")
    return renew(_ask(connection), space_id)


def remove_count(connection: Connection, where: Space, ts: datetime, by: str) -> LiveCount | None:
    """Take back what somebody has counted; None where nobody has at that moment."""
    _hold(connection)
    a, space_id = anchor.c, where.id
    gone = delete(anchor).where(a.space_id == space_id, a.ts == ts).returning(a.count)
    count = connection.execute(gone).scalar()
    if count is None:
        return None
    record(connection, by, f"count of {where.name}", {"at": iso_utc(ts), "count": count}, None)
    _mark(connection, space_id, [(ts - _JUST_BEFORE, ts)], "a count by hand was taken back")
    return renew(_ask(connection), space_id)


def ask_to_reconcile(connection: Connection, where: Space, by: str) -> None:
    """Have the whole history of the space made anew from its raw crossings at the next turn."""
    record(connection, by, f"reconciliation of {where.name}", None, {"asked": True})
    _mark_all(connection, where.id, f"asked for by {by}")


def _hold(connection: Connection) -> None:
    hold_still(_ask(connection))


def _ask(connection: Connection) -> Ask:
    def ask(statement: str, parameters: Any) -> Rows:
        return [tuple(row) for row in connection.exec_driver_sql(statement, parameters)]

    return ask


def _mark(connection: Connection, space_id: int, spans: Iterable[tuple[datetime, datetime | None]], why: str) -> None:
    now = datetime.now(UTC)
    rows = [
        {"space_id": space_id, "first": first, "last": now if last is None else min(last, now), "why": why}
        for first, last in spans
        if first <= now
    ]
    if rows:
        connection.execute(insert(occupancy_mark), rows)


def _mark_all(connection: Connection, space_id: int, why: str) -> None:
    s = space_state.c
    known = select(s.space_id, s.known_from, func.now(), bindparam("why", why)).where(
        s.space_id == space_id, s.known_from.is_not(None)
    )
    connection.execute(insert(occupancy_mark).from_select(["space_id", "first", "last", "why"], known))


def _refuse_overlaps(where: Space, wanted: Sequence[Placing]) -> None:
    ordered = sorted(wanted, key=lambda one: (one.device, one.valid_from))
    for one, other in pairwise(ordered):
        if one.device == other.device and (one.valid_to is None or other.valid_from < one.valid_to):
            raise Overlapping(
                f"{one.device} would be at {where.name} twice at once: {_words(one)} overlaps with {_words(other)}."
                " End the one before the other begins."
            )


def _space_words(capacity: int | None, hours: Hours) -> dict[str, Any]:
    clocks = {"opens": hours.opens, "closes": hours.closes, "empty_at": hours.empty_at}
    shown = {name: None if clock is None else f"{clock:%H:%M}" for name, clock in clocks.items()}
    return {"capacity": capacity, "zone": hours.zone, **shown}


def _placing_words(names: Mapping[int, str], key: tuple[int, int, datetime, datetime | None]) -> str:
    device_id, sign, start, end = key
    return f"{names[device_id]} {_words(Placing('', sign, start, end))}"


def _device_names(connection: Connection, ids: Iterable[int]) -> dict[int, str]:
    query = select(device.c.id, device.c.name).where(device.c.id == func.any(list(ids)))
    return {row.id: row.name for row in connection.execute(query)}


def _words(one: Placing) -> str:
    end = "now on" if one.valid_to is None else f"to {iso_utc(one.valid_to)}"
    return f"{'+1' if one.sign > 0 else '-1'} from {iso_utc(one.valid_from)} {end}".replace("Z now on", "Z on")


def _device_ids(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    query = select(device.c.name, device.c.id).where(device.c.name == func.any(list(names)))
    found = {row.name: row.id for row in connection.execute(query)}
    for name in names:
        if name not in found:
            raise UnknownDevice(name)
    return found
