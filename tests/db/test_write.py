"""Storing: exactly once, merged by the rule, all or nothing."""

import random
from collections.abc import Callable

import pytest

from core.errors import BatchRefused, StoreUnavailable, Superseded
from db.batch import Tally
from db.frontier import Frontier
from db.statements import ADD_UP_DUPLICATES
from db.write import Advance, Latest
from tests.db.conftest import SECOND, T0, Storing, message, state

Rows = Callable[[str], list[tuple[object, ...]]]
POSITIONS = (
    "SELECT d.name, extract(epoch FROM ts) * 1000000, lat, lon, altitude, speed, heading"
    " FROM position JOIN device d ON d.id = device_id ORDER BY 1, 2"
)


def test_a_row_comes_back_to_the_microsecond(storing: Storing, rows: Rows) -> None:
    sent = message("a", 1.123456, altitude=150.0, speed=8.25, heading=271.5)
    assert storing.store([sent]) == Tally(1, 1, 0, 0)
    assert rows(POSITIONS) == [("a", sent.ts, 30.5, -97.5, 150.0, 8.25, 271.5)]
    assert rows("SELECT extract(epoch FROM received_at) * 1000000 FROM position") == [(sent.received_at,)]


def test_late_rows_come_back_to_the_microsecond_too(storing: Storing, rows: Rows) -> None:
    storing.store([message("a", 100)])
    late = message("a", 1.123457, speed=1.5)
    assert storing.store([late]) == Tally(1, 1, 0, 0)
    assert rows(POSITIONS)[0] == ("a", late.ts, 30.5, -97.5, None, 1.5, None)


def test_rows_of_several_days_find_room(storing: Storing, rows: Rows) -> None:
    storing.store([message("a", second) for second in (0, 70, 86_400, 3 * 86_400)])
    storing.store([message("a", -400 * 86_400)])
    assert len(rows(POSITIONS)) == 5


def test_the_same_batch_twice_changes_nothing_but_the_count_of_duplicates(storing: Storing, rows: Rows) -> None:
    messages = [message(f"d{i % 3}", i, speed=float(i), values={"battery": i / 10}) for i in range(30)]
    storing.store(messages)
    before = rows(POSITIONS)
    assert storing.store(messages) == Tally(30, 0, 30, 0)
    assert rows(POSITIONS) == before
    assert rows("SELECT count(*) FROM measurement") == [(30,)]


def test_a_repeat_within_one_batch_is_a_duplicate(storing: Storing) -> None:
    assert storing.store([message("a", 1), message("a", 1), message("a", 1)]) == Tally(3, 1, 2, 0)


def test_repeats_are_counted_by_device_and_hour_and_never_where_nothing_was_stored(
    storing: Storing, rows: Rows
) -> None:
    counted = (
        "SELECT name, extract(hour FROM hour AT TIME ZONE 'UTC')::int, count FROM duplicate"
        " JOIN device ON id = device_id ORDER BY 1, 2"
    )
    first = [message("a", 1), message("a", 2), message("b", 3600), message("c", 1, values={"load": 1.0})]
    storing.store(first)
    assert rows(counted) == []
    storing.store([*first, message("a", 3)])
    storing.store([message("a", 1), message("a", 4000)])
    repeats = [("a", 23, 3), ("b", 0, 1), ("c", 23, 1)]
    assert rows(counted) == [], "noted by batch"
    storing.writer.store(storing.batch(first), rehearse=True)
    for _ in range(2):
        storing.writer.connection().execute(ADD_UP_DUPLICATES)
        assert rows(counted) == repeats
    assert rows("SELECT duplicate FROM ledger") == [(5,)], "the account of its source says the same"


def test_two_messages_of_one_moment_merge_and_a_later_value_wins(storing: Storing, rows: Rows) -> None:
    storing.store([message("a", 1, speed=5.0, altitude=100.0)])
    tally = storing.store([message("a", 1, speed=6.0, heading=90.0), message("a", 1, lat=None, lon=None, heading=91.0)])
    assert tally == Tally(2, 2, 0, 0)
    assert rows(POSITIONS) == [("a", T0 + SECOND, 30.5, -97.5, 100.0, 6.0, 91.0)]


