"""Plain PostgreSQL: a partition a UTC day, made ahead of time and on demand; rollups kept by recomputing what changed.

A rollup NAME is a view: kept statistics (NAME_kept) of all buckets that are clean, and those of dirty buckets made
from the source at the moment of asking. So it is never behind, and what is asked for most is already made. Which
buckets are dirty stands in `dirty_bucket`, where each write leaves its marks in its own transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from psycopg import Connection as PsycopgConnection
from psycopg import sql
from sqlalchemy import Connection, text

from db.engine import ordering
from db.engine.base import ORIGIN, Rollup, runs

_BUCKETS_AT_ONCE = 240
_ORIGIN = f"timestamptz '{ORIGIN:%Y-%m-%d} 00:00:00+00'"


class PlainEngine:
    """Partitions by day, named position_20260131."""

    name = "postgresql"

    def create(self, connection: Connection, table: str, columns: str) -> None:
        """Make `table`, partitioned by range of `ts`, without any partition yet."""
        connection.execute(text(f"CREATE TABLE {table} ({columns}) PARTITION BY RANGE (ts)"))

    def create_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Make NAME_kept and the view NAME."""
        keys = ", ".join(rollup.keys)
        typed = ", ".join(
            ["bucket timestamptz NOT NULL"]
            + [f"{key} integer NOT NULL" for key in rollup.keys]
            + [f"{name} {kind}" for name, kind, _ in rollup.statistics]
        )
        connection.execute(
            text(f"CREATE TABLE {rollup.name}_kept ({typed}, PRIMARY KEY ({keys}, bucket)) PARTITION BY RANGE (bucket)")
        )
        self.renew_rollup(connection, rollup)

    def renew_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Make the view NAME, or make it anew, and the index of buckets: small, as they are written in their order.

        LATERAL, so that the source is looked into for a marked bucket alone. As a plain join the server would put
        the whole source on one side of it, even where nothing is marked.
        """
        connection.execute(
            text(
                f"CREATE INDEX IF NOT EXISTS {rollup.name}_kept_bucket ON {rollup.name}_kept"
                " USING brin (bucket) WITH (pages_per_range = 32)"
            )
        )
        columns = ", ".join(rollup.columns)
        made = ", ".join(("d.bucket", *(f"made.{column}" for column in rollup.columns[1:])))
        keys = ", ".join(rollup.keys)
        connection.execute(
            text(
                f"""
                CREATE OR REPLACE VIEW {rollup.name} AS
                SELECT {columns} FROM {rollup.name}_kept k
                WHERE NOT EXISTS (SELECT FROM dirty_bucket d WHERE d.rollup = '{rollup.name}' AND d.bucket = k.bucket)
                UNION ALL
                SELECT {made}
                FROM (SELECT DISTINCT bucket FROM dirty_bucket WHERE rollup = '{rollup.name}') d
                CROSS JOIN LATERAL (
                    SELECT {keys}, {rollup.made_from} FROM {rollup.source} s
                    WHERE s.{rollup.moment} >= d.bucket
                        AND s.{rollup.moment} < d.bucket + interval '{_seconds(rollup)} seconds'
                    GROUP BY {keys}
                ) made
                """  # noqa: S608 - names and expressions are our own
            )
        )

    def widen_rollups(self, connection: Connection, rollups: Sequence[Rollup]) -> None:
        """Add columns to NAME_kept, and to the view."""
        for rollup in rollups:
            added = ", ".join(f"ADD COLUMN IF NOT EXISTS {name} {kind}" for name, kind, _ in rollup.statistics)
            connection.execute(text(f"ALTER TABLE {rollup.name}_kept {added}"))
            self.renew_rollup(connection, rollup)

    def drop_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Drop both."""
        connection.execute(text(f"DROP VIEW {rollup.name}"))
        connection.execute(text(f"DROP TABLE {rollup.name}_kept"))

    def set_chunk_interval(self, connection: PsycopgConnection, tables: Sequence[str], hours: int) -> None:
        """Nothing: partitions are of a day."""

    def make_room(self, connection: PsycopgConnection, table: str, days: Iterable[date]) -> None:
        """Make the partitions of these days where they are missing. Safe beside another process that does the same."""
        for day in days:
            name = _partition(table, day)
            statement = sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                sql.Identifier(name),
                sql.Identifier(table),
                sql.Literal(f"{day:%Y-%m-%d} 00:00:00+00"),
                sql.Literal(f"{day + timedelta(days=1):%Y-%m-%d} 00:00:00+00"),
            )
            # IF NOT EXISTS alone still races between two sessions; the lock makes the second one wait and then see it.
            with connection.transaction():
                connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))
                connection.execute(statement)

    def roll_up(self, connection: PsycopgConnection, rollups: Sequence[Rollup], until: datetime) -> int:
        """Recompute dirty buckets that end before `until`, some at a time, each time in one transaction."""
        done = 0
        for rollup in rollups:
            while buckets := self._recompute(connection, rollup, until - rollup.width):
                done += buckets
        return done

    def _recompute(self, connection: PsycopgConnection, rollup: Rollup, until: datetime) -> int:
        table = f"{rollup.name}_kept"
        with connection.transaction():
            found = connection.execute(
                """
                WITH taken AS (
                    DELETE FROM dirty_bucket WHERE rollup = %s AND bucket IN (
                        SELECT DISTINCT bucket FROM dirty_bucket WHERE rollup = %s AND bucket <= %s
                        ORDER BY bucket LIMIT %s
                    ) RETURNING bucket
                ) SELECT DISTINCT bucket FROM taken
                """,
                (rollup.name, rollup.name, until, _BUCKETS_AT_ONCE),
            ).fetchall()
            buckets = [bucket for (bucket,) in found]
            if not buckets:
                return 0
            ordering.lock(connection, table)
            self.make_room(connection, table, sorted({bucket.astimezone(UTC).date() for bucket in buckets}))
            connection.execute(
                sql.SQL("DELETE FROM {} WHERE bucket = ANY(%s)").format(sql.Identifier(table)), (buckets,)
            )
            keys, together = ", ".join(rollup.keys), int(ordering.together(rollup).total_seconds())
            # Neighbours are one range of the source, read once; joined with each bucket it took several times as long.
            for start, end in runs(sorted(buckets), rollup.width):
                connection.execute(
                    f"""
                    INSERT INTO {table} ({", ".join(rollup.columns)})
                    SELECT * FROM (
                        SELECT date_bin('{_seconds(rollup)} seconds', {rollup.moment}, {_ORIGIN}) AS start,
                            {keys}, {rollup.made_from}
                        FROM {rollup.source} WHERE {rollup.moment} >= %s AND {rollup.moment} < %s
                        GROUP BY start, {keys}
                    ) made ORDER BY date_bin('{together} seconds', start, {_ORIGIN}), {keys}, start
                    """.encode(),  # noqa: S608 - names and expressions are our own
                    (start, end),
                )
        return len(buckets)

    def order(self, connection: PsycopgConnection, rollups: Sequence[Rollup], until: datetime) -> int:
        """Put the rows of the last hour of minutes, and of the last day of hours, in order by device."""
        return sum(ordering.order(connection, rollup, f"{rollup.name}_kept", until) for rollup in rollups)

    def compress(self, connection: PsycopgConnection, tables: Sequence[str], until: datetime) -> int:  # noqa: ARG002
        """Nothing: PostgreSQL keeps rows as they are."""
        return 0

    def expire(self, connection: PsycopgConnection, table: str, until: datetime) -> int:
        """Drop the partitions of days that ended before `until`."""
        kept = f"{table}_kept" if table.endswith(("_1m", "_1h")) else table
        names = connection.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE inhparent = %s::regclass",
            (kept,),
        ).fetchall()
        last = _partition(kept, until.astimezone(UTC).date())
        old = sorted(name for (name,) in names if name < last)
        for name in old:
            connection.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
        return len(old)


def _partition(table: str, day: date) -> str:
    return f"{table}_{day:%Y%m%d}"


def _seconds(rollup: Rollup) -> int:
    return int(rollup.width.total_seconds())
