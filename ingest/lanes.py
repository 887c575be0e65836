"""The streams on their way into the database: some are there for good, others come and go as partitions do."""

from collections.abc import Callable, Sequence
from typing import Protocol

from db.batch import Batch
from db.frontier import Frontier
from db.seed import read_checkpoint
from db.write import Advance
from ingest.ahead import Ahead
from ingest.database import DatabaseThread
from ingest.work import Reader, Stream, Work


class ComingStream(Stream, Protocol):
    """A stream that is not there for good."""

    @property
    def restart_at(self) -> int | None:
        """Where to go on whatever the checkpoint says; None: at the checkpoint."""


class Feed(Protocol):
    """Streams that come and go."""

    @property
    def name(self) -> str:
        """The source whose decoder reads what names no other source."""

    def streams(self) -> Sequence[ComingStream]:
        """Those to be stored here now. Asked from another thread than the one that changes them."""


class Lane:
    """A stream on its way, and how far it has come. `feed` is where it comes from, if it comes and goes.

    Sequence numbers: all up to `stored` is in the database, up to `begun` is on its way there, up to `shown` is in
    Redis.
    """

    def __init__(self, stream: Stream, reader: Reader, feed: Feed | None) -> None:
        self.stream = stream
        self.reader = reader
        self.feed = feed
        self.ahead = Ahead(reader.read)
        self.stored = self.begun = self.shown = 0
        self.had_work = False

    def restart(self, at: int) -> None:
        """Go on from here: the database says so."""
        self.stored = self.begun = self.shown = at

    def take(self, after: int) -> list[Work]:
        """What is behind `after`, up to a batch: what was read ahead, and what has come since."""
        was_ahead = self.ahead.is_begun(after)
        work = self.ahead.take(after)
        if was_ahead and work and not self.reader.is_full(work):
            work += self.reader.read(work[-1].record.sequence)
        self.had_work = bool(work)
        return work


class Lanes:
    """Changed by one thread; `all` is looked at by any. `reader_for` makes the reader of a stream of a feed."""

    def __init__(self, database: DatabaseThread, reader_for: Callable[[Stream, Feed | None], Reader]) -> None:
        self.all: tuple[Lane, ...] = ()
        self._database = database
        self._reader_for = reader_for
        self._feeds: list[Feed] = []

    def follow(self, feed: Feed) -> None:
        """Look after the streams of `feed` from now on."""
        self._feeds.append(feed)

    def add(self, stream: Stream, feed: Feed | None = None) -> Lane:
        """Take up a stream where the database says that storing stopped. Raises StoreUnavailable."""
        lane = Lane(stream, self._reader_for(stream, feed), feed)
        lane.restart(self._checkpoint(stream))
        self.all = (*self.all, lane)
        return lane

    def take_up(self, stream: ComingStream, feed: Feed) -> None:
        """Take up a stream that came, where it says if it does. Raises StoreUnavailable, Superseded."""
        lane = self.add(stream, feed)
        at = stream.restart_at
        if at is not None and at != lane.stored:
            batch = Batch(Frontier())
            batch.sort()
            advances = [Advance(stream.name, lane.stored, at)]
            self._database.run(lambda writer: writer.store(batch, advances=advances))
            lane.restart(at)
        stream.stored(lane.stored)

    def drop_gone(self) -> None:
        """Let go of streams that their feeds do not have any more."""
        for lane in self.all:
            if lane.feed is not None and lane.stream not in lane.feed.streams():
                lane.ahead.close()
                self.all = tuple(other for other in self.all if other is not lane)

    def coming(self) -> list[tuple[ComingStream, Feed]]:
        """The streams that were not taken up yet."""
        known = [lane.stream for lane in self.all]
        return [(stream, feed) for feed in self._feeds for stream in feed.streams() if stream not in known]

    def read_ahead(self, lane: Lane, work: Sequence[Work]) -> None:
        """Begin to read what will be stored after `work` of `lane`, where that is worth a thread: of the next lane that
        has something, as it had before, or on in the same."""
        place = self.all.index(lane)
        others = (*self.all[place + 1 :], *self.all[:place])
        following = next((other for other in others if other.had_work), None)
        if following is not None and lane.reader.is_large(work):
            following.ahead.begin(following.begun)
        elif lane.reader.is_full(work):
            lane.ahead.begin(work[-1].record.sequence)

    def read_anew(self) -> None:
        """Go on where the database says, wherever each was. Raises StoreUnavailable."""
        for lane in self.all:
            lane.restart(self._checkpoint(lane.stream))

    def close(self) -> None:
        """End what runs beside them."""
        for lane in self.all:
            lane.ahead.close()

    def _checkpoint(self, stream: Stream) -> int:
        return self._database.run(lambda writer: writer.asked(lambda c: read_checkpoint(c, stream.name)))
