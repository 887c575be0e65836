"""TimescaleDB: hypertables without default indexes; rollups are continuous aggregates, the hour's upon the minute's.

Refreshing, compressing and dropping are called by our own scheduler, not by TimescaleDB's: one place says when, the
pipeline page can show it, and it works where background workers are off.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from psycopg import Connection as PsycopgConnection
from psycopg import sql
from sqlalchemy import Connection, text

from db.engine.base import Rollup, runs

_SEGMENT_BY = {"measurement": "device_id, metric_id", "occupancy": "space_id"}


class TimescaleEngine:
    """Hypertables in chunks of a day, until `set_chunk_interval` says otherwise for those to come."""

    name = "timescaledb"

    def create(self, connection: Connection, table: str, columns: str) -> None:
        """Make `table` a hypertable by `ts`, compressed by device in order of time once `compress` is called."""
        connection.execute(text(f"CREATE TABLE {table} ({columns})"))
        connection.execute(
            text(
                f"SELECT create_hypertable('{table}', by_range('ts', interval '1 day'),"
                " create_default_indexes => false)"
            )
        )
        connection.execute(
            text(
                f"ALTER TABLE {table} SET (timescaledb.compress, timescaledb.compress_orderby = 'ts DESC',"
                f" timescaledb.compress_segmentby = '{_SEGMENT_BY.get(table, 'device_id')}')"
            )
        )

    def create_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Make a continuous aggregate that adds what is not materialised yet at the moment of asking."""
        keys = ", ".join(rollup.keys)
        seconds = int(rollup.width.total_seconds())
        connection.execute(
            text(
                f"""
                CREATE MATERIALIZED VIEW {rollup.name}
                WITH (
                    timescaledb.continuous, timescaledb.materialized_only = false,
                    timescaledb.chunk_interval = '1 day'
                ) AS
                SELECT time_bucket(interval '{seconds} seconds', {rollup.moment}) AS bucket, {keys}, {rollup.made_from}
                FROM {rollup.source} GROUP BY 1, {keys} WITH NO DATA
                """  # noqa: S608 - names and expressions are our own
            )
        )

    def renew_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Nothing: a continuous aggregate is as it was made."""

    def widen_rollups(self, connection: Connection, rollups: Sequence[Rollup]) -> None:
        """Make them anew: a continuous aggregate takes no more columns. Those that have them all stay."""
        known = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('{}') AND attnum > 0"
        lacking = any(
            set(rollup.columns) - set(connection.execute(text(known.format(rollup.name))).scalars())
            for rollup in rollups
        )
        if lacking:
            for rollup in reversed(rollups):
                self.drop_rollup(connection, rollup)
            for rollup in rollups:
                self.create_rollup(connection, rollup)

    def drop_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Drop it."""
        connection.execute(text(f"DROP MATERIALIZED VIEW {rollup.name}"))

    def set_chunk_interval(self, connection: PsycopgConnection, tables: Sequence[str], hours: int) -> None:
        """Chunks made from now on are so long; those there are stay as they are."""
        for table in tables:
            connection.execute(
                "SELECT set_chunk_time_interval(%s::regclass, make_interval(hours => %s))", (table, hours)
            )

    def make_room(self, connection: PsycopgConnection, table: str, days: Iterable[date]) -> None:
        """Nothing to do: TimescaleDB makes chunks by itself."""

    def roll_up(self, connection: PsycopgConnection, rollups: Sequence[Rollup], until: datetime) -> int:
        """Refresh the dirty buckets that end before `until`, and none between them.

        A wider window would lose history: where raw rows have been dropped, a refresh empties the rollup.
        """
        done = 0
        for rollup in rollups:
            marks = connection.execute(
                "SELECT id, bucket FROM dirty_bucket WHERE rollup = %s AND bucket <= %s",
                (rollup.name, until - rollup.width),
            ).fetchall()
            if marks:
                buckets = sorted({bucket for _, bucket in marks})
                for start, end in runs(buckets, rollup.width):
                    connection.execute(
                        "CALL refresh_continuous_aggregate(%s::regclass, %s::timestamptz, %s::timestamptz)",
                        (rollup.name, start, end),
                    )
                # Only now: after a crash in between they are refreshed once more.
                connection.execute("DELETE FROM dirty_bucket WHERE id = ANY(%s)", ([mark for mark, _ in marks],))
                done += len(buckets)
        return done

    def order(self, connection: PsycopgConnection, rollups: Sequence[Rollup], until: datetime) -> int:  # noqa: ARG002
        """Nothing: chunks are small, and compressed ones are in order."""
        return 0

    def compress(self, connection: PsycopgConnection, tables: Sequence[str], until: datetime) -> int:
        """Compress the chunks that ended before `until`, those too that late rows have come into since.

        Bit 8 of a chunk's status says so (`chunk.h`: CHUNK_STATUS_COMPRESSED_PARTIAL).
        """
        done = 0
        for table in tables:
            chunks = connection.execute(
                """
                SELECT format('%%I.%%I', i.chunk_schema, i.chunk_name) FROM timescaledb_information.chunks i
                JOIN _timescaledb_catalog.chunk c ON c.schema_name = i.chunk_schema AND c.table_name = i.chunk_name
                WHERE i.hypertable_name = %s AND i.range_end <= %s AND (NOT i.is_compressed OR c.status & 8 <> 0)
                ORDER BY i.range_end
                """,
                (table, until),
            ).fetchall()
            for (chunk,) in chunks:
                connection.execute("SELECT compress_chunk(%s::regclass, if_not_compressed => true)", (chunk,))
            done += len(chunks)
        return done

    def expire(self, connection: PsycopgConnection, table: str, until: datetime) -> int:
        """Drop the chunks that ended before `until`."""
        statement = sql.SQL("SELECT count(*) FROM drop_chunks({}::regclass, %s::timestamptz)")
        row = connection.execute(statement.format(sql.Literal(table)), (until,)).fetchone()
        return row[0] if row else 0
