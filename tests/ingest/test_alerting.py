"""The job that watches for alerts: how often it looks, what it announces, and that two of it open an alert once."""

from datetime import UTC, datetime
from math import floor

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.alert_conditions import Silence
from core.alerts import Rule
from db.alert_rules import put_rule
from db.database import conninfo
from db.live_alerts import AlertFollower, Announcer
from db.queries.alerts import Filter, list_alerts
from db.watching import Turn, Watch, look
from ingest.alerting import Alerting
from tests.app.process import wait_for

SILENT = Rule("silent", Silence(after_s=60.0))


class SlowWatch(Watch):
    """A watch that takes so long by the clock of the test."""

    def __init__(self) -> None:
        super().__init__("")
        self.now, self.takes_s, self.looks = 100.0, 0.0, 0

    def clock(self) -> float:
        return self.now

    def turn(self, *, tells: bool, every_s: float) -> Turn:
        self.looks += 1
        self.now += self.takes_s
        return Turn()


def test_it_looks_each_second_and_seldomer_where_that_would_take_more_than_a_tenth_of_a_core(redis_url: str) -> None:
    watch = SlowWatch()
    alerting = Alerting(watch, Announcer(redis_url), lambda: False, watch.clock)

    def looks_within_20_s(takes_s: float) -> int:
        watch.takes_s, watch.looks = takes_s, 0
        end = watch.now + 20
        while watch.now < end:
            alerting.turn()
            watch.now = floor(watch.now) + 1.0  # the scheduler comes each second
        return watch.looks

    assert looks_within_20_s(0.0) == 20
    looks_within_20_s(0.5)
    assert looks_within_20_s(0.5) == 4
    looks_within_20_s(0.0)
    assert looks_within_20_s(0.0) == 20
    alerting.close()


def test_one_look_that_takes_long_delays_no_other(redis_url: str) -> None:
    watch = SlowWatch()
    alerting = Alerting(watch, Announcer(redis_url), lambda: False, watch.clock)
    watch.takes_s = 3.0  # as a first one that has to connect
    alerting.turn()
    watch.takes_s = 0.0
    watch.now += 1.0
    alerting.turn()
    assert watch.looks == 2
    alerting.close()


@pytest.fixture
def silent_device(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO device (name, attributes, last_seen) VALUES ('a', '{}', '2026-01-01')")
        connection.exec_driver_sql(
            "INSERT INTO latest (device_id, ts, received_at, measurements)"
            " SELECT id, '2026-01-01', '2026-01-01', '{}' FROM device"
        )


@pytest.mark.usefixtures("silent_device")
def test_web_processes_are_told_at_once_and_without_redis_a_second_later(
    engine: Engine, database_url: URL, redis_url: str
) -> None:
    follower = AlertFollower(engine.connect, redis_url)
    deaf = AlertFollower(engine.connect, "redis://127.0.0.1:9")
    told: list[int] = []
    follower.listen(lambda: told.append(follower.current.open))
    alerting = Alerting(Watch(conninfo(database_url)), Announcer(redis_url), lambda: False)
    follower.start()
    deaf.start()
    try:
        with engine.begin() as connection:
            put_rule(connection, SILENT, "ann")
        alerting.turn()
        wait_for("both know of it", lambda: told == [1] and deaf.current.open == 1)
        assert follower.current.devices == ("a",)
    finally:
        follower.stop()
        deaf.stop()
        alerting.close()


@pytest.mark.usefixtures("silent_device")
def test_a_redis_that_is_away_keeps_no_alert_from_opening(engine: Engine, database_url: URL) -> None:
    alerting = Alerting(Watch(conninfo(database_url)), Announcer("redis://127.0.0.1:9"), lambda: False)
    with engine.begin() as connection:
        put_rule(connection, SILENT, "ann")
    alerting.turn()
    alerting.close()
    with engine.connect() as connection:
        assert len(list_alerts(connection, Filter()).items) == 1


@pytest.mark.usefixtures("silent_device")
def test_two_who_look_at_once_open_an_alert_once(engine: Engine, database_url: URL) -> None:
    with engine.begin() as connection:
        put_rule(connection, SILENT, "ann")
    url, now = conninfo(database_url), datetime.now(UTC)
    with psycopg.connect(url, autocommit=True) as one, psycopg.connect(url, autocommit=True) as other:
        with one.transaction():
            assert look(one, now) == Turn(opened=1)
            assert look(other, now) == Turn(skipped=True)
        assert look(other, now) == Turn()
