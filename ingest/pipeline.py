"""From the journal to the database and to Redis: the steps of one tick.

Each stream (the journal, or a partition of a Kafka topic) has a lane with places in it. `stored` moves with the
checkpoint, `begun` is at most a batch ahead of it; `shown` moves as live states are published. They are the same when
a tick ends and the database answers. While it does not, `shown` goes on alone, so the map stays live, and what lies
between is stored when the database is back.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.errors import StoreUnavailable, Superseded
from core.log import get_logger
from core.timelines import DEFAULT_RULES, Rules
from db.live import LiveWriter
from db.live_states import StateMirror, read_states
from db.quarantine import flagged
from db.registry import Registry
from db.seed import read_seed
from db.write import Writer
from ingest.committing import Committing
from ingest.counting import SpaceCounts
from ingest.database import PATIENCE_S, DatabaseThread
from ingest.decoders import Decoder
from ingest.gate import Gate
from ingest.lanes import Feed, Lane, Lanes
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


class Pipeline:
    """Used by one thread. `decoders` are by source name; a source that is gone has its records read as JSON.

    After `patience_s` without an answer the database is taken to be away, though what it was given may still be done.
    """

    def __init__(
        self,
        *,
        decoders: Mapping[str, Decoder],
        default_decoder: Decoder,
        writer: Writer,
        live: LiveWriter,
        registry: Registry,
        batch_messages: int,
        spaces: SpaceCounts | None = None,
        keep_days: int = 0,
        rules: Callable[[], Rules] = lambda: DEFAULT_RULES,
        clock: Callable[[], float] = time.monotonic,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.status = PipelineStatus()
        self.live_state = LiveState(live, clock)
        self.spaces = spaces
        self.storer = Storer(writer, registry, spaces.publish if spaces else lambda _: None, rules)
        self._database = DatabaseThread(writer, patience_s)
        self._committing = Committing(self.storer, self.live_state, self._database, self._committed)
        self._gate = Gate(self._database.ask, registry, rules)
        self.mirror = StateMirror(live.url, lambda: self._database.ask(read_states), clock)
        self.registrar = Registrar(registry, self._database.ask, self.live_state.announce)
        self._decoders = decoders
        self._default_decoder = default_decoder
        self._registry = registry
        self._batch_messages = batch_messages
        self._keep_days = keep_days
        self._clock = clock
        self._log = get_logger("pipeline")
        self._lanes = Lanes(self._database, self._reader_for)
        self._database_retry_at = 0.0
        self._again_at = 0.0

    @property
    def registry(self) -> Registry:
        """What is known of devices and metrics, for other threads to look at."""
        return self._registry

    def start(self) -> None:
        """Read what is registered and the newest of each device. Raises StoreUnavailable."""
        self._database.run(lambda writer: writer.asked(self._registry.load))
        seed = self._database.run(lambda writer: writer.asked(read_seed))
        self.storer.frontier = seed.frontier
        self.live_state.start(seed.live)
        self.mirror.is_stale = True
        self.mirror.keep_up()

    def add(self, stream: Stream) -> int:
        """Take up a stream where the database says that storing stopped, and return that. Raises StoreUnavailable."""
        return self._lanes.add(stream).stored

    def follow(self, feed: Feed) -> None:
        """Take up the streams of `feed` as they come, and let go of them as they go."""
        self._lanes.follow(feed)

    def _reader_for(self, stream: Stream, feed: Feed | None) -> Reader:
        default = self._default_decoder
        return Reader(
            stream,
            self._decoders,
            default if feed is None else self._decoders.get(feed.name, default),
            self._registry,
            batch_messages=self._batch_messages,
            keep_days=self._keep_days,
        )

    def close(self) -> None:
        """End what runs beside it; the database and Redis are closed by who opened them."""
        self._lanes.close()
        self._database.close()
        self.live_state.close()
        if self.spaces is not None:
            self.spaces.close()
        self.mirror.close()

    def lanes(self) -> Sequence[Lane]:
        """The streams that are stored now, for other threads to look at."""
        return self._lanes.all

    def stored(self, stream: Stream) -> int:
        """The last sequence number of the stream that is stored."""
        return next((lane.stored for lane in self._lanes.all if lane.stream is stream), 0)

    def tick(self) -> None:
        """Bring everything that the streams have into Redis and the database, as far as they answer."""
        # Each in its turn: one with a long backlog holds up no other, nor what its feed has to say.
        while [lane for lane in self._current_lanes() if self._advance(lane)]:
            pass
        self._settle()
        if self._clock() >= self._again_at:
            self._decode_again()
        self._look_at_spaces()
        self.live_state.finish()
        self._mirror_states()

    def _mirror_states(self) -> None:
        """The states of machines into Redis, which only shows them: events are judged by the database."""
        self.mirror.take(self.storer.states)
        self.storer.states.clear()
        if self._clock() >= self._database_retry_at:
            try:
                self.mirror.keep_up()
            except StoreUnavailable as error:
                self._database_away(error)

    def _current_lanes(self) -> Sequence[Lane]:
        """The lanes, after those that went were dropped and those that came were added."""
        self._lanes.drop_gone()
        coming = self._lanes.coming()
        if coming and self._clock() >= self._database_retry_at:
            try:
                self._committing.settle()
                # Another may have written until now what these streams' devices are measured against.
                self._read_anew()
                for stream, feed in coming:
                    self._lanes.take_up(stream, feed)
            except Superseded as error:
                self._superseded(error)
            except StoreUnavailable as error:
                self._database_away(error)
        return self._lanes.all

    def _read_anew(self) -> None:
        """What others have stored meanwhile becomes ours to go on from."""
        self.start()
        self._lanes.read_anew()

    def _superseded(self, error: Superseded) -> None:
        self._log.warning("the checkpoint was moved by another; reading it anew", why=str(error))
        self._read_anew()

    def _advance(self, lane: Lane) -> bool:
        """Work on one batch; True where there is more to do at once."""
        if self._clock() < self._database_retry_at or self._database.is_hanging:
            return self._show_only(lane)
        work = lane.take(lane.begun)
        if not work:
            return False
        is_full = lane.reader.is_full(work)
        try:
            self.registrar.register(work)
            self._gate.check(work)
            self._show(lane, work)
            self._lanes.read_ahead(lane, work)
            self._committing.begin(lane, work)
        except Superseded as error:
            self._superseded(error)
            return False
        except StoreUnavailable as error:
            self._database_away(error)
            return self._show_only(lane)
        return is_full

    def _settle(self) -> None:
        """See what is on its way stored, or know why it is not."""
        try:
            self._committing.settle()
        except Superseded as error:
            self._superseded(error)
        except StoreUnavailable as error:
            self._database_away(error)

    def _committed(self) -> None:
        self.status.last_commit_at = time.time()
        if self.status.database_problem is not None:
            self._log.info("the database answers again")
            self.status.database_problem = None

    def _decode_again(self) -> None:
        """Take what someone asked for out of the quarantine, by the same steps as what is new."""
        self._again_at = self._clock() + _AGAIN_S
        if self._clock() < self._database_retry_at or not self._lanes.all:
            return
        try:
            while rows := self._database.ask(lambda connection: flagged(connection, _AGAIN_ROWS)):
                work = self._lanes.all[0].reader.again(rows)
                self.registrar.register(work)
                for w in work:
                    self.live_state.advance(w.columns(self._registry), w.messages)
                self._committing.store(work)
        except StoreUnavailable as error:
            self._database_away(error)

    def _look_at_spaces(self) -> None:
        if self.spaces is None or self._clock() < self._database_retry_at:
            return
        try:
            self.spaces.look(self._database.ask)
        except StoreUnavailable as error:
            self._database_away(error)

    def _database_away(self, error: StoreUnavailable) -> None:
        if self.status.database_problem is None:
            self._log.error("the database does not answer; intake goes on into the journal", why=str(error))
        self.status.database_problem = str(error)
        self._database_retry_at = self._clock() + _RETRY_S

    def _show_only(self, lane: Lane) -> bool:
        work = lane.take(lane.shown)
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
