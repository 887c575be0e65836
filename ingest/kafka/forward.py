"""Passes on to a topic what was decoded, accepted and stored.

It reads the streams once more, beside the pipeline and never ahead of it, with a checkpoint of its own for each: where
Kafka is away, storing goes on, nothing piles up in memory, and what the journal still holds is passed on later. A
checkpoint moves when the brokers have acknowledged what is before it, so after a crash some is sent again.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Final

from core.errors import JournalFull, StoreUnavailable, Superseded
from core.log import RateLimitedLog, get_logger
from core.types import Message
from db.batch import Batch
from db.frontier import Frontier
from db.registry import Registry
from db.seed import read_checkpoint
from db.write import Advance, Writer
from ingest.kafka.appender import KafkaAppender
from ingest.lanes import Lane
from ingest.work import Work, native

_TURN_S: Final = 0.2
_PAUSE_S: Final = 2.0
BATCH: Final = 5_000
"""Messages read, sent and waited for at once."""


@dataclass
class ForwardStatus:
    """Messages sent, and records that the journal had to delete before they were. Written by one thread."""

    sent: int = 0
    lost_records: int = 0
    problem: str | None = None


class Forwarder:
    """A thread that forwards.

    `lanes` says what is being stored now, `look_back` reads one of them beside the pipeline, `registry` knows which
    devices and metrics were accepted. `appender` and `writer` are closed at the end.
    """

    def __init__(
        self,
        appender: KafkaAppender,
        writer: Writer,
        lanes: Callable[[], Sequence[Lane]],
        look_back: Callable[[Lane], "Reading"],
        registry: Registry,
    ) -> None:
        self.status = ForwardStatus()
        self._appender = appender
        self._writer = writer
        self._lanes = lanes
        self._look_back = look_back
        self._registry = registry
        self._followers: dict[Lane, _Follower] = {}
        self._sent: dict[str, int] = {}
        """How far each stream was passed on, which is known while Kafka is away, too."""
        self._log = get_logger("forward")
        self._limited = RateLimitedLog(self._log)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="forward", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def report(self) -> dict[str, Any]:
        """How it stands, for the health pages: `behind` counts records that are stored and were not passed on yet."""
        sent = self._sent.copy()
        behind = sum(max(0, lane.stored - sent.get(lane.stream.name, lane.stored)) for lane in self._lanes())
        return {"behind": behind, **asdict(self.status)}

    def stop(self) -> None:
        """Stop after what is under way; the rest is passed on after the next start."""
        self._stopping.set()
        self._thread.join(20)
        self._writer.close()

    def _run(self) -> None:
        pause = _TURN_S
        while not self._stopping.wait(pause):
            try:
                pause = 0.0 if self._turn() else _TURN_S
                self.status.problem = None
            except (JournalFull, StoreUnavailable, Superseded) as error:
                self._failed(error)
                pause = _PAUSE_S
            except Exception as error:  # noqa: BLE001 - it lives on, and loses nothing: the checkpoint has not moved
                self._failed(error)
                self._log.error("forwarding failed", exc_info=True)
                pause = _PAUSE_S
        self._let_go(list(self._followers))
        self._appender.close()

    def _failed(self, error: Exception) -> None:
        self.status.problem = str(error)
        self._limited.warning("waits", "forwarding waits; storing goes on", why=str(error))
        self._let_go(list(self._followers))

    def _let_go(self, lanes: Sequence[Lane]) -> None:
        for lane in lanes:
            self._followers.pop(lane).reading.close()

    def _turn(self) -> bool:
        """A batch of each stream; whether there may be more to do at once."""
        lanes = self._lanes()
        self._let_go([lane for lane in self._followers if lane not in lanes])
        return bool([lane for lane in lanes if self._forward(lane)])

    def _forward(self, lane: Lane) -> bool:
        follower = self._followers.get(lane)
        if follower is None:
            follower = self._followers[lane] = _Follower(self._begin(lane), self._look_back(lane))
        stored = lane.stored
        self._sent[lane.stream.name] = follower.sent
        if follower.sent == stored:
            return False
        work = [w for w in follower.reading.read(follower.sent) if w.record.sequence <= stored]
        if not work:
            return False
        self._count_lost(lane, work[0].record.sequence - follower.sent - 1)
        for source, together in groupby(work, key=lambda w: w.record.source):
            self._send(source, [m for w in together for m in w.messages])
        self._advance(lane, follower.sent + 1, work[-1].record.sequence + 1)
        follower.sent = self._sent[lane.stream.name] = work[-1].record.sequence
        return True

    def _begin(self, lane: Lane) -> int:
        """Where to go on; with a stream that was never forwarded, behind what is stored by now.

        The checkpoint is one more than what was sent, as none at all reads as 0.
        """
        marked = self._writer.asked(lambda connection: read_checkpoint(connection, _checkpoint(lane)))
        stored = lane.stored
        if 0 < marked <= stored + 1:
            return marked - 1
        self._advance(lane, marked, stored + 1)
        return stored

    def _advance(self, lane: Lane, before: int, after: int) -> None:
        batch = Batch(Frontier())
        batch.sort()
        self._writer.store(batch, advances=[Advance(_checkpoint(lane), before, after)])

    def _send(self, source: str, messages: Sequence[Message]) -> None:
        devices, metrics = self._registry.devices, self._registry.metrics
        accepted = [m for m in messages if m.device in devices]
        for m in accepted:
            if m.values:
                m.values = {name: value for name, value in m.values.items() if name in metrics}
        self._appender.append(source, [native(m) for m in accepted], [m.device.encode() for m in accepted])
        self.status.sent += len(accepted)

    def _count_lost(self, lane: Lane, lost: int) -> None:
        """The journal numbers its records without holes; topics have some."""
        if lost > 0 and lane.feed is None:
            self.status.lost_records += lost
            self._limited.warning("lost", "the journal had to make room before all of it was forwarded", lost)


class Reading:
    """Reads and decodes a stream from any place. `read` gives the records behind a sequence number, up to a batch."""

    def __init__(self, read: Callable[[int], list[Work]], close: Callable[[], None] = lambda: None) -> None:
        self.read = read
        self.close = close


@dataclass
class _Follower:
    sent: int
    reading: Reading


def _checkpoint(lane: Lane) -> str:
    return f"forward:{lane.stream.name}"
