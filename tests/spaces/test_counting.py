"""Counting now: nothing is lost or counted twice, whoever counts and whatever is killed."""

import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from core.occupancy import LiveCount
from core.types import to_micros
from db.counting import hold_still
from db.engine import PlainEngine
from db.live_counts import SPACES, CountsWriter
from db.spaces import Placing
from db.write import Writer
from ingest.counting import SpaceCounts
from tests.api.link import Link
from tests.app.process import wait_for
from tests.db.conftest import Storing
from tests.spaces.conftest import DAY0, Doors, Passage

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
EACH = 40


def pass_many(conninfo: str, device: str) -> None:
    """What a process of its own does: people go through one door, in many batches."""
    storing = Storing(Writer(conninfo, PlainEngine()))
    storing.registry.load(storing.writer.connection())
    for n in range(EACH):
        passed = Passage(DAY0 + timedelta(seconds=n), device, 1 if n % 4 else -1)
        storing.writer.store(storing.batch([passed.message()]))
    storing.writer.close()


@pytest.fixture
def link(redis_url: str) -> Iterator[Link]:
    """A line to Valkey that can be cut."""
    made = Link(Path(redis_url.removeprefix("unix://").partition("?")[0]))
    yield made
    made.close()


def problem(counts: SpaceCounts) -> str | None:
    """What it says of itself, looked at anew."""
    return counts.problem


def shown(redis_url: str) -> dict[str, tuple[Any, ...]]:
    """What Redis has: version, base, since and so on by name."""
    with redis.Redis.from_url(redis_url) as client:
        return {name.decode(): tuple(json.loads(text)) for name, text in client.hgetall(SPACES).items()}


def test_two_processes_that_count_at_once_lose_none(doors: Doors) -> None:
    doors.register("a", "b")
    where = doors.space("hall")
    doors.place(where, Placing("a", 1, LONG_AGO, None), Placing("b", 1, LONG_AGO, None))
    spawn = multiprocessing.get_context("spawn")
    conninfo = doors.url.set(drivername="postgresql").render_as_string(hide_password=False)
    both = [spawn.Process(target=pass_many, args=(conninfo, device)) for device in "ab"]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert doors.live(where).since == 2 * (EACH - 2 * (EACH // 4))


def test_a_space_is_set_up_while_the_first_crossing_of_a_day_waits_for_that(doors: Doors) -> None:
    doors.register("a")
    where = doors.space("hall")
    doors.place(where, Placing("a", 1, LONG_AGO, None))
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

    def writer_waits() -> bool:
        with doors.engine.connect() as looking:
            return bool(looking.exec_driver_sql(waiting).scalar_one())

    with ThreadPoolExecutor(1) as pool:
        with doors.engine.begin() as setting_up:
            hold_still(lambda statement, parameters: list(setting_up.exec_driver_sql(statement, parameters)))
            stored = pool.submit(doors.pass_through, [Passage(DAY0, "a", 1)])
            wait_for("the writer to wait", writer_waits)
            assert setting_up.exec_driver_sql("SELECT count(*) FROM crossing").scalar_one() == 0
        stored.result(60)
    assert doors.live(where).since == 1


def test_a_redis_that_was_killed_in_mid_count_has_the_right_counts_again(
    doors: Doors, redis_url: str, link: Link
) -> None:
    doors.register("a")
    where, other = doors.space("hall"), doors.space("empty")
    doors.place(where, Placing("a", 1, LONG_AGO, None))
    now = [0.0]
    counts = SpaceCounts(CountsWriter(f"redis://127.0.0.1:{link.port}/0"), clock=lambda: now[0])

    def passed(second: int) -> None:
        batch = doors.pass_through([Passage(DAY0 + timedelta(seconds=second), "a", 1)])
        counts.publish(batch.counts)
        counts._settle(wait=True)

    counts.look(doors.storing.writer.asked)
    counts._settle(wait=True)
    passed(1)
    assert shown(redis_url)["hall"][2] == 1
    link.cut()
    passed(2)
    assert problem(counts) is not None
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
    passed(3)
    link.mend()
    now[0] = 2.0
    counts.look(doors.storing.writer.asked)
    counts._settle(wait=True)
    assert {name: row[2] for name, row in shown(redis_url).items()} == {"hall": 3, "empty": 0}
    assert problem(counts) is None

    with redis.Redis.from_url(redis_url) as client:
        client.flushall()  # killed and started anew while nobody passes
    doors.remove(other)
    now[0] = 4.0
    counts.look(doors.storing.writer.asked)
    counts.close()
    assert {name: row[2] for name, row in shown(redis_url).items()} == {"hall": 3}


def test_the_newer_count_stays_in_redis_in_whatever_order_they_come(redis_url: str) -> None:
    writer = CountsWriter(redis_url)
    old, new = (LiveCount("Café “X”", version, 0, version, None, None, 0, 0) for version in (1, 2))
    assert [writer.keep([one]) for one in (new, old)] == [1, 1]
    writer.close()
    assert shown(redis_url) == {"Café “X”": (2, 0, 2, None, None, 0, 0)}


def test_what_comes_after_the_closing_hour_is_counted_from_none(doors: Doors) -> None:
    """Two people are still inside when the space closes, as far as the sensors know."""
    doors.register("a")
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    hour = (today - timedelta(hours=1)).hour
    where = doors.space("hall", empty_hour=hour)
    doors.place(where, Placing("a", 1, LONG_AGO, None))
    closing = today.replace(hour=hour) - (timedelta(days=1) if hour == 23 else timedelta())
    evening = [Passage(closing - timedelta(minutes=n), "a", 1) for n in (20, 10)]
    doors.pass_through(evening)
    live = doors.live(where)
    assert live.count(to_micros(datetime.now(UTC))) == 0
    doors.pass_through([Passage(closing, "a", 1), Passage(closing + timedelta(minutes=1), "a", 1)])
    assert doors.live(where).count(to_micros(datetime.now(UTC))) == 2
    doors.pass_through([Passage(closing - timedelta(minutes=5), "a", 1)])
    assert doors.live(where).count(to_micros(datetime.now(UTC))) == 2, "a late one of before changes nothing now"


def test_a_count_that_is_corrected_moves_by_the_difference_and_a_repeat_by_nothing(doors: Doors) -> None:
    doors.register("a", "b")
    where = doors.space("hall")
    doors.place(where, Placing("a", 1, LONG_AGO, None), Placing("b", -1, LONG_AGO, DAY0))
    doors.pass_through([Passage(DAY0, "a", 1, 4), Passage(DAY0, "a", -1, 1), Passage(DAY0, "b", 1, 9)])
    assert doors.live(where).since == 3
    batch = doors.pass_through([Passage(DAY0, "a", 1, 4), Passage(DAY0, "a", -1, 3), Passage(DAY0, "a", 1, 0)])
    assert doors.live(where).since == 1
    assert batch.tallies(batch.is_stored())["test"].duplicate == 2
    assert doors.pass_through([Passage(DAY0, "a", -1, 3)]).counts == []
