"""What pages and API read from: the database and the settings, in one object that the composition root makes."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import anyio
import anyio.to_thread
import psycopg
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import StoreUnavailable
from core.log import RateLimitedLog, get_logger
from core.settings import Settings
from core.site import defaults
from db.live import LiveReader
from db.live_alerts import AlertFollower
from db.site import SiteFollower

_AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError)
"""What psycopg raises where the database went away, is full or shutting down; its subclasses are such cases too."""
_HANGS_S: Final = 3.0
"""A database that takes longer for a question of some milliseconds hangs."""

T = TypeVar("T")


@dataclass
class _Asked:
    answered: bool = False


class Store:
    """Read access. `live` belongs to the event loop of the web server; `connect()` may be used from any thread.

    `site` has the runtime settings: those of the defaults until it is started. `alerts` has those that are open.
    """

    def __init__(self, engine: Engine, live: LiveReader, settings: Settings) -> None:
        self.engine = engine
        self.live = live
        self.settings = settings
        self.site = SiteFollower(self.connect, live.url, defaults(settings))
        self.alerts = AlertFollower(self.connect, live.url)
        self._limited = RateLimitedLog(get_logger("store"))
        self._hanging: _Asked | None = None

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection for reading, given back at the end. Raises StoreUnavailable where the database is away."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            if isinstance(error.orig, psycopg.errors.QueryCanceled):
                raise StoreUnavailable("The database took too long to answer; ask for a shorter span.") from error
            if error.connection_invalidated or isinstance(error.orig, _AWAY):
                # Its own words name hosts, ports and users: they are for the log, not for whoever asked.
                self._limited.warning("away", "the database does not answer", why=str(error.orig).strip())
                raise StoreUnavailable("The database does not answer; try again in a moment.") from error
            raise
        except PoolTimeout as error:
            raise StoreUnavailable("All connections to the database are busy; try again in a moment.") from error

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """The answer to a short question, asked in a thread. Raises StoreUnavailable where there is none in time.

        For what has to be told while the database hangs: one question is left hanging then, until it is answered the
        others are told at once, so they take no threads and connections either.
        """
        if self._hanging is not None and not self._hanging.answered:
            raise StoreUnavailable("The database does not answer; it hangs.")
        asked = _Asked()

        def ask() -> T:
            try:
                with self.connect() as connection:
                    return question(connection)
            finally:
                asked.answered = True

        with anyio.move_on_after(_HANGS_S):
            return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)
        self._hanging = asked
        self._limited.warning("hangs", "the database does not answer", why=f"nothing came within {_HANGS_S:.0f} s")
        raise StoreUnavailable("The database does not answer; it hangs.")

    async def ping(self) -> None:
        """Return where the database answers. Raises StoreUnavailable."""
        await self.ask(lambda connection: connection.execute(text("SELECT 1")))

    def close(self) -> None:
        """Close the pool."""
        self.engine.dispose()
