"""What every source is: a thread of its own that receives, and begins anew after a pause when that fails."""

import random
import threading
from abc import ABC, abstractmethod
from typing import Final, Protocol

from core.log import RateLimitedLog, get_logger
from ingest.journal import Journal
from ingest.sources.address import SourceAddress
from ingest.sources.intake import Intake
from ingest.sources.status import SourceStatus

_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 30.0


class Source(Protocol):
    """Receives from one address until told to stop."""

    name: str
    status: SourceStatus

    def start(self, journal: Journal) -> None:
        """Begin to receive, in a thread of its own. Raises StartupError where the address cannot be used."""

    def stop(self) -> None:
        """Stop receiving and wait for what was received to be in the journal."""


class Failed(Exception):
    """A source cannot go on as it is; the text says why, for people."""


def why(error: Exception) -> str:
    """What went wrong, in words that can be shown."""
    if isinstance(error, Failed):
        return str(error)
    if isinstance(error, OSError):
        return error.strerror or str(error) or type(error).__name__
    return repr(error)


class Pauses:
    """How long to wait before each further try, in seconds: from `first`, doubling, to `longest`.

    Each is shortened by chance, by up to half: what failed together must not come back together.
    """

    def __init__(self, first: float = _FIRST_PAUSE_S, longest: float = _LONGEST_PAUSE_S) -> None:
        self._first = first
        self._longest = longest
        self._next = first

    def next(self) -> float:
        """The pause before the next try."""
        pause, self._next = self._next, min(self._next * 2, self._longest)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing

    def reset(self) -> None:
        """Begin with the shortest again."""
        self._next = self._first


class ThreadedSource(ABC):
    """A source with a thread of its own. What it does there stands in `_receive`."""

    def __init__(self, address: SourceAddress) -> None:
        self.name = address.name
        self.status = SourceStatus()
        self._address = address
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pauses = Pauses()
        self._log = get_logger("sources")
        self._limited = RateLimitedLog(self._log, interval_s=60.0)

    def start(self, journal: Journal) -> None:
        """Begin to receive. Raises StartupError for an address that can never be used."""
        intake = Intake(self.name, journal, self.status, self._stopping)
        self._thread = threading.Thread(target=self._run, args=(intake,), name=f"source {self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop receiving; what was received is in the journal when this returns."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5.0)

    @abstractmethod
    def _receive(self, intake: Intake) -> None:
        """Connect or listen, and receive until `_stopping` is set. Raises where that cannot go on."""

    def _run(self, intake: Intake) -> None:
        while not self._stopping.is_set():
            before = self.status.received
            self.status.enter("connecting", self.status.problem)
            try:
                self._receive(intake)
            except Exception as error:  # noqa: BLE001 - a source that failed is started again, whatever it was
                self._failed(error)
            if self._stopping.is_set():
                return
            if self.status.received > before:
                self._pauses.reset()
            self._stopping.wait(self._pauses.next())

    def _failed(self, error: Exception) -> None:
        said = why(error)
        self.status.restarts += 1
        self.status.enter("failed", said)
        foreseen = isinstance(error, (Failed, OSError))
        self._limited.warning(
            said, "a source failed; it is tried again", source=self.name, why=said, exc_info=not foreseen
        )
