"""TimescaleDB: hypertables without default indexes; their unique constraint is the only one."""

from collections.abc import Iterable
from datetime import date

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection, text


class TimescaleEngine:
    """Hypertables with chunks of a day."""

    name = "timescaledb"

    def create(self, connection: Connection, table: str, columns: str) -> None:
        """Make `table` a hypertable by `ts`."""
        connection.execute(text(f"CREATE TABLE {table} ({columns})"))
        connection.execute(
            text(
                f"SELECT create_hypertable('{table}', by_range('ts', INTERVAL '1 day'),"
                " create_default_indexes => false)"
            )
        )

    def make_room(self, connection: PsycopgConnection, table: str, days: Iterable[date]) -> None:
        """Nothing to do: TimescaleDB makes chunks by itself."""
