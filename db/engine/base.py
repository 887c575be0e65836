"""What an engine must do."""

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection


class StorageEngine(Protocol):
    """Keeps tables of rows over time (hypertables)."""

    name: str

    def create(self, connection: Connection, table: str, columns: str) -> None:
        """Make `table` with `columns` (SQL, with a constraint for its key); rows go by their `ts`."""

    def make_room(self, connection: PsycopgConnection, table: str, days: Iterable[date]) -> None:
        """Make sure rows of these UTC days can be written. Called before a write that holds days not seen yet."""
