"""Rollups: at every moment what the raw rows say, however late they came."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.types import from_micros
from db.database import conninfo
from db.engine import engine_of
from db.maintenance import Keep, Maintenance
from db.queries.quality import count_duplicates
from db.queries.rows import Span
from db.queries.source import pieces
from tests.db.conftest import SECOND, T0, Storing, message

Rows = Callable[[str], list[tuple[object, ...]]]
NOW = from_micros(T0) + timedelta(hours=5)

KEPT = """
SELECT bucket, device_id, metric_id, n, round(sum::numeric, 6), min, max FROM rollup_{level} ORDER BY 1, 2, 3
"""
RAW = """
SELECT date_trunc('{unit}', ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', device_id, 1, count(speed),
    round(sum(speed::float8)::numeric, 6), min(speed), max(speed)
FROM position GROUP BY 1, 2 HAVING count(speed) > 0 UNION ALL
SELECT date_trunc('{unit}', ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', device_id, metric_id, count(*),
    round(sum(value)::numeric, 6), min(value), max(value)
FROM measurement GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@pytest.fixture
def maintenance(engine: Engine, database_url: URL) -> Iterator[Maintenance]:
    """Five hours after T0."""
    with engine.connect() as connection:
        storage = engine_of(connection)
    made = Maintenance(conninfo(database_url), storage, Keep(), clock=lambda: NOW)
    yield made
    made.close()


def assert_true_to_raw(rows: Rows) -> None:
    for level, unit in (("1m", "minute"), ("1h", "hour")):
        assert rows(KEPT.format(level=level)) == rows(RAW.format(unit=unit)), level


def some(offset_s: float = 0.0, every_s: float = 7.0, count: int = 900) -> list[object]:
    return [
        message(f"d{i % 3}", offset_s + i * every_s, speed=float(i % 50), values={"load": i / 7}) for i in range(count)
    ]


def test_rollups_equal_the_raw_rows_before_and_after_they_are_made(
    storing: Storing, rows: Rows, maintenance: Maintenance
) -> None:
    storing.store(some())  # type: ignore[arg-type]  # messages
    assert_true_to_raw(rows)
    assert maintenance.roll_up() > 100
    assert_true_to_raw(rows)
    assert rows("SELECT rollup, count(*) FROM dirty_bucket GROUP BY 1") == [("movement", 3)]
    assert maintenance.roll_up() == 0
    assert maintenance.keep_movement() == 3
    assert rows("SELECT count(*) FROM dirty_bucket") == [(0,)], "no mark stays behind"


def test_late_rows_change_the_rollups_they_belong_to(storing: Storing, rows: Rows, maintenance: Maintenance) -> None:
    storing.store(some())  # type: ignore[arg-type]  # messages
    maintenance.roll_up()
    storing.store([message("d0", 3.5, speed=999.0, values={"load": -5.0}), message("late", -86_400, speed=1.0)])
    maintenance.roll_up()
    assert_true_to_raw(rows)


def test_the_bucket_that_is_not_over_is_left_alone_and_still_read_right(
    storing: Storing, rows: Rows, maintenance: Maintenance
) -> None:
    storing.store([message("d0", 5 * 3600 + second, speed=second) for second in range(-30, 30)])
    maintenance.roll_up()
    assert rows("SELECT count(*) > 0 FROM dirty_bucket") == [(True,)]
    assert_true_to_raw(rows)


def test_a_batch_that_touches_a_bucket_again_and_again_marks_it_once(storing: Storing, rows: Rows) -> None:
    now = datetime.now(UTC).timestamp() - T0 / SECOND
    for second in range(20):
        storing.store([message("d0", now + second / 100)])
    marks = rows("SELECT rollup, count(*) FROM dirty_bucket GROUP BY 1")
    assert all(count in (1, 2) for _, count in marks), marks


def test_what_is_older_than_it_is_kept_goes_and_the_rest_stays(
    storing: Storing, rows: Rows, engine: Engine, database_url: URL
) -> None:
    storing.store([message("d0", day * 86_400, speed=float(day)) for day in range(-10, 1)])
    with engine.connect() as connection:
        storage = engine_of(connection)
    keeping = Maintenance(conninfo(database_url), storage, Keep(raw_days=3, minute_days=6), clock=lambda: NOW)
    keeping.roll_up()
    assert keeping.expire() > 0
    assert rows("SELECT count(*), min(speed) FROM position") == [(3, -2.0)]
    assert rows("SELECT count(*), min(min) FROM rollup_1m") == [(6, -5.0)]
    assert rows("SELECT count(*), min(min) FROM rollup_1h") == [(11, -10.0)]
    storing.store([message("d0", -9 * 86_400, speed=-9.0), message("d0", 1, speed=1.0)])
    assert rows("SELECT count(*) FROM position") == [(5,)], "a day that was dropped can be written again"
    keeping.roll_up()
    assert rows("SELECT count(*) FROM rollup_1h WHERE bucket < '2026-01-23'") == [(2,)], "and takes no other day along"


@given(st.integers(0, 10_000_000), st.integers(1, 500_000), st.sampled_from([None, 0, 60, 3600]))
def test_pieces_cover_a_span_without_gap_or_overlap(start: int, length: int, coarsest: int | None) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=start)
    span = Span(begin, begin + timedelta(seconds=length))
    found = pieces(span, None if coarsest is None else timedelta(seconds=coarsest))
    assert found[0].start == span.start
    assert found[-1].end == span.end
    for before, after in pairwise(found):
        assert before.end == after.start
    for piece in found:
        if piece.width:
            assert (piece.start.timestamp() % piece.width.total_seconds(), piece.start < piece.end) == (0, True)
            assert piece.end.timestamp() % piece.width.total_seconds() == 0


def test_rows_stored_before_there_were_rollups_are_rolled_up(database_url: URL, rows: Rows, engine: Engine) -> None:
    from db.migrate import downgrade, upgrade  # noqa: PLC0415 - this test alone goes back

    downgrade(engine, "0001")
    with engine.connect() as asking:
        storage = engine_of(asking)
    with psycopg.connect(conninfo(database_url), autocommit=True) as connection:
        with connection.transaction():
            storage.make_room(connection, "position", [datetime(2026, 1, 1, tzinfo=UTC).date()])
        connection.execute(
            "INSERT INTO position (ts, received_at, device_id, lat, lon, speed)"
            " SELECT '2026-01-01'::timestamptz + n * interval '20 seconds', now(), 1, 1, 2, n"
            " FROM generate_series(0, 999) n"
        )
    upgrade(engine)
    assert_true_to_raw(rows)
    made = Maintenance(conninfo(database_url), storage, Keep(), clock=lambda: NOW)
    made.roll_up()
    made.close()
    assert_true_to_raw(rows)


def test_counts_of_repeats_are_the_same_before_and_after_they_are_added_up_and_go_with_the_hours(
    storing: Storing, rows: Rows, engine: Engine, database_url: URL
) -> None:
    for _ in range(2):
        storing.store([message("d0", day * 86_400, speed=1.0) for day in range(-10, 1)])
    with engine.connect() as connection:
        keeping = Maintenance(conninfo(database_url), engine_of(connection), Keep(hour_days=4), clock=lambda: NOW)

    def counts() -> list[int]:
        with engine.connect() as connection:
            return [count_duplicates(connection, 1, Span(NOW - timedelta(days=days), NOW)) for days in (3, 30)]

    assert counts() == [3, 11]
    assert [keeping.add_up_duplicates(), keeping.add_up_duplicates()] == [11, 0]
    assert counts() == [3, 11]
    storing.store([message("d0", 0, speed=1.0)])
    assert counts() == [4, 12]
    keeping.add_up_duplicates()
    assert counts() == [4, 12]
    keeping.expire()
    assert rows("SELECT sum(count) FROM duplicate") == [(5,)]
    keeping.close()
