"""A connection to the database for a job of its own: whoever stores never waits for it, nor it for a pool."""

from collections.abc import Callable
from typing import TypeVar

import psycopg
from psycopg import Connection

from core.errors import StoreUnavailable

T = TypeVar("T")


class OwnConnection:
    """Made when it is first needed, anew after it broke; used by one thread. `options` are further ones of libpq."""

    def __init__(self, conninfo: str, options: str = "") -> None:
        self._conninfo = conninfo
        self._options = f"-c timezone=UTC {options}".rstrip()
        self._connection: Connection | None = None

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, in autocommit. Raises StoreUnavailable where the database does not answer."""
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(
                    self._conninfo, autocommit=True, connect_timeout=5, options=self._options
                )
            return work(self._connection)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.close()
            raise StoreUnavailable(str(error).strip()) from error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
