"""The one transaction in which a batch is stored: rows, live state, ledger and checkpoint, all or nothing.

Rows newer than anything known of their device go by binary COPY, the fastest way into a unique index that was
measured; late and repeated ones by unnest and ON CONFLICT, where they merge: a later value that is not null wins.
What is "newer" is told by a dictionary of last timestamps, which assumes one writer a device and moves forward only
after commit. Where it is wrong all the same (another process wrote), COPY fails on the index and the whole batch
takes the second way.

Moments travel as 64-bit integers, microseconds since 2000-01-01 UTC: that is the binary form of timestamptz
(PostgreSQL's `timestamp.h`), so no datetime is ever built on this path.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from types import MappingProxyType
from typing import Final

import psycopg
from psycopg import Connection, sql
from psycopg.types.json import Jsonb

from core.errors import BatchRefused, StoreUnavailable
from db.batch import POSTGRES_EPOCH, Batch
from db.engine.base import StorageEngine

_DAY_ZERO: Final = date(2000, 1, 1)
_AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError)
"""What psycopg raises where the database went away, is full or shutting down: the same batch may pass later."""


@dataclass(frozen=True)
class _Table:
    """How rows of one table are written. `key` are the places of its unique columns, `rest` those of the others."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    key: tuple[int, ...]
    rest: tuple[int, ...]

    def copy(self) -> sql.Composed:
        """COPY of rows in binary."""
        return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(self.name), self._names())

    def merge(self) -> sql.Composed:
        """Insert rows given as arrays, merging with those there; the keys of rows that changed come back."""
        table = sql.Identifier(self.name)
        names = [sql.Identifier(column) for column in self.columns]
        differs = [names[i] for i in self.rest if self.columns[i] != "received_at"]
        return sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {values} FROM unnest({arrays}) AS a({columns})"
            " ON CONFLICT ({key}) DO UPDATE SET {sets} WHERE {differs} RETURNING {back}"
        ).format(
            table=table,
            columns=self._names(),
            values=sql.SQL(", ").join(_as_moment(name) if _is_moment(name) else name for name in names),
            arrays=sql.SQL(", ").join(sql.SQL("{}::{}[]").format(sql.Placeholder(), sql.SQL(t)) for t in self.types),
            key=sql.SQL(", ").join(names[i] for i in self.key),
            sets=sql.SQL(", ").join(
                sql.SQL("{c} = coalesce(excluded.{c}, {t}.{c})").format(c=names[i], t=table) for i in self.rest
            ),
            differs=sql.SQL(" OR ").join(
                sql.SQL("coalesce(excluded.{c}, {t}.{c}) IS DISTINCT FROM {t}.{c}").format(c=c, t=table)
                for c in differs
            ),
            back=sql.SQL(", ").join(
                _as_micros(table, names[i]) if _is_moment(names[i]) else sql.SQL("{}.{}").format(table, names[i])
                for i in self.key
            ),
        )

    def _names(self) -> sql.Composed:
        return sql.SQL(", ").join(sql.Identifier(column) for column in self.columns)


def _is_moment(name: sql.Identifier) -> bool:
    return name in (sql.Identifier("ts"), sql.Identifier("received_at"))


def _as_moment(micros: sql.Identifier) -> sql.Composed:
    """timestamptz of a column of microseconds; whole seconds apart, because a float cannot hold both exactly."""
    return sql.SQL(
        "timestamptz '2000-01-01 00:00:00+00' + make_interval(secs => {m} / 1000000)"
        " + {m} %% 1000000 * interval '1 microsecond'"
    ).format(m=micros)


def _as_micros(table: sql.Identifier, moment: sql.Identifier) -> sql.Composed:
    return sql.SQL("(extract(epoch FROM {}.{}) * 1000000)::int8 - {}").format(
        table, moment, sql.Literal(POSTGRES_EPOCH)
    )


_POSITION: Final = _Table(
    "position",
    ("ts", "received_at", "lat", "lon", "device_id", "altitude", "speed", "heading"),
    ("int8", "int8", "float8", "float8", "int4", "float4", "float4", "float4"),
    key=(4, 0),
    rest=(1, 2, 3, 5, 6, 7),
)
_MEASUREMENT: Final = _Table(
    "measurement",
    ("ts", "value", "device_id", "metric_id"),
    ("int8", "float8", "int4", "int4"),
    key=(2, 3, 0),
    rest=(1,),
)