def test_any_order_and_any_batches_store_the_same_rows(storing: Storing, rows: Rows) -> None:
    messages = [message(f"d{i % 5}", i // 5, speed=float(i)) for i in range(400)]
    shuffled = messages + messages[::7]
    random.Random(7).shuffle(shuffled)
    total = Tally(0, 0, 0, 0)
    while shuffled:
        chunk, shuffled = shuffled[:37], shuffled[37:]
        tally = storing.store(chunk)
        sums = (total.received + tally.received, total.stored + tally.stored, total.duplicate + tally.duplicate)
        total = Tally(*sums, 0)
    assert total == Tally(458, 400, 58, 0)
    assert rows("SELECT count(*), sum(speed) FROM position") == [(400, float(sum(range(400))))]


def test_rows_another_process_wrote_are_merged_not_refused(storing: Storing, rows: Rows) -> None:
    storing.store([message("a", 1, speed=1.0), message("a", 2, speed=2.0)])
    storing.frontier = Frontier()  # as if another process had written them
    tally = storing.store([message("a", 1, speed=1.0), message("a", 2, altitude=7.0), message("a", 3)])
    assert tally == Tally(3, 2, 1, 0)
    assert [row[4:6] for row in rows(POSITIONS)] == [(None, 1.0), (7.0, 2.0), (None, None)]


def test_a_message_is_a_duplicate_only_if_none_of_its_parts_is_new(storing: Storing) -> None:
    storing.store([message("a", 1, values={"battery": 0.5})])
    assert storing.store([message("a", 1, values={"battery": 0.5})]) == Tally(1, 0, 1, 0)
    assert storing.store([message("a", 1, values={"battery": 0.5, "door": 1.0})]) == Tally(1, 1, 0, 0)


def test_rows_live_state_checkpoint_and_ledger_are_stored_together_or_not_at_all(storing: Storing, rows: Rows) -> None:
    batch = storing.batch([message("a", 1)])
    device = storing.registry.devices["a"]
    latest = Latest(state(device, T0, lat=1.0, lon=2.0), {device: {"battery": (0.5, T0)}})
    storing.writer.store(batch, latest, [Advance("journal", 0, 7)], rehearse=True)
    for table in ("position", "latest", "checkpoint", "ledger"):
        assert rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    storing.writer.store(storing.batch([message("a", 1)]), latest, [Advance("journal", 0, 7)])
    assert rows("SELECT stream, position FROM checkpoint") == [("journal", 7)]
    assert rows("SELECT source, received, stored, duplicate, quarantined FROM ledger") == [("test", 1, 1, 0, 0)]
    assert rows("SELECT lat, measurements FROM latest") == [(1.0, {"battery": [0.5, T0]})]


def test_a_batch_whose_checkpoint_another_process_moved_stores_nothing(storing: Storing, rows: Rows) -> None:
    storing.writer.store(storing.batch([message("a", 1)]), None, [Advance("journal", 0, 7)])
    storing.writer.store(storing.batch([message("a", 2)]), None, [Advance("journal", 7, 9)])
    with pytest.raises(Superseded):
        storing.writer.store(storing.batch([message("a", 3)]), None, [Advance("journal", 7, 12)])
    assert rows("SELECT count(*) FROM position") == [(2,)]
    assert rows("SELECT position FROM checkpoint") == [(9,)]
    assert rows("SELECT received FROM ledger") == [(2,)]


def test_the_live_state_in_the_database_never_goes_back(storing: Storing, rows: Rows) -> None:
    def keep(ts: int, lat: float) -> None:
        storing.writer.store(storing.batch([]), Latest(state(1, ts, lat=lat, lon=2.0)))

    keep(T0 + SECOND, 5.0)
    keep(T0, 4.0)
    assert rows("SELECT lat FROM latest") == [(5.0,)]


def test_a_row_that_the_database_refuses_is_said_and_nothing_is_stored(storing: Storing, rows: Rows) -> None:
    storing.writer.connection().execute("ALTER TABLE position ADD CHECK (lat < 80)")
    batch = storing.batch([message("a", 1), message("b", 1, lat=85.0)])
    with pytest.raises(BatchRefused):
        storing.writer.store(batch)
    assert rows("SELECT count(*) FROM position") == [(0,)]


def test_a_lost_connection_is_said_and_the_next_store_works(storing: Storing, rows: Rows) -> None:
    storing.store([message("a", 1)])
    backend = storing.writer.connection().info.backend_pid
    rows(f"SELECT pg_terminate_backend({backend})")
    batch = storing.batch([message("a", 2)])
    with pytest.raises(StoreUnavailable):
        storing.writer.store(batch)
    assert storing.store([message("a", 2)]) == Tally(1, 1, 0, 0)
    assert rows("SELECT count(*) FROM position") == [(2,)]
