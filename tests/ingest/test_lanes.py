"""Which stream is read ahead while one is stored, and that reading ahead leaves nothing behind."""

from collections.abc import Iterator
from typing import Any

import pytest

from db.registry import Registry
from ingest.decoders import decoder_for
from ingest.journal import Record
from ingest.lanes import Lane, Lanes
from ingest.work import Reader
from tests.ingest.kafka_members import payload

BATCH = 32


class FakeStream:
    """Records of one message each, as many as were `put`; remembers behind what it was read."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.restart_at = None
        self.read_after: list[int] = []
        self._count = 0

    def put(self, messages: int) -> None:
        """So many more have come."""
        self._count += messages

    def read(self, after: int, max_payloads: int) -> list[Record]:
        """The records behind `after`."""
        self.read_after.append(after)
        return [Record(n, 1, "s", [payload(self.name, n)]) for n in range(after + 1, self._count + 1)][:max_payloads]

    def stored(self, sequence: int) -> None:
        """Nothing to forget."""


class Database:
    """Has no checkpoint."""

    def run(self, _call: object) -> Any:
        """Where to begin."""
        return 0


@pytest.fixture
def lanes() -> Iterator[Lanes]:
    """Three streams without anything in them."""
    decoder = decoder_for({}, max_ahead_s=10**9)

    def reader(stream: Any, _feed: object) -> Reader:
        return Reader(stream, {}, decoder, Registry(10, 10), batch_messages=BATCH, keep_days=0)

    made = Lanes(Database(), reader)  # type: ignore[arg-type]  # all that is asked here
    for name in "abc":
        made.add(FakeStream(name))
    yield made
    made.close()


def stream_of(lane: Lane) -> FakeStream:
    """The lane's stream."""
    assert isinstance(lane.stream, FakeStream)
    return lane.stream


def numbers(lane: Lane) -> list[int]:
    """Take what is there, as storing does."""
    return [w.record.sequence for w in lane.take(lane.begun)]


def test_the_next_stream_that_has_something_is_read_ahead(lanes: Lanes) -> None:
    a, b, c = lanes.all
    for lane in (a, c):
        stream_of(lane).put(BATCH)
        numbers(lane)
    stream_of(c).put(5)
    lanes.read_ahead(a, a.take(0))
    assert numbers(c) == list(range(1, BATCH + 1))
    assert stream_of(c).read_after == [0, 0], "once before, once ahead, and not again where it was taken"
    assert stream_of(b).read_after == []


def test_a_stream_alone_is_read_on_where_there_is_likely_more(lanes: Lanes) -> None:
    a = lanes.all[0]
    stream_of(a).put(BATCH + 3)
    lanes.read_ahead(a, a.take(0))
    a.begun = BATCH
    assert numbers(a) == [BATCH + 1, BATCH + 2, BATCH + 3]
    assert stream_of(a).read_after == [0, BATCH, BATCH + 3]


def test_where_little_is_stored_nothing_is_read_ahead(lanes: Lanes) -> None:
    a, b, _ = lanes.all
    for lane in (a, b):
        stream_of(lane).put(1)
        numbers(lane)
    before = list(stream_of(b).read_after)
    lanes.read_ahead(a, a.take(0))
    assert stream_of(b).read_after == before


def test_what_came_after_reading_ahead_is_taken_with_it(lanes: Lanes) -> None:
    a, b, _ = lanes.all
    stream_of(b).put(2)
    numbers(b)
    stream_of(a).put(BATCH)
    lanes.read_ahead(a, a.take(0))
    assert b.ahead.take(0), "read ahead"
    lanes.read_ahead(a, a.take(0))
    stream_of(b).put(3)
    assert numbers(b) == [1, 2, 3, 4, 5]


def test_what_was_read_ahead_of_another_place_is_not_taken(lanes: Lanes) -> None:
    a, b, _ = lanes.all
    stream_of(b).put(6)
    numbers(b)
    stream_of(a).put(BATCH)
    lanes.read_ahead(a, a.take(0))
    b.restart(4)
    assert numbers(b) == [5, 6]