_LATEST = """
INSERT INTO latest AS l (device_id, ts, received_at, lat, lon, altitude, speed, heading, measurements)
SELECT d, 'epoch'::timestamptz + make_interval(secs => t / 1000000) + t %% 1000000 * interval '1 microsecond',
    'epoch'::timestamptz + make_interval(secs => r / 1000000) + r %% 1000000 * interval '1 microsecond',
    la, lo, al, sp, he, coalesce(m, '{}')
FROM unnest(%s::int4[], %s::int8[], %s::int8[], %s::float8[], %s::float8[], %s::float4[], %s::float4[], %s::float4[],
    %s::jsonb[]) AS a(d, t, r, la, lo, al, sp, he, m)
ON CONFLICT (device_id) DO UPDATE SET ts = excluded.ts, received_at = excluded.received_at, lat = excluded.lat,
    lon = excluded.lon, altitude = excluded.altitude, speed = excluded.speed, heading = excluded.heading,
    measurements = l.measurements || excluded.measurements
WHERE excluded.ts >= l.ts
"""
_CHECKPOINT = """
INSERT INTO checkpoint (stream, position) VALUES (%s, %s)
ON CONFLICT (stream) DO UPDATE SET position = excluded.position, updated_at = now()
"""
_LEDGER = """
INSERT INTO ledger AS l (source, received, stored, duplicate, quarantined) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (source) DO UPDATE SET received = l.received + excluded.received, stored = l.stored + excluded.stored,
    duplicate = l.duplicate + excluded.duplicate, quarantined = l.quarantined + excluded.quarantined, updated_at = now()
"""


@dataclass
class LatestRow:
    """The newest state of one device, for `latest`. Moments in microseconds since 1970."""

    device_id: int
    ts: int
    received_at: int
    lat: float | None
    lon: float | None
    altitude: float | None
    speed: float | None
    heading: float | None
    measurements: dict[str, list[float]] | None
    """metric name to [value, ts in microseconds]; only those that changed."""


class Writer:
    """Stores batches. Used by one thread; opens its connection when needed and again after it broke."""

    def __init__(self, conninfo: str, engine: StorageEngine) -> None:
        self._conninfo = conninfo
        self._engine = engine
        self._connection: Connection | None = None
        self._days: dict[str, set[int]] = {_POSITION.name: set(), _MEASUREMENT.name: set()}

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
        return self._connection

    def guarded(self, call: Callable[[], None]) -> None:
        """Run statements on the connection; a database that went away meanwhile is StoreUnavailable."""
        try:
            call()
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
        latest: Sequence[LatestRow] = (),
        checkpoints: Mapping[str, int] = MappingProxyType({}),
        *,
        rehearse: bool = False,
    ) -> None:
        """Store `batch` with the live states, its tallies and `checkpoints` in one transaction.

        `rehearse` undoes it all at the end: it tells whether the batch could be stored. Raises StoreUnavailable
        where the database went away (try again later) and BatchRefused where it will not take some row. Nothing
        was stored then.
        """
        connection = self.connection()
        try:
            try:
                self._store(connection, batch, latest, checkpoints, rehearse)
            except psycopg.errors.UniqueViolation:
                batch.take_all_for_late()
                self._store(connection, batch, latest, checkpoints, rehearse)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            raise BatchRefused(str(error).strip()) from error
        except _AWAY as error:
            self.close()
            raise StoreUnavailable(str(error).strip()) from error
        if not rehearse:
            batch.committed()

    def _store(
        self,
        connection: Connection,
        batch: Batch,
        latest: Sequence[LatestRow],
        checkpoints: Mapping[str, int],
        rehearse: bool,
    ) -> None:
        room = {
            table: fresh
            for table, rows in ((_POSITION.name, batch.positions), (_MEASUREMENT.name, batch.measurements))
            if (fresh := rows.days() - self._days[table])
        }
        with connection.transaction(force_rollback=rehearse), connection.cursor() as cursor:
            for table, days in room.items():
                self._engine.make_room(connection, table, [_DAY_ZERO + timedelta(days=day) for day in sorted(days)])
            for table_, rows in ((_POSITION, batch.positions), (_MEASUREMENT, batch.measurements)):
                if rows.newer:
                    with cursor.copy(table_.copy()) as copy:
                        copy.set_types(table_.types)
                        write_row = copy.write_row
                        for row in rows.newer:
                            write_row(row)
                rows.changed = set()
                if rows.late:
                    columns = [list(column) for column in zip(*rows.late.values(), strict=True)]
                    rows.changed = set(cursor.execute(table_.merge(), columns, binary=True).fetchall())
            if latest:
                cursor.execute(_LATEST, _columns_of(latest))
            for source, tally in batch.tallies().items():
                cursor.execute(_LEDGER, (source, tally.received, tally.stored, tally.duplicate, tally.quarantined))
            for stream, place in checkpoints.items():
                cursor.execute(_CHECKPOINT, (stream, place))
        if not rehearse:
            for table, days in room.items():
                self._days[table] |= days


def _columns_of(latest: Sequence[LatestRow]) -> list[list[object]]:
    return [
        [r.device_id for r in latest],
        [r.ts for r in latest],
        [r.received_at for r in latest],
        [r.lat for r in latest],
        [r.lon for r in latest],
        [r.altitude for r in latest],
        [r.speed for r in latest],
        [r.heading for r in latest],
        [None if r.measurements is None else Jsonb(r.measurements) for r in latest],
    ]
