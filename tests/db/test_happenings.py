"""Events and crossings: stored once, whatever order they come in, on both engines."""

import itertools
import random
from collections.abc import Callable

from core.types import Message
from db.batch import Tally
from tests.db.conftest import Storing, message

Rows = Callable[[str], list[tuple[object, ...]]]
EVENTS = (
    "SELECT d.name, extract(epoch FROM ts) * 1000000, extract(epoch FROM received_at) * 1000000, type, data"
    " FROM event JOIN device d ON d.id = device_id ORDER BY 1, 2, 4, data::text"
)
CROSSINGS = (
    "SELECT d.name, extract(epoch FROM ts - '2026-01-31 23:59:00+00')::int8, direction, count"
    " FROM crossing JOIN device d ON d.id = device_id ORDER BY 1, 2, 3"
)


def event(device: str, second: float, kind: str, data: bytes | None = None) -> Message:
    """An event without a place."""
    return message(device, second, lat=None, lon=None, event=kind, data=data)


def crossing(device: str, second: float, into: int, out: int) -> Message:
    """A crossing without a place."""
    return message(device, second, lat=None, lon=None, crossing=(into, out))


def test_an_event_comes_back_as_it_was_and_once(storing: Storing, rows: Rows) -> None:
    one = event("a", 1.123456, "door_open", b'{"by":"badge","n":1}')
    assert storing.store([one, one]) == Tally(2, 1, 1, 0)
    assert storing.store([one]) == Tally(1, 0, 1, 0)
    assert rows(EVENTS) == [("a", one.ts, one.received_at, "door_open", {"by": "badge", "n": 1})]
    others = [
        event("a", 1.123456, "door_open", b'{"by":"key"}'),
        event("a", 1.123456, "door_open"),
        event("a", 1.123456, "alarm", b'{"by":"badge","n":1}'),
        event("a", 1.123457, "door_open", b'{"by":"badge","n":1}'),
        event("b", 1.123456, "door_open", b'{"by":"badge","n":1}'),
    ]
    assert storing.store(others) == Tally(5, 5, 0, 0)
    assert len({id_ for (id_,) in rows("SELECT id FROM event")}) == 6


def test_crossings_of_one_moment_merge_and_a_later_count_wins(storing: Storing, rows: Rows) -> None:
    assert storing.store([crossing("a", 1, 1, 0), crossing("a", 1, 0, 1), crossing("a", 1, 1, 0)]) == Tally(3, 2, 1, 0)
    assert storing.store([crossing("a", 1, 2, 1), crossing("a", 1, 3, 1), crossing("a", 1, 0, 0)]) == Tally(3, 2, 1, 0)
    assert storing.store([crossing("b", 2, 0, 0), crossing("b", 2, 0, 0)]) == Tally(2, 1, 1, 0)
    assert storing.store([crossing("b", 2, 5, 2)]) == Tally(1, 1, 0, 0)
    assert rows(CROSSINGS) == [("a", 1, -1, 1), ("a", 1, 1, 3), ("b", 2, -1, 2), ("b", 2, 1, 5)]


def test_a_message_with_a_place_a_number_and_an_event_is_stored_if_any_of_it_is_new(storing: Storing) -> None:
    whole = message("a", 1, values={"battery": 0.5}, event="start", crossing=(1, 0))
    assert storing.store([whole]) == Tally(1, 1, 0, 0)
    assert storing.store([whole]) == Tally(1, 0, 1, 0)
    assert storing.store([message("a", 1, values={"battery": 0.5}, event="stop", crossing=(1, 0))]) == Tally(1, 1, 0, 0)
    assert storing.store([message("a", 1, event="stop", crossing=(2, 0))]) == Tally(1, 1, 0, 0)


def test_any_order_any_batches_and_days_store_the_same(storing: Storing, rows: Rows) -> None:
    kinds = itertools.cycle(["door_open", "door_close", "alarm"])
    sent = [event(f"d{i % 3}", i * 4000, next(kinds), b'{"n":%d}' % (i % 2)) for i in range(90)]
    sent += [crossing(f"d{i % 3}", i * 4000, i % 4, i % 3) for i in range(90)]
    shuffled = sent + sent[::7]
    random.Random(5).shuffle(shuffled)
    tallies = [storing.store(shuffled[i : i + 37]) for i in range(0, len(shuffled), 37)]
    assert [sum(t.stored for t in tallies), sum(t.duplicate for t in tallies)] == [180, len(sent[::7])]
    assert len(rows(EVENTS)) == 90
    expected = rows("SELECT sum(count * direction), sum(count) FROM crossing")[0]
    counts = [m.crossing for m in sent if m.crossing]
    assert expected == (sum(i - o for i, o in counts), sum(i + o for i, o in counts))


def test_nothing_of_an_event_stays_of_a_batch_that_is_undone(storing: Storing, rows: Rows) -> None:
    storing.writer.store(storing.batch([event("a", 1, "x"), crossing("a", 1, 1, 0)]), rehearse=True)
    assert rows("SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM crossing)") == [(0, 0)]
    assert storing.store([event("a", 1, "x"), crossing("a", 1, 1, 0)]) == Tally(2, 2, 0, 0)
