"""The pipeline's connection to the database in a thread of its own: what it asks may take long, or hang for ever.

PostgreSQL that is stopped, or a line on which nothing comes back, refuses nothing: a call just does not return. Whoever
waits here does so for a while only, and the map goes on without.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Protocol, TypeVar

from psycopg import Connection

from core.errors import StoreUnavailable
from db.write import Writer

PATIENCE_S: Final = 3.0

T = TypeVar("T")


class Asks(Protocol):
    """Asks the database something, on a connection. Raises StoreUnavailable."""

    def __call__(self, call: Callable[[Connection], T], /) -> T:
        """What `call` answers."""


class Hanging(StoreUnavailable):
    """What was begun is not over yet, and nobody can say whether it ever will be."""


class DatabaseThread:
    """Used by one thread. Calls run in another, one after the other, in the order in which they were begun."""

    def __init__(self, writer: Writer, patience_s: float = PATIENCE_S) -> None:
        self._writer = writer
        self._patience_s = patience_s
        self._thread = ThreadPoolExecutor(1, "database")
        self._waited_for: Future[object] | None = None

    @property
    def is_hanging(self) -> bool:
        """Whether something was waited for in vain, and is still not over."""
        return self._waited_for is not None and not self._waited_for.done()

    def ask(self, call: Callable[[Connection], T], /) -> T:
        """What `call` answers on the connection. Raises StoreUnavailable; where it hangs, `call` may still be done."""
        return self.wait(self.begin(lambda writer: writer.asked(call)))

    def run(self, call: Callable[[Writer], T]) -> T:
        """What `call` gives, however long it takes. Raises what it raises."""
        return self._thread.submit(call, self._writer).result()

    def begin(self, call: Callable[[Writer], T]) -> "Future[T]":
        """Begin `call` after all that was begun before. Raises Hanging where that is not over, and was waited for."""
        if self.is_hanging:
            raise self._hanging()
        return self._thread.submit(call, self._writer)

    def wait(self, begun: "Future[T]") -> T:
        """What became of it. Raises what it raised, or Hanging where it is not over in time: it can be waited for
        again then."""
        if self.is_hanging:
            raise self._hanging()
        try:
            return begun.result(self._patience_s)
        except TimeoutError:
            if begun.done():  # its own TimeoutError, or it was over just now
                return begun.result()
            self._waited_for = begun  # type: ignore[assignment]  # only whether it is done is looked at
            raise self._hanging() from None

    def close(self) -> None:
        """End the thread, after what was begun."""
        self._thread.shutdown()

    def _hanging(self) -> Hanging:
        return Hanging(f"the database has taken a call and not answered for {self._patience_s:g} s")
