"""The one transaction in which a batch is stored: rows, live state, ledger and checkpoint, all or nothing.

Rows newer than anything known of their device go by binary COPY, the fastest way into a unique index that was
measured; late and repeated ones by unnest and ON CONFLICT, where they merge: a later value that is not null wins.
What is "newer" is told by the last timestamp of each device, which assumes one writer a device. Where it is wrong all
the same (another process wrote), COPY fails on the index and the whole batch takes the second way.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg import Connection, Cursor
from psycopg.types.json import Jsonb

from core.errors import BatchRefused, StoreUnavailable, Superseded
from db import arrays, movement, quarantine, statements
from db.arrays import Float4s, Float8s, Int4s, Int8s, copy_binary
from db.batch import Batch
from db.counting import count_crossings
from db.engine.base import StorageEngine
from db.frontier import MeasurementKey
from db.records import RECORD, Records
from db.rollups import ROLLUPS
from db.timeline import store_crossings, store_events

POSTGRES_EPOCH: Final = 946_684_800_000_000
"""2000-01-01 UTC in microseconds since 1970: the binary form of timestamptz counts from here (`timestamp.h`)."""
_MICROS_A_DAY: Final = 86_400_000_000
_DAY_ZERO: Final = date(1970, 1, 1)
_AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError)
"""What psycopg raises where the database went away, is full or shutting down: the same batch may pass later."""

T = TypeVar("T")

Moments = npt.NDArray[np.int64]


@dataclass
class Latest:
    """Live states to keep: RECORDs of devices that changed, and by id {metric: [value, its timestamp]}.

    `beside_another`: another process keeps them too, so a value may be newer there already, and stays then.
    """

    records: Records = field(default_factory=lambda: np.empty(0, dtype=RECORD))
    values: dict[int, dict[str, tuple[float, int]]] = field(default_factory=dict)
    beside_another: bool = False


class Advance(NamedTuple):
    """A stream's checkpoint moves from sequence number `before` to `after`."""

    stream: str
    before: int
    after: int


