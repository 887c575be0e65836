"""Judges the events of a batch within its transaction, by what the database knows of their devices.

The newest moment of each device that has events stands in `event_frontier`, the state of each of its machines in
`device_state`: both are locked and read first. An event newer than all of its device is certainly new, and is judged
before it is stored. One that is not is stored first; then it and the next of its machine are judged by what stands
before them. The database is asked once for all of them at each step.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from psycopg import Connection, Cursor

from core.timelines import CLOCK_JUMP, MARKS, Rules, Step, judge, mark_of
from db.arrays import Int4s, Int8s
from db.happenings import EventKey, EventRow

_NEVER: Final = -(2**62)

FRONTIERS: Final = """
SELECT device_id, (extract(epoch FROM ts) * 1000000)::int8, (extract(epoch FROM received_at) * 1000000)::int8
FROM event_frontier WHERE device_id = ANY(%s) ORDER BY device_id FOR UPDATE
"""
STATES: Final = """
SELECT device_id, machine, state, (extract(epoch FROM ts) * 1000000)::int8,
    (extract(epoch FROM received_at) * 1000000)::int8, event_id
FROM device_state WHERE device_id = ANY(%s)
"""
# Those that came late, the next of each one's machine, and the state before each of these.
AROUND: Final = """
WITH late AS (
    SELECT d, to_timestamp(t / 1000000.0) AS t, to_timestamp(r / 1000000.0) AS r, i, m
    FROM unnest(%s::int4[], %s::int8[], %s::int8[], %s::int8[], %s::text[]) AS a(d, t, r, i, m)
), touched AS (
    SELECT d, t, r, i, m FROM late
    UNION
    SELECT late.d, next.ts, next.received_at, next.id, late.m FROM late CROSS JOIN LATERAL (
        SELECT ts, received_at, id FROM event
        WHERE device_id = late.d AND machine = late.m AND ts >= late.t
            AND (ts, received_at, id) > (late.t, late.r, late.i)
        ORDER BY ts, received_at, id LIMIT 1
    ) next
)
SELECT e.device_id, (extract(epoch FROM e.ts) * 1000000)::int8, e.id, e.type, e.marks, before.state
FROM touched JOIN event e ON e.device_id = touched.d AND e.ts = touched.t AND e.id = touched.i
LEFT JOIN LATERAL (
    SELECT state FROM event
    WHERE device_id = touched.d AND machine = touched.m AND ts <= touched.t
        AND (ts, received_at, id) < (touched.t, touched.r, touched.i)
    ORDER BY ts DESC, received_at DESC, id DESC LIMIT 1
) before ON true
"""
# Of these events the ones that are far behind something that their device had sent before.
BEHIND: Final = """
SELECT i FROM unnest(%s::int4[], %s::int8[], %s::int8[], %s::int8[]) AS a(d, t, r, i)
WHERE EXISTS (
    SELECT FROM event WHERE device_id = d AND ts > to_timestamp((t + %s) / 1000000.0)
        AND received_at < to_timestamp(r / 1000000.0)
)
"""
MARK_BEHIND: Final = f"""
UPDATE event SET marks = ARRAY['{CLOCK_JUMP}'] || marks
FROM unnest(%s::int4[], %s::int8[], %s::int8[]) AS a(d, t, r)
WHERE device_id = d AND ts < to_timestamp((t - %s) / 1000000.0) AND received_at > to_timestamp(r / 1000000.0)
    AND NOT '{CLOCK_JUMP}' = ANY(marks)
"""  # noqa: S608 - the name is our own
SET_MARKS: Final = """
UPDATE event SET marks = string_to_array(m, ',')
FROM unnest(%s::int4[], %s::int8[], %s::int8[], %s::text[]) AS a(d, t, i, m)
WHERE device_id = d AND ts = to_timestamp(t / 1000000.0) AND id = i
"""
KEEP_STATES: Final = """
INSERT INTO device_state (device_id, machine, state, ts, received_at, event_id)
SELECT d, m, s, to_timestamp(t / 1000000.0), to_timestamp(r / 1000000.0), i
FROM unnest(%s::int4[], %s::text[], %s::text[], %s::int8[], %s::int8[], %s::int8[]) AS a(d, m, s, t, r, i)
ON CONFLICT (device_id, machine) DO UPDATE SET state = excluded.state, ts = excluded.ts,
    received_at = excluded.received_at, event_id = excluded.event_id
