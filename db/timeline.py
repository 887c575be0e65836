"""Events and crossings into the database, within the one transaction of a batch."""

from typing import Any

import numpy as np
from psycopg import Cursor

from db import statements
from db.arrays import Int4s, Int8s
from db.batch import Batch


def store_events(cursor: Cursor[Any], batch: Batch) -> None:
    """Store the events that are not there yet; `batch.new_events` says which these were."""
    batch.new_events = []
    rows = batch.events.rows.values()
    if not rows:
        return
    devices, moments, types, digests = zip(*(row.key for row in rows), strict=True)
    found = cursor.execute(
        statements.ADD_EVENTS,
        (
            Int8s(np.array(moments, dtype=np.int64)),
            Int8s(np.array([row.received_at for row in rows], dtype=np.int64)),
            Int4s(np.array(devices, dtype=np.int32)),
            list(types),
            Int8s(np.array(digests, dtype=np.int64)),
            [row.data for row in rows],
        ),
    )
    batch.new_events = found.fetchall()


def store_crossings(cursor: Cursor[Any], batch: Batch) -> None:
    """Store the crossings that are new or have another count now; `batch.changed_crossings` says which."""
    batch.changed_crossings = []
    rows = batch.crossings.rows
    if not rows:
        return
    keys = np.array(list(rows), dtype=np.int64).reshape(-1, 3)
    counts = np.array(list(rows.values()), dtype=np.int64)
    found = cursor.execute(
        statements.MERGE_CROSSINGS,
        (Int8s(keys[:, 1]), Int8s(counts[:, 1]), Int4s(keys[:, 0]), Int4s(keys[:, 2]), Int4s(counts[:, 0])),
    )
    batch.changed_crossings = found.fetchall()
