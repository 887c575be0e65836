"""The collector: what senders over HTTP wait for. Requests that come together share one sync of the journal."""

import asyncio
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from core.collector import Rejected
from core.errors import JournalFull
from core.log import RateLimitedLog, get_logger
from ingest.decoders import Decoder, decoder_for
from ingest.kafka.appender import KafkaAppender
from ingest.sources.status import SourceStatus

RECEIVERS: Final = ("osmand", "owntracks", "traccar")
"""Sources with a decoder and a path of their own; the collector itself is called "http" unless a sender names it."""
HTTP: Final = "http"
_MOST_WAITING: Final = 64 * 1024 * 1024
_MOST_SOURCES: Final = 100


class Appender(Protocol):
    """The journal, or a Kafka topic."""

    def append(self, source: str, payloads: Sequence[bytes]) -> object:
        """Return once the payloads survive any crash. Raises JournalFull where they are not taken."""


def receivers(max_ahead_s: int) -> dict[str, Decoder]:
    """The decoders of the receivers that have a path of their own."""
    return {name: decoder_for({"decode": name}, max_ahead_s=max_ahead_s) for name in RECEIVERS}


def topic_collector(url: str, max_ahead_s: int) -> "AppendingCollector":
    """The collector of a process that does not ingest: it writes to a topic. Raises StartupError."""
    return AppendingCollector(KafkaAppender(url), receivers(max_ahead_s), decoder_for({}, max_ahead_s=max_ahead_s))


class _Request(NamedTuple):
    source: str
    payloads: Sequence[bytes]
    done: asyncio.Future[None]


def _settle(requests: Sequence[_Request], error: Exception | None) -> None:
    """Wake who waits for these, all at once in their own loop; one that has gone meanwhile is left alone."""

    def wake(waiting: Sequence[asyncio.Future[None]]) -> None:
        for done in waiting:
            if not done.done():
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)

    by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for request in requests:
        by_loop.setdefault(request.done.get_loop(), []).append(request.done)
    for loop, waiting in by_loop.items():
        loop.call_soon_threadsafe(wake, waiting)


class AppendingCollector:
    """Appends in a thread of its own. `taken` are names of sources that are not the collector's."""

    def __init__(
        self, appender: Appender, decoders: Mapping[str, Decoder], default: Decoder, taken: Collection[str] = ()
    ) -> None:
        self.statuses: dict[str, SourceStatus] = {}
        self._appender = appender
        self._decoders = decoders
        self._default = default
        self._taken = frozenset(taken)
        self._lock = threading.Condition()
        self._waiting: list[_Request] = []
        self._waiting_bytes = 0
        self._stopping = False
        self._limited = RateLimitedLog(get_logger("collector"))
        self._thread = threading.Thread(target=self._run, name="collector", daemon=True)
        self._thread.start()

    def check(self, source: str, payloads: Sequence[bytes]) -> list[Rejected]:
        """As core.collector says. Decodes each payload: what is wrong is told to the sender, not only to us."""
        if source in self._taken:
            raise ValueError(f"{source} is the name of a source in WAYPOST_SOURCES; send with another ?source=")
        if source not in self.statuses and len(self.statuses) >= _MOST_SOURCES:
            raise ValueError(f"at most {_MOST_SOURCES} names of sources are taken; leave out ?source=")
        decoder = self._decoders.get(source, self._default)
        received_at = time.time_ns() // 1000
        rejected = []
        for index, payload in enumerate(payloads):
            refused = decoder.decode([payload], received_at).refused
            if refused:
                reason, detail = refused[0].reason, refused[0].detail
                rejected.append(Rejected(index, f"{reason}: {detail}" if detail else reason))
        return rejected

    async def accept(self, source: str, payloads: Sequence[bytes]) -> None:
        """As core.collector says."""
        if not payloads:
            return
        request = _Request(source, payloads, asyncio.get_running_loop().create_future())
        size = sum(map(len, payloads))
        with self._lock:
            if self._stopping:
                raise JournalFull("Waypost is stopping")
            if self._waiting and self._waiting_bytes + size > _MOST_WAITING:
                raise JournalFull("more is waiting for the disk than memory should hold")
            if not self._waiting:
                self._lock.notify()
            self._waiting.append(request)
            self._waiting_bytes += size
        await request.done

    def stop(self) -> None:
        """Append what was taken, and take no more."""
        with self._lock:
            self._stopping = True
            self._lock.notify()
        self._thread.join(10)
        if isinstance(self._appender, KafkaAppender):
            self._appender.close()  # the journal is closed by who opened it

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._waiting and not self._stopping:
                    self._lock.wait()
                requests, self._waiting, self._waiting_bytes = self._waiting, [], 0
                if not requests:
                    return
            by_source: dict[str, list[_Request]] = {}
            for request in requests:
                by_source.setdefault(request.source, []).append(request)
            for source, together in by_source.items():
                self._append(source, together)

    def _append(self, source: str, requests: list[_Request]) -> None:
        """One record for all of them: they succeed or fail together."""
        status = self.statuses.setdefault(source, SourceStatus())
        payloads = [payload for request in requests for payload in request.payloads]
        error: Exception | None = None
        try:
            self._appender.append(source, payloads)
            status.received += len(payloads)
            status.last_at = time.time()
            status.problem = None
        except JournalFull as full:
            error = full
        except Exception as other:  # noqa: BLE001 - who waits must hear of it, and the collector lives on
            error = JournalFull(f"not written: {other!r}")
        if error is not None:
            status.problem = str(error)
            self._limited.warning("full", "requests refused; senders try again", len(requests), why=str(error))
        _settle(requests, error)