class Writer:
    """Stores batches. Used by one thread; opens its connection when needed and again after it broke."""

    def __init__(self, conninfo: str, engine: StorageEngine) -> None:
        self._conninfo = conninfo
        self._engine = engine
        self._connection: Connection | None = None
        self._marked: set[tuple[str, int]] = set()
        self._days: dict[str, set[int]] = {table: set() for table in _MOMENTS}

    def connection(self) -> Connection:
        """The open connection, in autocommit: statements that belong together stand in `transaction()`.

        Raises StoreUnavailable where the database cannot be reached.
        """
        if self._connection is None or self._connection.closed:
            try:
                self._connection = psycopg.connect(
                    self._conninfo, autocommit=True, connect_timeout=5, options="-c timezone=UTC", prepare_threshold=1
                )
            except psycopg.OperationalError as error:
                raise StoreUnavailable(str(error).strip()) from error
            arrays.register(self._connection.adapters)
        return self._connection

    def asked(self, call: Callable[[Connection], T]) -> T:
        """What `call` answers on the connection; a database that went away meanwhile is StoreUnavailable."""
        connection = self.connection()
        try:
            return call(connection)
        except _AWAY as error:
            self.close()
            raise StoreUnavailable(str(error).strip()) from error

    def close(self) -> None:
        """Close the connection; the next use opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def store(
        self,
        batch: Batch,
        latest: Latest | None = None,
        advances: Sequence[Advance] = (),
        *,
        rehearse: bool = False,
    ) -> None:
        """Store a sorted `batch` with the live states, its tallies and the checkpoints in one transaction.

        `rehearse` undoes it all at the end: it tells whether the batch could be stored. Raises StoreUnavailable
        where the database went away (try again later), BatchRefused where it will not take some row, and
        Superseded where a checkpoint is not where it is said to be. Nothing was stored then.
        """
        connection, latest = self.connection(), latest or Latest()
        try:
            try:
                self._store(connection, batch, latest, advances, rehearse)
            except (psycopg.errors.UniqueViolation, psycopg.errors.CheckViolation):
                # Another process has written some of it, or has dropped the partition of a day that was there.
                batch.take_all_for_late()
                for days in self._days.values():
                    days.clear()
                self._store(connection, batch, latest, advances, rehearse)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise BatchRefused(str(error).strip()) from error
        except _AWAY as error:
            self.close()
            raise StoreUnavailable(str(error).strip()) from error
        if not rehearse:
            batch.move_frontier()

    def _store(
        self, connection: Connection, batch: Batch, latest: Latest, advances: Sequence[Advance], rehearse: bool
    ) -> None:
        self._make_room(connection, batch)
        with connection.transaction(force_rollback=rehearse), connection.cursor(binary=True) as cursor:
            _store_positions(cursor, batch)
            _store_measurements(cursor, batch)
            store_events(cursor, batch)
            store_crossings(cursor, batch)
            _keep_latest(cursor, latest)
            batch.counts = count_crossings(cursor, batch.passed)
            marks = self._marks_to_make(batch)
            if marks:
                cursor.execute(statements.MARK_DIRTY, ([mark[0] for mark in marks], [mark[1] for mark in marks]))
            quarantine.keep(cursor, batch.quarantined)
            if batch.taken:
                quarantine.take(cursor, [row.id for row in batch.taken if row.id is not None])
            stored = batch.is_stored()
            tallies = batch.tallies(stored)
            if any(tally.duplicate for tally in tallies.values()):
                device, hour, count = batch.duplicates(stored)
                cursor.execute(statements.NOTE_DUPLICATES, (Int4s(device), Int8s(hour), Int8s(count)))
            for source, tally in tallies.items():
                row = (source, tally.received, tally.stored, tally.duplicate, tally.quarantined, batch.gaps[source])
                cursor.execute(statements.LEDGER, row)
            for stream, before, after in advances:
                if not cursor.execute(statements.CHECKPOINT, (stream, after, before)).rowcount:
                    raise Superseded(f"{stream} is not at {before} any more")
        if not rehearse:
            self._remember(marks)

    def _marks_to_make(self, batch: Batch) -> list[tuple[str, int]]:
        """(rollup, bucket's start) of every bucket that the batch touches and that is not marked already."""
        moments = {"position": _moments_of_positions(batch), "measurement": _moments_of_measurements(batch)}
        touched = [(r.name, moments[r.name.partition("_")[0]], _micros(r.width)) for r in ROLLUPS]
        # A late place is the end of one leg and the beginning of the next, which may end in another hour.
        ends = np.concatenate([moments["position"], moments["position"] + _micros(movement.GAP)])
        touched.append((movement.NAME, ends, _micros(movement.HOUR)))
        return [
            mark
            for name, at, width in touched
            for bucket in _buckets(at, width)
            if (mark := (name, bucket)) not in self._marked
        ]

    def _remember(self, marks: list[tuple[str, int]]) -> None:
        """A bucket that is not over yet keeps its mark until it is: no need to make it again with each batch."""
        now = time.time_ns() // 1000
        widths = {rollup.name: _micros(rollup.width) for rollup in ROLLUPS} | {movement.NAME: _micros(movement.HOUR)}
        self._marked = {(name, start) for name, start in (*self._marked, *marks) if start + widths[name] > now}

    def _make_room(self, connection: Connection, batch: Batch) -> None:
        """Make room for the UTC days that the batch's rows fall into, where this writer has not done so yet.

        Not in the transaction that stores them: nobody else gets at a table whose room is made, before that is
        committed, and storing waits for others who may need that table: for a space that is being set up, say.
        """
        for table, moments in _MOMENTS.items():
            days = {start // _MICROS_A_DAY for start in _buckets(moments(batch), _MICROS_A_DAY)} - self._days[table]
            if days:
                self._engine.make_room(connection, table, [_DAY_ZERO + timedelta(days=day) for day in sorted(days)])
                self._days[table] |= days


def _moments_of_positions(batch: Batch) -> Moments:
    return np.concatenate([batch.positions.newer["ts"], batch.positions.late["ts"]])


def _moments_of_measurements(batch: Batch) -> Moments:
    keys = [key[2] for rows in (batch.measurements.newer, batch.measurements.late) for key in rows]
    return np.array(keys, dtype=np.int64)


def _moments_of_events(batch: Batch) -> Moments:
    return np.array([key[1] for key in batch.events.rows], dtype=np.int64)


def _moments_of_crossings(batch: Batch) -> Moments:
    return np.array([key[1] for key in batch.crossings.rows], dtype=np.int64)


_MOMENTS: Final[dict[str, Callable[[Batch], Moments]]] = {
    "position": _moments_of_positions,
    "measurement": _moments_of_measurements,
    "event": _moments_of_events,
    "crossing": _moments_of_crossings,
}


def _buckets(moments: Moments, width: int) -> list[int]:
    """The starts of the buckets that moments fall into."""
    starts: list[int] = (np.unique(moments // width) * width).tolist()
    return starts


def _micros(width: timedelta) -> int:
    return width // timedelta(microseconds=1)


def _store_positions(cursor: Cursor[Any], batch: Batch) -> None:
    newer, late = batch.positions.newer, batch.positions.late
    if len(newer):
        newer = newer[np.lexsort((newer["ts"], newer["id"]))]
        columns = [newer["ts"] - POSTGRES_EPOCH, newer["received_at"] - POSTGRES_EPOCH, newer["lat"], newer["lon"]]
        columns += [newer["id"], newer["altitude"], newer["speed"], newer["heading"]]
        with cursor.copy(statements.COPY_POSITION) as copy:
            copy.write(copy_binary(columns, ["i8", "i8", "f8", "f8", "i4", "f4", "f4", "f4"]))
    batch.changed_positions = []
    if len(late):
        batch.changed_positions = cursor.execute(statements.MERGE_POSITION, _record_arrays(late)).fetchall()


def _store_measurements(cursor: Cursor[Any], batch: Batch) -> None:
    if batch.measurements.newer:
        ts, value, device, metric = _measurement_columns(batch.measurements.newer)
        with cursor.copy(statements.COPY_MEASUREMENT) as copy:
            copy.write(copy_binary([ts - POSTGRES_EPOCH, value, device, metric], ["i8", "f8", "i4", "i4"]))
    batch.changed_measurements = []
    if batch.measurements.late:
        ts, value, device, metric = _measurement_columns(batch.measurements.late)
        rows = (Int8s(ts), Float8s(value), Int4s(device), Int4s(metric))
        batch.changed_measurements = cursor.execute(statements.MERGE_MEASUREMENT, rows).fetchall()


def _keep_latest(cursor: Cursor[Any], latest: Latest) -> None:
    if len(latest.records):
        cursor.execute(statements.KEEP_LATEST, _record_arrays(latest.records))
    if latest.values:
        devices = Int4s(np.fromiter(latest.values, dtype=np.int32))
        keep = statements.KEEP_NEWER_VALUES if latest.beside_another else statements.KEEP_VALUES
        cursor.execute(keep, (devices, [Jsonb(values) for values in latest.values.values()]))


def _record_arrays(records: Records) -> list[object]:
    return [
        Int8s(records["ts"]),
        Int8s(records["received_at"]),
        Float8s(records["lat"]),
        Float8s(records["lon"]),
        Int4s(records["id"]),
        Float4s(records["altitude"]),
        Float4s(records["speed"]),
        Float4s(records["heading"]),
    ]


def _measurement_columns(rows: Mapping[MeasurementKey, float]) -> tuple[Any, Any, Any, Any]:
    keys = np.array(list(rows), dtype=np.int64).reshape(-1, 3)
    return keys[:, 2], np.fromiter(rows.values(), dtype=np.float64), keys[:, 0], keys[:, 1]
