"""The count of each space now, moved on in the transaction that stores the crossings.

The row of a space in `space_state` is locked while its count moves, so two processes that count at once take turns and
lose nothing, and a crossing that is stored twice counts once, as it is stored. Redis is told of the new row after the
commit and keeps the newest version (`db/live_counts.py`): it can be filled from these rows at any time.

Who changes what counting depends on, placements, hours or known counts, calls `hold_still` first and `renew` after.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import numpy as np
from psycopg import Connection, Cursor

from core.occupancy import Hours, LiveCount
from core.types import from_micros, to_micros
from db.arrays import Int4s, Int8s

# Any two constants do, as long as every Waypost uses the same.
_COUNTING: Final = 7_208_514

_SHARE: Final = "SELECT pg_advisory_xact_lock_shared(%s)"
_HOLD: Final = "SELECT pg_advisory_xact_lock(%s)"
# In the order of ids, as everyone: who holds the first waits for nobody that waits for him.
_LOCK_TOUCHED: Final = """
SELECT space_id FROM space_state
WHERE space_id IN (SELECT space_id FROM placement WHERE device_id = ANY(%s::int4[])) ORDER BY space_id FOR UPDATE
"""
# A version is the clock in microseconds, or one more than before: it grows even over a database that was set back.
_VERSION: Final = "greatest(s.version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::int8)"
_COLUMNS: Final = "s.version, s.base, s.since, s.base_at, s.next_base_at, s.known_from, s.newest"
_COUNT: Final = f"""
WITH passed AS (
    SELECT p.space_id, p.sign * c.change AS change, c.ts
    FROM (
        SELECT to_timestamp(t / 1000000.0) AS ts, d AS device_id, n AS change
        FROM unnest(%s::int8[], %s::int4[], %s::int4[]) AS a(t, d, n)
    ) c
    JOIN placement p ON p.device_id = c.device_id AND c.ts >= p.valid_from
        AND (p.valid_to IS NULL OR c.ts < p.valid_to)
), counted AS (
    SELECT s.space_id, min(passed.ts) AS first, max(passed.ts) AS last,
        coalesce(sum(change) FILTER (WHERE s.base_at IS NULL OR passed.ts >= s.base_at), 0)::int AS since
    FROM passed JOIN space_state s USING (space_id) GROUP BY s.space_id
), marked AS (
    INSERT INTO occupancy_mark (space_id, first, last, why)
    SELECT space_id, first, least(last, reconciled_until), 'late crossings'
    FROM counted JOIN space_state USING (space_id) WHERE first < reconciled_until
)
UPDATE space_state s SET version = {_VERSION}, since = s.since + counted.since,
    known_from = least(s.known_from, counted.first), newest = greatest(s.newest, counted.last)
FROM counted, space WHERE s.space_id = counted.space_id AND space.id = s.space_id
RETURNING s.space_id, space.name, {_COLUMNS}
"""  # noqa: S608 - the parts are our own
_ALL: Final = f"SELECT s.space_id, space.name, {_COLUMNS} FROM space_state s JOIN space ON space.id = s.space_id"  # noqa: S608 - the same
_HOURS: Final = "SELECT zone, opens, closes, empty_at FROM space WHERE id = %s"
_LAST_MANUAL: Final = "SELECT ts, count FROM anchor WHERE space_id = %s AND ts <= %s ORDER BY ts DESC LIMIT 1"
# A subquery a placement, so that each takes the first row of the index that there is.
_KNOWN: Final = """
SELECT least(
    (SELECT min(ts) FROM anchor WHERE space_id = %(space)s),
    (SELECT min(first.ts) FROM placement p CROSS JOIN LATERAL (
        SELECT min(c.ts) AS ts FROM crossing c WHERE c.device_id = p.device_id AND c.ts >= p.valid_from
            AND (p.valid_to IS NULL OR c.ts < p.valid_to)
    ) first WHERE p.space_id = %(space)s)
), (SELECT max(last.ts) FROM placement p CROSS JOIN LATERAL (
        SELECT max(c.ts) AS ts FROM crossing c WHERE c.device_id = p.device_id AND c.ts >= p.valid_from
            AND (p.valid_to IS NULL OR c.ts < p.valid_to)
    ) last WHERE p.space_id = %(space)s)