"""
# Where some were judged by other rules than the rest, all are to be judged anew.
KEEP_FRONTIERS: Final = """
INSERT INTO event_frontier AS f (device_id, ts, received_at, rules)
SELECT d, to_timestamp(t / 1000000.0), to_timestamp(r / 1000000.0), %s
FROM unnest(%s::int4[], %s::int8[], %s::int8[]) AS a(d, t, r)
ON CONFLICT (device_id) DO UPDATE SET ts = greatest(f.ts, excluded.ts),
    received_at = greatest(f.received_at, excluded.received_at),
    rules = CASE WHEN f.rules = excluded.rules THEN f.rules ELSE 0 END
"""


class Since(NamedTuple):
    """The state of a machine, and the event that led to it: ts, received_at (microseconds since 1970) and id."""

    state: str
    ts: int
    received_at: int
    event_id: int

    @property
    def place(self) -> tuple[int, int, int]:
        """Where it stands in the order of events."""
        return self.ts, self.received_at, self.event_id


@dataclass
class Verdict:
    """What is said of one event of the batch."""

    step: Step | None = None
    marks: frozenset[str] = frozenset()
    is_late: bool = False


@dataclass
class Judging:
    """The events of one batch. First `begin`, then they are stored as `verdicts` say, then `finish`."""

    rules: Rules
    rows: Sequence[EventRow]
    verdicts: dict[EventKey, Verdict] = field(default_factory=dict)
    states: dict[int, dict[str, Since]] = field(default_factory=lambda: defaultdict(dict))
    changed: set[int] = field(default_factory=set)
    """Devices of which some state is another now, or of another moment."""
    _frontiers: dict[int, tuple[int, int]] = field(default_factory=dict)

    def begin(self, cursor: Cursor[Any]) -> None:
        """Read what is known of the devices, and judge what is newer than that."""
        devices = sorted({row.key[0] for row in self.rows})
        self._frontiers = {d: (ts, received) for d, ts, received in cursor.execute(FRONTIERS, (devices,))}
        self.states = _states(cursor.execute(STATES, (devices,)))
        fresh: dict[int, list[EventRow]] = defaultdict(list)
        for row in self.rows:
            device, ts, kind, _ = row.key
            ahead = frozenset({CLOCK_JUMP}) if self.rules.is_ahead(ts, row.received_at) else frozenset[str]()
            is_late = ts <= self._frontiers.get(device, (_NEVER, _NEVER))[0]
            self.verdicts[row.key] = Verdict(self.rules.steps.get(kind), ahead, is_late)
            if not is_late:
                fresh[device].append(row)
        for device, rows in fresh.items():
            rows.sort(key=lambda row: (row.key[1], row.received_at))  # stable: else as they came
            before = {machine: since.state for machine, since in self.states[device].items()}
            for row, (_, mark) in zip(rows, judge(self.rules, before, (row.key[2] for row in rows)), strict=True):
                if mark is not None:
                    self.verdicts[row.key].marks |= {mark}

    def finish(self, cursor: Cursor[Any], new: Sequence[tuple[EventRow, int]]) -> None:
        """Judge what was not newer, what it stands before, and clocks; keep states. `new`: rows stored, with ids."""
        if not new:
            return
        self._mark_behind(cursor, new)
        changes = self._around(cursor, [(row, id_) for row, id_ in new if self.verdicts[row.key].is_late])
        rows = {id_: row for row, id_ in new}
        for id_ in self._behind(cursor, new):
            row = rows[id_]
            place = (row.key[0], row.key[1], id_)
            changes[place] = changes.get(place, self.verdicts[row.key].marks) | {CLOCK_JUMP}
        if changes:
            cursor.execute(
                SET_MARKS,
                (*_ints(changes, "488"), [",".join(in_order(found)) for found in changes.values()]),
            )
        self._keep_states(cursor, new)
        self._keep_frontiers(cursor, new)

    def _around(
        self, cursor: Cursor[Any], late: Sequence[tuple[EventRow, int]]
    ) -> dict[tuple[int, int, int], frozenset[str]]:
        """The marks of late events and of those behind them, where they are not what is stored: (device, ts, id)."""
        judged = [(row, id_, step) for row, id_ in late if (step := self.verdicts[row.key].step) is not None]
        if not judged:
            return {}
        places = _ints(((row.key[0], row.key[1], row.received_at, id_) for row, id_, _ in judged), "4888")
        changes = {}
        for device, ts, id_, kind, stored, before in cursor.execute(
            AROUND, (*places, [step.machine for _, _, step in judged])
        ).fetchall():
            step = self.rules.steps.get(kind)
            mark = None if step is None else mark_of(step.transition, before)
            marks = frozenset({mark} if mark else ()) | (frozenset(stored) & {CLOCK_JUMP})
            if marks != frozenset(stored):
                changes[device, ts, id_] = marks
        return changes

    def _mark_behind(self, cursor: Cursor[Any], new: Sequence[tuple[EventRow, int]]) -> None:
        """Mark what is stored and far behind an event that was received before it, but is stored only now."""
        received_before = [
            (row.key[0], row.key[1], row.received_at)
            for row, _ in new
            if row.received_at < self._frontiers.get(row.key[0], (_NEVER, _NEVER))[1]
        ]
        if received_before:
            cursor.execute(MARK_BEHIND, (*_ints(received_before, "488"), self.rules.behind_us))

    def _behind(self, cursor: Cursor[Any], new: Sequence[tuple[EventRow, int]]) -> list[int]:
        """The ids of new ones whose clock was far behind."""
        newest = {device: ts for device, (ts, _) in self._frontiers.items()}
        for row, _ in new:
            newest[row.key[0]] = max(row.key[1], newest.get(row.key[0], _NEVER))
        behind = self.rules.behind_us
        doubtful = [
            (row.key[0], row.key[1], row.received_at, id_)
            for row, id_ in new
            if newest[row.key[0]] - row.key[1] > behind and CLOCK_JUMP not in self.verdicts[row.key].marks
        ]
        if not doubtful:
            return []
        return [id_ for (id_,) in cursor.execute(BEHIND, (*_ints(doubtful, "4888"), behind))]

    def _keep_states(self, cursor: Cursor[Any], new: Sequence[tuple[EventRow, int]]) -> None:
        moved: dict[tuple[int, str], Since] = {}
        for row, id_ in new:
            step = self.verdicts[row.key].step
            if step is None:
                continue
            device, ts, _, _ = row.key
            since = Since(step.transition.to, ts, row.received_at, id_)
            known = self.states[device].get(step.machine)
            if known is None or since.place > known.place:
                self.states[device][step.machine] = moved[device, step.machine] = since
                self.changed.add(device)
        if moved:
            names = [machine for _, machine in moved], [since.state for since in moved.values()]
            devices, *places = _ints(((d, *since.place) for (d, _), since in moved.items()), "4888")
            cursor.execute(KEEP_STATES, (devices, *names, *places))

    def _keep_frontiers(self, cursor: Cursor[Any], new: Sequence[tuple[EventRow, int]]) -> None:
        reached: dict[int, tuple[int, int]] = {}
        for row, _ in new:
            device, ts, _, _ = row.key
            most, last = reached.get(device, (_NEVER, _NEVER))
            reached[device] = max(most, ts), max(last, row.received_at)
        rows = sorted((device, *each) for device, each in reached.items())
        cursor.execute(KEEP_FRONTIERS, (self.rules.digest, *_ints(rows, "488")))


def read_frontiers(connection: Connection, devices: list[int]) -> dict[int, int]:
    """The moment of the newest event of each of these devices that has any, in microseconds since 1970."""
    return {device: ts for device, ts, _ in connection.execute(FRONTIERS, (devices,))}


def read_states_of(connection: Connection, devices: list[int]) -> dict[int, dict[str, Since]]:
    """The states of these devices by machine; of those that have none it is empty."""
    return _states(connection.execute(STATES, (devices,)))


def _states(rows: Iterable[Any]) -> dict[int, dict[str, Since]]:
    states: dict[int, dict[str, Since]] = defaultdict(dict)
    for device, machine, *since in rows:
        states[device][machine] = Since(*since)
    return states


def in_order(marks: Iterable[str]) -> list[str]:
    """Marks as an event carries them."""
    found = set(marks)
    return [mark for mark in MARKS if mark in found]


def _ints(rows: Iterable[tuple[int, ...]], widths: str) -> list[Int4s | Int8s]:
    """The columns of rows of integers as arrays of these widths, in bytes."""
    columns = np.array(list(rows), dtype=np.int64).reshape(-1, len(widths)).T
    return [Int4s(c) if width == "4" else Int8s(c) for c, width in zip(columns, widths, strict=True)]
