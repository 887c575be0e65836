"""The streams on their way into the database: some are there for good, others come and go as partitions do."""

from collections.abc import Callable, Sequence
from typing import Protocol

from db.batch import Batch, Frontier
from db.seed import read_checkpoint
from db.write import Advance, Writer
from ingest.ahead import Ahead
from ingest.work import Reader, Stream


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
    """A stream on its way, and how far it has come. `feed` is where it comes from, if it comes and goes."""

    def __init__(self, stream: Stream, reader: Reader, feed: Feed | None) -> None:
        self.stream = stream
        self.reader = reader
        self.feed = feed
        self.ahead = Ahead(reader.read)
        self.stored = 0
        self.shown = 0


class Lanes:
    """Changed by one thread; `all` is looked at by any. `reader_for` makes the reader of a stream of a feed."""

    def __init__(self, writer: Writer, reader_for: Callable[[Stream, Feed | None], Reader]) -> None:
        self.all: tuple[Lane, ...] = ()
        self._writer = writer
        self._reader_for = reader_for
        self._feeds: list[Feed] = []

    def follow(self, feed: Feed) -> None:
        """Look after the streams of `feed` from now on."""
        self._feeds.append(feed)

    def add(self, stream: Stream, feed: Feed | None = None) -> Lane:
        """Take up a stream where the database says that storing stopped. Raises StoreUnavailable."""
        lane = Lane(stream, self._reader_for(stream, feed), feed)
        lane.stored = lane.shown = self._checkpoint(stream)
        self.all = (*self.all, lane)
        return lane

    def take_up(self, stream: ComingStream, feed: Feed) -> None:
        """Take up a stream that came, where it says if it does. Raises StoreUnavailable, Superseded."""
        lane = self.add(stream, feed)
        at = stream.restart_at
        if at is not None and at != lane.stored:
            batch = Batch(Frontier())
            batch.sort()
            self._writer.store(batch, advances=[Advance(stream.name, lane.stored, at)])
            lane.stored = lane.shown = at
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

    def read_anew(self) -> None:
        """Go on where the database says, wherever each was. Raises StoreUnavailable."""
        for lane in self.all:
            lane.stored = lane.shown = self._checkpoint(lane.stream)

    def close(self) -> None:
        """End what runs beside them."""
        for lane in self.all:
            lane.ahead.close()

    def _checkpoint(self, stream: Stream) -> int:
        return self._writer.asked(lambda connection: read_checkpoint(connection, stream.name))
