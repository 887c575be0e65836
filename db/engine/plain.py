"""Plain PostgreSQL: a partition a UTC day, made ahead of time and on demand."""

from collections.abc import Iterable
from datetime import date, timedelta

from psycopg import Connection as PsycopgConnection
from psycopg import sql
from sqlalchemy import Connection, text


class PlainEngine:
    """Partitions by day, named position_20260131."""

    name = "postgresql"

    def create(self, connection: Connection, table: str, columns: str) -> None:
        """Make `table`, partitioned by range of `ts`, without any partition yet."""
        connection.execute(text(f"CREATE TABLE {table} ({columns}) PARTITION BY RANGE (ts)"))

    def make_room(self, connection: PsycopgConnection, table: str, days: Iterable[date]) -> None:
        """Make the partitions of these days where they are missing. Safe beside another process that does the same."""
        for day in days:
            name = f"{table}_{day:%Y%m%d}"
            statement = sql.SQL("CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                sql.Identifier(name),
                sql.Identifier(table),
                sql.Literal(f"{day:%Y-%m-%d} 00:00:00+00"),
                sql.Literal(f"{day + timedelta(days=1):%Y-%m-%d} 00:00:00+00"),
            )
            # IF NOT EXISTS alone still races between two sessions; the lock makes the second one wait and then see it.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (name,))
            connection.execute(statement)
