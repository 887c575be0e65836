"""The way from a source into the journal, and the account of it."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from core.errors import JournalFull
from core.log import RateLimitedLog, get_logger
from ingest.journal import Journal
from ingest.sources.status import SourceStatus

_SILENCE_S: Final = 10.0
_RETRY_S: Final = 0.25
"""Seconds until the journal is asked again whether it has room: what is in the way has to be stored first."""


class Intake:
    """Appends what a source received, counts what it could not, and notices silence.

    `stopping` is set when the source has to end.
    """

    def __init__(
        self, name: str, journal: Journal, status: SourceStatus, stopping: threading.Event | None = None
    ) -> None:
        self._name = name
        self._journal = journal
        self._status = status
        self._stopping = stopping or threading.Event()
        self._log = get_logger("sources")
        self._limited = RateLimitedLog(self._log)
        self._silence = RateLimitedLog(self._log, interval_s=60.0)
        self._heard = time.monotonic()
        self._silent = False

    def take(self, payloads: Sequence[bytes]) -> None:
        """Append payloads of a sender that cannot wait; where the journal does not take them they are lost and counted.

        Never raises: the source lives on.
        """
        if not payloads:
            return
        self._count(payloads)
        try:
            self._journal.append(self._name, payloads)
            self._status.enter("receiving")
        except JournalFull as error:
            self._lose(len(payloads), str(error))
        except Exception as error:  # noqa: BLE001 - a batch that cannot be kept must not end the source
            self._lose(len(payloads), repr(error))

    def give(self, payloads: Sequence[bytes], meanwhile: Callable[[], None] = lambda: None) -> bool:
        """Append payloads of a sender that can wait: returns when the journal has them, however long it is full.

        `meanwhile` is called between two tries. False where the source has to stop first, or where no journal could
        hold them: then they are not kept, and what that means is the caller's to say.
        """
        if not payloads:
            return True
        self._count(payloads)
        while True:
            try:
                self._journal.append(self._name, payloads)
            except JournalFull as error:
                self._status.enter("waiting", str(error))
                self._limited.warning("waiting", "the sender has to wait", source=self._name, why=str(error))
            except Exception as error:  # noqa: BLE001 - a batch that cannot be kept must not end the source
                self._status.enter("receiving", repr(error))
                return False
            else:
                if self._status.state == "waiting":
                    self._log.info("the journal has room again; receiving goes on", source=self._name)
                self._status.enter("receiving")
                return True
            if self._stopping.wait(_RETRY_S):
                return False
            meanwhile()

    def lost(self, count: int, why: str) -> None:
        """Count messages that were taken in but are not kept."""
        self._status.dropped += count
        self._limited.warning(f"lost: {why}", "messages dropped", count, source=self._name, why=why)

    def missed(self, count: int, why: str) -> None:
        """Count messages that reached this machine but not this program."""
        if count:
            self._status.received += count
            self.lost(count, why)

    def opened(self, how: str) -> None:
        """Say that the source is connected, or listens, and that nothing has come yet."""
        self._heard = time.monotonic()
        if self._status.problem is not None:
            self._log.info(how, source=self._name)
        self._status.enter("silent")

    def quiet(self) -> None:
        """To be called while nothing comes: says so when that has lasted."""
        if not self._silent and time.monotonic() - self._heard > _SILENCE_S:
            self._silent = True
            self._status.enter("silent", self._status.problem)
            self._silence.warning("silent", "nothing received; waiting for the sender", source=self._name)

    def _count(self, payloads: Sequence[bytes]) -> None:
        self._status.received += len(payloads)
        self._status.bytes += sum(map(len, payloads))
        self._status.last_at = time.time()
        self._heard = time.monotonic()
        if self._silent:
            self._silent = False
            self._log.info("receiving again", source=self._name)

    def _lose(self, count: int, why: str) -> None:
        self._status.enter("receiving", why)
        self.lost(count, why)
