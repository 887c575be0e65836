"""Reconciliation of spaces: the history of counts, made from raw crossings, with drift taken out at known counts.

What must be made anew stands in `occupancy_mark`: a stretch of time of a space, and why. Late crossings leave marks in
the transaction that stores them, edits in theirs; and `_claim` turns what is new since the last turn into one. A mark
goes in the transaction that has done what it asks for, so after a crash it is done once more, which changes nothing.

Any moment is the checkpoint before it and the crossings in between (`db/queries/occupancy.py`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from psycopg import Connection

from core.occupancy import MISCOUNTED, Anchor, AnchorKind, Hours, Stretch
from core.reconciliation import BUCKET_US, Before, Checkpoint, Ground, Mark, Run, Sum, affected, made_anew
from core.types import from_micros, to_micros
from db import reconcile_sql as sql
from db.engine.base import StorageEngine
from db.own_connection import OwnConnection

PROGRESS: Final = "new crossings"
_SETTLE: Final = timedelta(seconds=10)
"""A bucket is taken up so long after its end: most of what is late by then comes with the next tick or two."""
_LOOK_BACK_US: Final = 7 * 86_400_000_000
_TURN: Final = 7_208_515
_KNOWN_BY: Final = {
    AnchorKind.CLOSING: "known to be empty at the closing hour",
    AnchorKind.MANUAL: "counted by hand",
}


class Reconciler:
    """Used by one thread, with a connection of its own. In several processes they take turns by space."""

    def __init__(self, conninfo: str, engine: StorageEngine) -> None:
        self._database = OwnConnection(conninfo)
        self._engine = engine

    def turn(self) -> int:
        """Make anew what must be; of how many spaces. Raises StoreUnavailable."""
        return self._database.run(lambda c: reconcile(c, self._engine, datetime.now(UTC)))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


def reconcile(connection: Connection, engine: StorageEngine, now: datetime) -> int:
    """Make anew what is marked, and what is new, of all spaces; of how many. A transaction each."""
    _claim(connection, now)
    spaces = [space_id for (space_id,) in connection.execute(sql.MARKED).fetchall()]
    return sum(_reconcile_space(connection, engine, space_id) for space_id in spaces)


def _claim(connection: Connection, now: datetime) -> None:
    """What lies before `until` is ours to make from here on: what still comes for it is late, and leaves a mark.

    The row is locked for it, so whoever counts now is done before, or sees where we are.
    """
    until = from_micros(to_micros(now - _SETTLE) // BUCKET_US * BUCKET_US)
    for space_id, *hours, known, newest, before, has_anchor in connection.execute(sql.STATES, (until,)).fetchall():
        if known is None or (before is not None and before >= until):
            continue
        closing = None if before is None else Hours(*hours).next_closing(to_micros(before))
        has_closed = closing is not None and closing <= to_micros(until)
        if before is None or has_closed or has_anchor or (newest is not None and newest >= before):
            with connection.transaction():
                connection.execute(sql.LOCK, (space_id,))
                connection.execute(sql.CLAIM, (until, space_id))
                connection.execute(sql.MARK, (space_id, before or known, until, PROGRESS))


def _reconcile_space(connection: Connection, engine: StorageEngine, space_id: int) -> int:
    with connection.transaction():
        turn = connection.execute(sql.TAKE_TURN, (_TURN, space_id)).fetchone()
        found = connection.execute(sql.MARKS, (space_id,)).fetchall()
        if not found or turn is None or not turn[0]:
            return 0
        marks = [Mark(to_micros(first), to_micros(last), why) for _, first, last, why in found]
        ground = _ground(connection, space_id)
        if ground is None:
            connection.execute(sql.FORGET_ROWS, (space_id,))
            connection.execute(sql.FORGET_STRETCHES, (space_id,))
        else:
            if min(mark.first for mark in marks) < ground.starts[0]:
                before = (space_id, from_micros(ground.starts[0]))
                connection.execute(sql.FORGET_ROWS_BEFORE, before)
                connection.execute(sql.FORGET_STRETCHES_BEFORE, before)
            for run in affected(ground, marks):
                _Anew(connection, engine, ground, run).make()
        connection.execute(sql.DONE, ([row[0] for row in found],))
    return 1


def _ground(connection: Connection, space_id: int) -> Ground | None:
    found = connection.execute(sql.GROUND, (space_id,)).fetchone()
    if found is None or found[4] is None or found[5] is None:
        return None
    *hours, known, until_moment = found
    known_from, until = to_micros(known), to_micros(until_moment)
    anchors = {
        to_micros(ts): Anchor(to_micros(ts), count, AnchorKind.MANUAL)
        for ts, count in connection.execute(sql.ANCHORS, (space_id, until_moment)).fetchall()
    }
    clock = Hours(*hours)
    first = clock.last_closing(known_from)
    for ts in [*([] if first is None else [first]), *clock.closings(known_from, until)]:
        anchors.setdefault(ts, Anchor(ts, 0, AnchorKind.CLOSING))
    return Ground.of(space_id, [anchors[ts] for ts in sorted(anchors)], known_from, until)


class _Anew(NamedTuple):
    """One run of stretches of a space, on its way into the database."""

    connection: Connection
    engine: StorageEngine
    ground: Ground
    run: Run

    def make(self) -> None:
        """Write its checkpoints and stretches again, as far as they differ, and say what has changed."""
        ground, run = self.ground, self.run
        begin, until = ground.starts[run.places.start], ground.end(run.places[-1])
        old, kept = self._right_already(begin, until)
        checkpoints, stretches = made_anew(
            ground, run.places, kept, self._sums(kept[-1].ts if kept else begin, until), self._before()
        )
        changed, largest = self._keep(old, checkpoints)
        span = (ground.space_id, from_micros(begin), from_micros(until))
        ended = self._newly_ended(span, stretches)
        self.connection.execute(sql.DROP_STRETCHES, span)
        if stretches:
            columns = list(zip(*(_columns_of(one) for one in stretches), strict=True))
            self.connection.execute(sql.ADD_STRETCHES, (ground.space_id, *map(list, columns)))
        why = "; ".join(dict.fromkeys([*(reason for reason in run.why if reason != PROGRESS), *ended]))
        if changed and why:
            about = (ground.space_id, from_micros(max(begin, run.dirty)), from_micros(until), why, changed, largest)
            self.connection.execute(sql.EXPLAIN, about)
            self.connection.execute(
                sql.AUDIT, {"space": ground.space_id, "why": why, "changed": changed, "most": largest}
            )

    def _right_already(self, begin: int, until: int) -> tuple[list[Checkpoint], list[Checkpoint]]:
        """The checkpoints there are, and those of the first stretch before the first wrong moment.

        Of a stretch that is alone and has no end only the last of these is needed: it may be years long.
        """
        places, dirty = self.run.places, self.run.dirty
        is_open_alone = len(places) == 1 and self.ground.spans[places.start][1] is None
        first = max(begin, dirty - _LOOK_BACK_US) if is_open_alone else begin
        old = self._checkpoints(sql.ROWS, first, until)
        end = self.ground.end(places.start)
        kept = [row for row in old if row.ts <= dirty and (is_open_alone or row.ts < end)]
        if is_open_alone:
            kept = kept[-1:] or self._checkpoints(sql.LAST_ROW, begin, min(dirty, first))
            old = [row for row in old if not kept or row.ts >= kept[-1].ts]
        return old, kept

    def _checkpoints(self, statement: bytes, first: int, last: int) -> list[Checkpoint]:
        span = (self.ground.space_id, from_micros(first), from_micros(last))
        return [Checkpoint(to_micros(ts), *row) for ts, *row in self.connection.execute(statement, span).fetchall()]

    def _sums(self, first: int, last: int) -> list[Sum]:
        ends = [from_micros(end.ts) for _, end in (self.ground.spans[i] for i in self.run.places) if end is not None]
        about = {"ends": ends, "space": self.ground.space_id, "first": from_micros(first), "last": from_micros(last)}
        found = self.connection.execute(sql.SUMS, about).fetchall()
        return [Sum(place, to_micros(bucket), change, passages) for place, bucket, change, passages in found]

    def _before(self) -> Before:
        place = self.run.places.start - 1
        if place < 0:
            return Before(MISCOUNTED, True)
        key = (self.ground.space_id, from_micros(self.ground.starts[place]))
        found = self.connection.execute(sql.STRETCH, key).fetchone()
        return Before(MISCOUNTED, True) if found is None else Before(found[0], False)

    def _keep(self, old: Sequence[Checkpoint], new: Sequence[Checkpoint]) -> tuple[int, int]:
        """Write what differs. How many that were there have another count now, and the largest difference."""
        was, now = {row.ts: row for row in old}, {row.ts: row for row in new}
        gone = [from_micros(ts) for ts in was if ts not in now]
        if gone:
            self.connection.execute(sql.DROP_ROWS, (self.ground.space_id, gone, gone[0], gone[-1]))
        fresh = [row for row in new if was.get(row.ts) != row]
        if fresh:
            moments = [from_micros(row.ts) for row in fresh]
            days = sorted({moment.astimezone(UTC).date() for moment in moments})
            self.engine.make_room(self.connection, "occupancy", days)
            values = [(row.raw, row.passages, row.count, row.low, row.high) for row in fresh]
            columns = [list(column) for column in zip(*values, strict=True)]
            self.connection.execute(sql.KEEP_ROWS, (self.ground.space_id, moments, *columns))
        counts = [(row.count or 0, (now[ts].count or 0) if ts in now else 0) for ts, row in was.items()]
        differences = [abs(after - before) for before, after in counts if after != before]
        return len(differences), max(differences, default=0)

    def _newly_ended(self, span: tuple[object, ...], stretches: Sequence[Stretch]) -> list[str]:
        known = {to_micros(start) for (start,) in self.connection.execute(sql.ENDED, span).fetchall()}
        kinds = {one.end_kind for one in stretches if one.drift and one.start not in known}
        return [words for kind, words in _KNOWN_BY.items() if kind in kinds]


def _columns_of(one: Stretch) -> tuple[object, ...]:
    ended = None if one.end is None else from_micros(one.end)
    kind = None if one.end_kind is None else one.end_kind.value
    return from_micros(one.start), ended, one.base, one.end_count, kind, one.passages, one.drift, one.variance
