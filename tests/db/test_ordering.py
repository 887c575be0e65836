"""Plain PostgreSQL puts the rows of a device together, which leaves what they say as it is."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.types import from_micros
from db.database import conninfo
from db.engine import PlainEngine
from db.engine.ordering import lock
from db.maintenance import Keep, Maintenance
from tests.app.process import wait_for
from tests.db.conftest import T0, Storing, message

Rows = Callable[[str], list[tuple[Any, ...]]]
DEVICES = 150
"""More than two pages of rows a minute."""
HOUR = "bucket >= '2026-02-01 01:00+00' AND bucket < '2026-02-01 02:00+00'"
PAGES = f"SELECT count(DISTINCT (ctid::text::point)[0]) FROM position_1m_kept WHERE {HOUR} AND device_id = 77"
ALL = "SELECT * FROM position_1m ORDER BY 1, 2"


@pytest.fixture
def database_url(postgresql_database: URL) -> URL:
    """TimescaleDB has its own way."""
    return postgresql_database


class Clocked:
    """Maintenance at a moment of one's own."""

    def __init__(self, url: URL) -> None:
        self.now = from_micros(T0)
        self.maintenance = Maintenance(conninfo(url), PlainEngine(), Keep(), clock=lambda: self.now)


@pytest.fixture
def clocked(engine: Engine, database_url: URL) -> Iterator[Clocked]:
    """At T0 first."""
    made = Clocked(database_url)
    yield made
    made.maintenance.close()


@pytest.fixture
def hour(storing: Storing, clocked: Clocked) -> datetime:
    """An hour from 01:00 on, rolled up as it goes, a minute at a time; its end."""
    begin = 61 * 60
    for minute in range(60):
        at = begin + 60 * minute
        storing.store([message(f"d{n}", at + 1 + n / 200, speed=float((n + minute) % 9)) for n in range(DEVICES)])
        clocked.now = from_micros(T0) + timedelta(seconds=at + 75)
        clocked.maintenance.roll_up()
    return from_micros(T0) + timedelta(seconds=begin + 3600)


def test_an_hour_that_is_over_is_put_in_order_once_and_says_the_same(
    hour: datetime, clocked: Clocked, rows: Rows
) -> None:
    before = rows(ALL)
    assert rows(PAGES) == [(60,)], "a page for each row, as they were written"
    clocked.now = hour + timedelta(minutes=2)
    assert clocked.maintenance.order() == 0, "a little late is not late"
    clocked.now = hour + timedelta(minutes=6)
    assert clocked.maintenance.order() == 1
    assert rows(PAGES)[0][0] <= 2
    assert rows(ALL) == before
    assert clocked.maintenance.order() == 0


def test_an_hour_with_a_bucket_to_be_written_again_waits_for_it(
    hour: datetime, clocked: Clocked, storing: Storing, rows: Rows
) -> None:
    clocked.now = hour + timedelta(minutes=6)
    storing.store([message("late", 61 * 60 + 90, speed=1.0)])
    assert clocked.maintenance.order() == 0
    clocked.maintenance.roll_up()
    assert clocked.maintenance.order() == 1
    assert rows(f"SELECT count(*) FROM position_1m_kept WHERE {HOUR}") == [(DEVICES * 60 + 1,)]


def test_a_backlog_is_written_in_order_from_the_first(clocked: Clocked, storing: Storing, rows: Rows) -> None:
    for minute in range(60):
        storing.store([message(f"d{n}", 61 * 60 + 60 * minute + n / 200, speed=1.0) for n in range(DEVICES)])
    clocked.now = from_micros(T0) + timedelta(hours=3)
    clocked.maintenance.roll_up()
    assert rows(PAGES)[0][0] <= 2
    clocked.now = from_micros(T0) + timedelta(hours=2, minutes=7)
    assert clocked.maintenance.order() == 0


@pytest.mark.parametrize("job", ["order", "roll_up"])
def test_of_two_processes_that_write_rows_one_waits_for_the_other(
    hour: datetime, clocked: Clocked, storing: Storing, database_url: URL, rows: Rows, *, job: str
) -> None:
    clocked.now = hour + timedelta(minutes=6)
    if job == "roll_up":
        storing.store([message("d3", 61 * 60 + 30, speed=99.0)])
    with psycopg.connect(conninfo(database_url)) as another, ThreadPoolExecutor(1) as thread:
        lock(another, "position_1m_kept")
        running = thread.submit(getattr(clocked.maintenance, job))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
        wait_for("the job to wait", lambda: rows(waiting) == [(1,)])
        another.commit()
        assert running.result() >= 1
    assert rows(f"SELECT count(*), sum(speed_n) FROM position_1m WHERE {HOUR}") == [
        (DEVICES * 60, DEVICES * 60 + (job == "roll_up"))
    ]
