"""From the journal to the database and to Redis: the steps of one tick.

Each stream (the journal, or a partition of a Kafka topic) has a lane with two places in it. `stored` moves with the
checkpoint; `shown` moves as live states are published. They are the same while the database answers. While it does
not, `shown` goes on alone, so the map stays live, and what lies between is stored when the database is back.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from core.errors import StoreUnavailable, Superseded
from core.log import get_logger
from db.batch import Batch, Frontier
from db.live import LiveWriter
from db.quarantine import flagged
from db.registry import Registry
from db.seed import read_checkpoint, read_seed
from db.write import Advance, Writer
from ingest.ahead import Ahead
from ingest.decoders import Decoder
from ingest.registering import Registrar
from ingest.showing import LiveState
from ingest.storing import Storer
from ingest.work import Reader, Stream, Work

_RETRY_S: Final = 1.0
_AGAIN_S: Final = 1.0
_AGAIN_ROWS: Final = 5_000


@dataclass
class PipelineStatus:
    """What the pipeline is doing. Written by its thread, read by any."""

    database_problem: str | None = None
    last_commit_at: float | None = None


class ComingStream(Stream, Protocol):
    """A stream that is not there for good."""

    @property
    def restart_at(self) -> int | None:
        """Where to go on whatever the checkpoint says; None: at the checkpoint."""


class Feed(Protocol):
    """Streams that come and go, as partitions of a topic do."""

    @property
    def name(self) -> str:
        """The source whose decoder reads what names no other source."""

    def streams(self) -> Sequence[ComingStream]:
        """Those to be stored here now. Asked from another thread than the one that changes them."""


class Lane:
    """A stream on its way, and how far it has come."""

    def __init__(self, stream: Stream, reader: Reader) -> None:
        self.stream = stream
        self.reader = reader
        self.feed: Feed | None = None
        self.ahead = Ahead(reader.read)
        self.stored = 0
        self.shown = 0


class Pipeline:
    """Used by one thread. `decoders` are by source name; a source that is gone has its records read as JSON."""

    def __init__(
        self,
        *,
        decoders: Mapping[str, Decoder],
        default_decoder: Decoder,
        writer: Writer,
        live: LiveWriter,
        registry: Registry,
        batch_messages: int,
        keep_days: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.status = PipelineStatus()
        self.live_state = LiveState(live, clock)
        self.storer = Storer(writer, registry)
        self.registrar = Registrar(registry, writer, self.live_state.announce)
        self._decoders = decoders
        self._default_decoder = default_decoder
        self._writer = writer
        self._registry = registry
        self._batch_messages = batch_messages
        self._keep_days = keep_days
        self._clock = clock
        self._log = get_logger("pipeline")
        self._lanes: list[Lane] = []
        self._feeds: list[Feed] = []
        self._database_retry_at = 0.0
        self._again_at = 0.0

    @property
    def registry(self) -> Registry:
        """What is known of devices and metrics, for other threads to look at."""
        return self._registry

    def start(self) -> None:
        """Read what is registered and the newest of each device. Raises StoreUnavailable."""
        self._writer.asked(self._registry.load)
        seed = self._writer.asked(read_seed)
        self.storer.frontier = seed.frontier
        self.live_state.start(seed.live)

    def add(self, stream: Stream) -> int:
        """Take up a stream where the database says that storing stopped, and return that. Raises StoreUnavailable."""
        return self._add(stream, self._default_decoder).stored

    def follow(self, feed: Feed) -> None:
        """Take up the streams of `feed` as they come, and let go of them as they go."""
        self._feeds.append(feed)

    def _add(self, stream: Stream, default_decoder: Decoder) -> Lane:
        reader = Reader(
            stream,
            self._decoders,
            default_decoder,
            self._registry,
            batch_messages=self._batch_messages,
            keep_days=self._keep_days,
        )
        lane = Lane(stream, reader)
        lane.stored = lane.shown = self._checkpoint(stream)
        self._lanes = [*self._lanes, lane]
        return lane

    def _checkpoint(self, stream: Stream) -> int:
        return self._writer.asked(lambda connection: read_checkpoint(connection, stream.name))

    def close(self) -> None:
        """End what runs beside it; the database and Redis are closed by who opened them."""
        for lane in self._lanes:
            lane.ahead.close()
        self.live_state.close()

    def lanes(self) -> Sequence[Lane]:
        """The streams that are stored now, for other threads to look at."""
        return self._lanes

    def stored(self, stream: Stream) -> int:
        """The last sequence number of the stream that is stored."""
        return next((lane.stored for lane in self._lanes if lane.stream is stream), 0)

    def tick(self) -> None:
        """Bring everything that the streams have into Redis and the database, as far as they answer."""
        # Each in its turn: one with a long backlog holds up no other, nor what its feed has to say.
        while [lane for lane in self._current_lanes() if self._advance(lane)]:
            pass
        if self._clock() >= self._again_at:
            self._decode_again()
        self.live_state.finish()

    def _current_lanes(self) -> list[Lane]:
        """The lanes, after those that went were dropped and those that came were added."""
        for feed in self._feeds:
            self._attend(feed)
        return self._lanes

    def _attend(self, feed: Feed) -> None:
        streams = feed.streams()
        ours = [lane for lane in self._lanes if lane.feed is feed]
        for lane in ours:
            if lane.stream not in streams:
                lane.ahead.close()
                self._lanes = [other for other in self._lanes if other is not lane]
        known = [lane.stream for lane in ours]
        new = [stream for stream in streams if stream not in known]
        if not new or self._clock() < self._database_retry_at:
            return
        try:
            # Another may have written until now what these streams' devices are measured against.
            self._read_anew()
            for stream in new:
                lane = self._add(stream, self._decoders.get(feed.name, self._default_decoder))
                lane.feed = feed
                self._restart(lane, stream.restart_at)
                stream.stored(lane.stored)
        except Superseded as error:
            self._log.warning("the checkpoint was moved by another; reading it anew", why=str(error))
            self._read_anew()
        except StoreUnavailable as error:
            self._database_away(error)

    def _restart(self, lane: Lane, at: int | None) -> None:
        """Move the checkpoint to where its stream goes on, be it backwards."""
        if at is not None and at != lane.stored:
            batch = Batch(Frontier())
            batch.sort()
            self._writer.store(batch, advances=[Advance(lane.stream.name, lane.stored, at)])
            lane.stored = lane.shown = at

    def _read_anew(self) -> None:
        """What others have stored meanwhile becomes ours to go on from."""
        self.start()
        for lane in self._lanes:
            lane.stored = lane.shown = self._checkpoint(lane.stream)

    def _advance(self, lane: Lane) -> bool:
        """Work on one batch; True where there is more to do at once."""
        if self._clock() < self._database_retry_at:
            return self._show_only(lane)
        work = lane.ahead.take(lane.stored)
        if not work:
            return False
        is_full = lane.reader.is_full(work)
        try:
            self.registrar.register(work)
            self._show(lane, work)
            if is_full:
                # Not sooner: what was done until here wants the interpreter, storing mostly waits for the database.
                lane.ahead.begin(work[-1].record.sequence)
            self._store(lane, work)
        except Superseded as error:
            self._log.warning("the checkpoint was moved by another; reading it anew", why=str(error))
            self._read_anew()
            return False
        except StoreUnavailable as error:
            self._database_away(error)
            return self._show_only(lane)
        if self.status.database_problem is not None:
            self._log.info("the database answers again")
            self.status.database_problem = None
        return is_full

    def _decode_again(self) -> None:
        """Take what someone asked for out of the quarantine, by the same steps as what is new."""
        self._again_at = self._clock() + _AGAIN_S
        if self._clock() < self._database_retry_at or not self._lanes:
            return
        try:
            while rows := self._writer.asked(lambda connection: flagged(connection, _AGAIN_ROWS)):
                work = self._lanes[0].reader.again(rows)
                self.registrar.register(work)
                for w in work:
                    self.live_state.advance(w.columns(self._registry), w.messages)
                latest = self.live_state.to_keep()
                self.storer.store(work, latest, None)
                self.live_state.kept(latest)
        except StoreUnavailable as error:
            self._database_away(error)

    def _database_away(self, error: StoreUnavailable) -> None:
        if self.status.database_problem is None:
            self._log.error("the database does not answer; intake goes on into the journal", why=str(error))
        self.status.database_problem = str(error)
        self._database_retry_at = self._clock() + _RETRY_S

    def _show_only(self, lane: Lane) -> bool:
        work = lane.ahead.take(lane.shown)
        self._show(lane, work)
        return bool(work)

    def _show(self, lane: Lane, work: Sequence[Work]) -> None:
        """Move live states forward and publish those that changed.

        All at once: by record, each step of numpy would wait for the interpreter anew while others decode.
        """
        fresh = [w for w in work if w.record.sequence > lane.shown]
        if fresh:
            records = np.concatenate([w.columns(self._registry) for w in fresh])
            valued = any(w.valued for w in fresh)
            self.live_state.advance(records, [m for w in fresh for m in w.messages] if valued else ())
            lane.shown = fresh[-1].record.sequence
            self.live_state.publish()

    def _store(self, lane: Lane, work: Sequence[Work]) -> None:
        sequence = work[-1].record.sequence
        latest = self.live_state.to_keep()
        self.storer.store(work, latest, Advance(lane.stream.name, lane.stored, sequence))
        self.live_state.kept(latest)
        lane.stored = sequence
        self.status.last_commit_at = time.time()
        lane.stream.stored(sequence)
