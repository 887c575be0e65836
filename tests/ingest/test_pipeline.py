"""The pipeline: what the journal holds is stored exactly once, whatever is away or refused meanwhile."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
import redis

from core.errors import StoreUnavailable
from db.database import conninfo
from db.live import VALUES, LiveWriter
from tests.ingest.bench import LEDGER, T0, Bench, fix


def test_what_the_journal_holds_is_stored_shown_and_accounted_for(bench: Bench) -> None:
    bench.send(*(fix(f"d{i % 3}", i, battery=i / 10, headsign="CENTRE") for i in range(30)))
    bench.send(fix("d0", 27), {"lat": 1}, source="other")
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM position") == [(30,)]
    assert bench.ask("SELECT count(*) FROM measurement") == [(30,)]
    assert bench.ask(LEDGER) == [("other", 2, 0, 1, 1), ("test", 30, 30, 0, 0)]
    assert bench.ask("SELECT position FROM checkpoint") == [(2,)]
    assert bench.ask("SELECT DISTINCT attributes FROM device") == [({"headsign": "CENTRE"},)]
    assert {round(lat, 3) for _, lat in bench.shown().values()} == {30.027, 30.028, 30.029}
    with redis.Redis.from_url(bench.redis_url) as client:
        assert json.loads(client.hget(VALUES, "1") or b"") == {"battery": 2.7}


def test_a_kill_between_commit_and_forgetting_stores_nothing_twice(bench: Bench) -> None:
    for second in range(20):
        bench.send(fix("a", second))
    bench.pipeline.tick()
    for second in range(20, 40):
        bench.send(fix("a", second))
    bench.restart()
    bench.pipeline.tick()
    bench.restart()
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*), count(DISTINCT ts) FROM position") == [(40, 40)]
    assert bench.ask(LEDGER) == [("test", 40, 40, 0, 0)]


def test_a_checkpoint_lost_with_the_rows_kept_gives_duplicates_not_rows(bench: Bench) -> None:
    bench.send(*(fix("a", second) for second in range(10)))
    bench.pipeline.tick()
    bench.run("UPDATE checkpoint SET position = 0")
    bench.restart()
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM position") == [(10,)]
    assert bench.ask(LEDGER) == [("test", 20, 10, 10, 0)]


def test_with_the_database_away_the_map_stays_live_and_the_backlog_is_stored_later(bench: Bench) -> None:
    bench.send(fix("a", 0))
    bench.pipeline.tick()
    admin = conninfo(bench.url.set(database="postgres"))  # the database that always takes connections
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {bench.url.database} ALLOW_CONNECTIONS false")
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (bench.url.database,)
        )
        for second in range(1, 200):
            bench.send(fix("a", second))
            bench.pipeline.tick()
            bench.now += 0.1
        assert bench.away() == (True, False)
        assert bench.shown()[1][1] == pytest.approx(30.199)
        connection.execute(f"ALTER DATABASE {bench.url.database} ALLOW_CONNECTIONS true")
    bench.now += 5
    bench.pipeline.tick()
    assert bench.away() == (False, False)
    assert bench.ask("SELECT count(*) FROM position") == [(200,)]
    assert bench.ask(LEDGER) == [("test", 200, 200, 0, 0)]
    assert bench.ask("SELECT lat FROM latest") == [(pytest.approx(30.199),)]


def test_with_redis_away_storing_goes_on_and_live_state_is_rebuilt(bench: Bench) -> None:
    bench.send(fix("a", 0), fix("b", 0))
    bench.pipeline.tick()
    good, refused = bench.pipeline.live_state._live, LiveWriter("redis://127.0.0.1:1/0")  # nobody listens there
    bench.pipeline.live_state._live = refused
    bench.send(fix("a", 1))
    bench.pipeline.tick()
    assert bench.away() == (False, True)
    assert bench.ask("SELECT count(*) FROM position") == [(3,)]
    with redis.Redis.from_url(bench.redis_url) as client:
        client.flushall()
    bench.pipeline.live_state._live = good
    bench.now += 5
    bench.tick_until_live()
    assert bench.away() == (False, False)
    assert {round(lat, 3) for _, lat in bench.shown().values()} == {30.0, 30.001}


def test_a_redis_that_hangs_holds_up_no_tick_once_it_was_found_away(bench: Bench) -> None:
    good, hanging = bench.pipeline.live_state._live, HangingLive()
    bench.pipeline.live_state._live = hanging
    bench.send(fix("a", 0))
    bench.pipeline.tick()  # it does not know yet, and waits until the socket gives up
    assert bench.away() == (False, True)
    hanging.patience_s = 600.0
    for second in range(1, 20):
        bench.now += 5
        bench.send(fix("a", second))
        bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM position") == [(20,)]
    assert hanging.asked == 2, "one was told, one is tried anew, and none beside it"
    bench.pipeline.live_state._live = good
    hanging.let_go.set()
    bench.now += 5
    bench.tick_until_live()
    assert bench.shown()[1][1] == pytest.approx(30.019)


class HangingLive(LiveWriter):
    """As over a line on which nothing comes back: every call waits, and fails in the end."""

    def __init__(self) -> None:
        super().__init__("redis://127.0.0.1:1/0")
        self.patience_s = 0.0
        self.asked = 0
        self.let_go = threading.Event()

    def _run(self, call: Callable[[], object]) -> None:
        self.asked += 1
        self.let_go.wait(self.patience_s)
        raise StoreUnavailable("Redis does not answer: Timeout reading from socket")


def test_live_state_is_rebuilt_from_the_database_at_start(bench: Bench) -> None:
    bench.send(fix("a", 5, battery=0.5))
    bench.pipeline.tick()
    with redis.Redis.from_url(bench.redis_url) as client:
        client.flushall()
    bench.restart()
    [(ts, lat)] = bench.shown().values()
    assert (ts, round(lat, 6)) == (round((T0 + 5) * 1e6), 30.005)


def test_the_live_state_moves_forward_in_device_time_only(bench: Bench) -> None:
    bench.send(fix("a", 5))
    bench.send(fix("a", 3))
    bench.pipeline.tick()
    assert bench.shown()[1][1] == pytest.approx(30.005)
    assert bench.ask("SELECT lat FROM latest") == [(pytest.approx(30.005),)]
    assert bench.ask("SELECT count(*) FROM position") == [(2,)]


def test_messages_that_the_database_refuses_are_set_aside_and_the_rest_goes_on(bench: Bench) -> None:
    bench.run("ALTER TABLE position ADD CHECK (lat < 30.9)")
    bench.send(*(fix("a", second) for second in range(10)), fix("a", 950), fix("b", 980), fix("c", 1))
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM position") == [(11,)]
    assert bench.ask(LEDGER) == [("test", 13, 11, 0, 2)]
    assert bench.pipeline.storer.refused == {"refused by the database": 2}
    bench.send(fix("a", 20))
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM position") == [(12,)]


def test_a_flood_of_devices_or_metrics_is_bounded_and_counted(tmp_path: Path, bench: Bench) -> None:
    bench.pipeline._registry.max_devices = 5
    bench.pipeline._registry.max_metrics = 2
    bench.send(*(fix(f"d{i}", i) for i in range(9)))
    bench.send(fix("d0", 100, m1=1, m2=2, m3=3))
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM device") == [(5,)]
    assert bench.ask(LEDGER) == [("test", 10, 6, 0, 4)]
    assert bench.ask("SELECT count(*) FROM measurement") == [(2,)]
    assert bench.pipeline.storer.refused == {"too many devices": 4}
    assert bench.pipeline.registrar.metrics_refused == 1


def test_a_name_that_no_database_takes_is_refused_by_itself(bench: Bench) -> None:
    bench.send(fix("a\x00b", 1), fix("good", 1))
    bench.pipeline.tick()
    assert bench.ask("SELECT name FROM device") == [("good",)]
    assert bench.ask(LEDGER) == [("test", 2, 1, 0, 1)]


def test_a_journal_that_was_lost_does_not_hide_what_comes_after(bench: Bench) -> None:
    for second in range(5):
        bench.send(fix("a", second))
    bench.pipeline.tick()
    bench.journal.close()
    for file in bench.directory.iterdir():
        file.unlink()
    bench.open()
    bench.send(fix("a", 10))
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM position") == [(6,)]


def test_a_clock_that_was_set_back_loses_nothing_and_moves_no_device_back(bench: Bench) -> None:
    nameless_moment = json.dumps({"device_id": "a", "lat": 31, "lon": 1}).encode()
    earlier = json.dumps({"device_id": "a", "lat": 32, "lon": 1}).encode()
    bench.journal.append("test", [nameless_moment], received_at=round((T0 + 100) * 1e6))
    bench.pipeline.tick()
    bench.journal.append("test", [earlier], received_at=round((T0 + 40) * 1e6))
    bench.pipeline.tick()
    assert bench.ask("SELECT lat FROM position ORDER BY ts") == [(32.0,), (31.0,)]
    assert bench.shown()[1][1] == 31.0
    assert bench.ask(LEDGER) == [("test", 2, 2, 0, 0)]