"""
_SINCE: Final = """
SELECT coalesce(sum(p.sign * c.direction * c.count), 0)::int FROM placement p
JOIN crossing c ON c.device_id = p.device_id AND c.ts >= p.valid_from AND (p.valid_to IS NULL OR c.ts < p.valid_to)
WHERE p.space_id = %(space)s AND c.ts >= %(since)s
"""
_RENEW: Final = f"""
UPDATE space_state s SET version = {_VERSION}, base = %(base)s, since = %(since)s, base_at = %(base_at)s,
    next_base_at = %(next)s, known_from = %(known)s, newest = %(newest)s
FROM space WHERE s.space_id = %(space)s AND space.id = s.space_id RETURNING s.space_id, space.name, {_COLUMNS}
"""  # noqa: S608 - the same

_FIRST: Final = datetime(1, 1, 2, tzinfo=UTC)

Rows = list[tuple[Any, ...]]
Ask = Callable[[str, Any], Rows]
"""Runs a statement with parameters in the caller's transaction, and gives its rows."""


class Passed(NamedTuple):
    """What a crossing that was stored changes: direction * count, less what was stored before."""

    ts: int
    device_id: int
    change: int


def count_crossings(cursor: Cursor[Any], passed: Sequence[Passed]) -> list[LiveCount]:
    """Move on the count of every space that these crossings touch, within the caller's transaction; the new counts."""
    if not passed:
        return []
    ts, device, change = (np.array(column, dtype=np.int64) for column in zip(*passed, strict=True))
    cursor.execute(_SHARE, (_COUNTING,))
    if not cursor.execute(_LOCK_TOUCHED, (Int4s(np.unique(device)),)).rowcount:
        return []
    rows = cursor.execute(_COUNT, (Int8s(ts), Int4s(device), Int4s(change))).fetchall()
    ask = _asker(cursor)
    counts = []
    for space_id, *row in rows:
        count = _live(row)
        if count.next_base_at is not None and count.newest is not None and count.newest >= count.next_base_at:
            count = renew(ask, space_id, at=count.newest)
        counts.append(count)
    return counts


def hold_still(ask: Ask) -> None:
    """Let nobody count until this transaction ends; whoever stores crossings meanwhile waits."""
    ask(_HOLD, (_COUNTING,))


def renew(ask: Ask, space_id: int, *, at: int | None = None) -> LiveCount:
    """Work out the count of a space anew, from its last anchor and what has passed since.

    `at` is the newest moment to look for anchors at where it is ahead of the clock, in microseconds since 1970.
    """
    now = max(to_micros(datetime.now(UTC)), at or 0)
    hours = Hours(*ask(_HOURS, (space_id,))[0])
    manual = ask(_LAST_MANUAL, (space_id, from_micros(now)))
    base_at, base = (to_micros(manual[0][0]), manual[0][1]) if manual else (None, 0)
    closing = hours.last_closing(now)
    if closing is not None and (base_at is None or closing > base_at):
        base_at, base = closing, 0
    known, newest = ask(_KNOWN, {"space": space_id})[0]
    since = ask(_SINCE, {"space": space_id, "since": _FIRST if base_at is None else from_micros(base_at)})[0][0]
    following = None if base_at is None else hours.next_closing(base_at)
    found = ask(
        _RENEW,
        {
            "space": space_id,
            "base": base,
            "since": since,
            "base_at": None if base_at is None else from_micros(base_at),
            "next": None if following is None else from_micros(following),
            "known": known,
            "newest": newest,
        },
    )
    return _live(found[0][1:])


def read_all(connection: Connection) -> list[LiveCount]:
    """The count of every space, as the database has it."""
    return [_live(row) for _, *row in connection.execute(_ALL.encode()).fetchall()]


def _live(row: Sequence[Any]) -> LiveCount:
    name, version, base, since, *moments = row
    return LiveCount(name, version, base, since, *(None if m is None else to_micros(m) for m in moments))


def _asker(cursor: Cursor[Any]) -> Ask:
    return lambda statement, parameters: cursor.execute(statement.encode(), parameters).fetchall()
