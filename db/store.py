"""What pages and API read from: the database and the settings, in one object that the composition root makes."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import StoreUnavailable
from core.settings import Settings
from db.live import LiveReader


class Store:
    """Read access. `live` belongs to the event loop of the web server; `connect()` may be used from any thread."""

    def __init__(self, engine: Engine, live: LiveReader, settings: Settings) -> None:
        self.engine = engine
        self.live = live
        self.settings = settings

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for reading, given back at the end. Raises StoreUnavailable where the database is away."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            if error.connection_invalidated or type(error.orig).__name__ == "OperationalError":
                raise StoreUnavailable(f"The database does not answer: {error.orig}") from error
            raise
        except PoolTimeout as error:
            raise StoreUnavailable("All connections to the database are busy; try again in a moment.") from error

    def ping(self) -> None:
        """Return where the database answers. Raises StoreUnavailable."""
        with self.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()
