"""Events and crossings into the database, within the one transaction of a batch."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from psycopg import Cursor

from core.types import from_micros
from db import statements
from db.arrays import Int4s, Int8s
from db.batch import Batch
from db.counting import Passed
from db.happenings import CrossingKey
from db.judging import Judging, in_order


def store_events(cursor: Cursor[Any], batch: Batch) -> None:
    """Judge the events and store those that are not there yet.

    `batch.new_events` says which these were, `batch.states` what became of their devices.
    """
    batch.new_events, batch.states = [], {}
    rows = list(batch.events.rows.values())
    if not rows:
        return
    judging = Judging(batch.rules, rows)
    judging.begin(cursor)
    devices, moments, types, digests = zip(*(row.key for row in rows), strict=True)
    verdicts = [judging.verdicts[row.key] for row in rows]
    found = cursor.execute(
        statements.ADD_EVENTS,
        (
            Int8s(np.array(moments, dtype=np.int64)),
            Int8s(np.array([row.received_at for row in rows], dtype=np.int64)),
            Int4s(np.array(devices, dtype=np.int32)),
            list(types),
            Int8s(np.array(digests, dtype=np.int64)),
            [row.data for row in rows],
            [verdict.step and verdict.step.machine for verdict in verdicts],
            [verdict.step and verdict.step.transition.to for verdict in verdicts],
            [",".join(in_order(verdict.marks)) for verdict in verdicts],
        ),
    ).fetchall()
    batch.new_events = [(device, ts, kind, digest) for device, ts, kind, digest, _ in found]
    judging.finish(cursor, [(batch.events.rows[device, ts, kind, g], id_) for device, ts, kind, g, id_ in found])
    batch.states = {
        device: {machine: (since.state, since.ts) for machine, since in judging.states[device].items()}
        for device in judging.changed
    }


def store_crossings(cursor: Cursor[Any], batch: Batch) -> None:
    """Store the crossings that are new or have another count now; `batch.changed_crossings` says which.

    Most are new. What is there already is looked at before it is corrected: `batch.passed` says by how much that moves
    the count of a space.
    """
    rows = batch.crossings.rows
    batch.changed_crossings, batch.passed = [], []
    if not rows:
        return
    added = cursor.execute(statements.ADD_CROSSINGS, _crossings(rows)).fetchall()
    batch.changed_crossings = added
    batch.passed = [Passed(ts, device, way * rows[device, ts, way][0]) for device, ts, way in added]
    if len(added) == len(rows):
        return
    there = {key: rows[key] for key in rows.keys() - set(added)}
    moments, _, devices, ways, _ = _crossings(there)
    first, last = (from_micros(edge(key[1] for key in there)) for edge in (min, max))
    known = cursor.execute(statements.KNOWN_CROSSINGS, (moments, devices, ways, first, last)).fetchall()
    corrected = {}
    for device, ts, way, was in known:
        row = there[device, ts, way]
        if row[0] not in {0, was}:
            corrected[device, ts, way] = row
            batch.passed.append(Passed(ts, device, way * (row[0] - was)))
    if corrected:
        cursor.execute(statements.CORRECT_CROSSINGS, _crossings(corrected))
        batch.changed_crossings += list(corrected)


def _crossings(rows: Mapping[CrossingKey, tuple[int, int]]) -> tuple[Int8s, Int8s, Int4s, Int4s, Int4s]:
    """Moments, moments of receipt, devices, directions and counts."""
    keys = np.array(list(rows), dtype=np.int64).reshape(-1, 3)
    counts = np.array(list(rows.values()), dtype=np.int64)
    return Int8s(keys[:, 1]), Int8s(counts[:, 1]), Int4s(keys[:, 0]), Int4s(keys[:, 2]), Int4s(counts[:, 0])
