"""The clock of a play, and how it is stopped: sleeps that end at once."""

import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol


class Clock(Protocol):
    """What a play needs to know of time."""

    @property
    def stopped(self) -> bool:
        """Whether the play is to end."""

    def monotonic(self) -> float:
        """Seconds that never go back."""

    def wall(self) -> float:
        """Seconds since 1970 UTC."""

    def sleep(self, seconds: float) -> bool:
        """Sleep; True, at once, when the play is to end."""


class RealClock:
    """The clock of this machine. `stop` may be called from a signal handler or any thread.

    A threading.Event would not do: a signal that arrives while the main thread holds the event's lock, and sets
    the event in its handler, waits for itself for ever. A byte in a socket has no lock.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._heard, self._bell = socket.socketpair()
        self._bell.setblocking(False)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time()

    def sleep(self, seconds: float) -> bool:
        """Sleep; True, at once, when `stop` was called, before or meanwhile."""
        if not self.stopped:
            select.select([self._heard], [], [], max(0.0, seconds))
        return self.stopped

    def stop(self) -> None:
        """End the sleep that is under way, and all that follow."""
        if not self.stopped:
            self.stopped = True
            with suppress(OSError):  # a signal after the end finds it closed
                self._bell.send(b"!")

    def close(self) -> None:
        """Give the sockets back."""
        self._heard.close()
        self._bell.close()


@contextmanager
def stopped_by_signals() -> Iterator[RealClock]:
    """A clock that SIGTERM and SIGINT stop; the handlers from before come back at the end. Main thread only."""
    clock = RealClock()
    before = {number: signal.signal(number, lambda *_: clock.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield clock
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        clock.close()
