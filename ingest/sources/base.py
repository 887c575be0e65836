"""What every source is: a thread of its own that receives and appends to the journal."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from core.errors import JournalFull
from core.log import RateLimitedLog, get_logger
from ingest.journal import Journal


@dataclass
class SourceStatus:
    """What a source has seen since it started. Written by its thread, read by any."""

    received: int = 0
    dropped: int = 0
    last_at: float | None = None
    problem: str | None = None

    def receiving(self, within_s: float = 10.0) -> bool:
        """Whether anything came within the last `within_s` seconds."""
        return self.last_at is not None and time.time() - self.last_at <= within_s


class Source(Protocol):
    """Receives from one address until told to stop."""

    name: str
    status: SourceStatus

    def start(self, journal: Journal) -> None:
        """Begin to receive, in a thread of its own. Raises StartupError where the address cannot be used."""

    def stop(self) -> None:
        """Stop receiving and wait for what was received to be in the journal."""


class Intake:
    """Appends what a source received, and counts what it could not."""

    def __init__(self, name: str, journal: Journal, status: SourceStatus) -> None:
        self._name = name
        self._journal = journal
        self._status = status
        self._limited = RateLimitedLog(get_logger("sources"))

    def take(self, payloads: Sequence[bytes]) -> None:
        """Append payloads of a sender that cannot wait; where the journal does not take them they are lost and counted.

        Never raises: the source lives on.
        """
        if not payloads:
            return
        self._status.received += len(payloads)
        self._status.last_at = time.time()
        try:
            self._journal.append(self._name, payloads)
            self._status.problem = None
        except JournalFull as error:
            self._drop(len(payloads), str(error))
        except Exception as error:  # noqa: BLE001 - a batch that cannot be kept must not end the source
            self._drop(len(payloads), repr(error))

    def _drop(self, count: int, why: str) -> None:
        self._status.dropped += count
        self._status.problem = why
        self._limited.warning("full", "messages dropped", count, source=self._name, why=why)


class SourceThread:
    """A named daemon thread with a flag to stop it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, run: "Runnable") -> None:
        """Run `run` in the thread."""
        self._thread = threading.Thread(target=run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 5.0) -> None:
        """Ask the thread to end and wait for it."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join(seconds)


class Runnable(Protocol):
    """A function without arguments."""

    def __call__(self) -> None: ...
