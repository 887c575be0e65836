"""Alerts against a real database: what conditions find, and what becomes of it turn after turn."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.alert_conditions import Condition, Count, Geofence, Metric, Silence, State
from core.alerts import Rule, Severity
from core.occupancy import Hours
from core.types import Message, from_micros
from db import spaces
from db.alert_rules import put_geofence, put_rule
from db.database import conninfo
from db.queries.alerts import Alert, Filter, list_alerts, list_rules
from db.queries.spaces import get_space
from db.records import records_of
from db.spaces import Placing
from db.watching import Turn, holds_now, look
from db.write import Latest
from tests.db.conftest import T0, Storing, message

NOW = from_micros(T0) + timedelta(minutes=1)
SQUARE = ((30.0, -98.0), (31.0, -98.0), (31.0, -97.0), (30.0, -97.0))


class Alarm:
    """A database, with a watch that looks when it is told to."""

    def __init__(self, engine: Engine, connection: psycopg.Connection, storing: Storing) -> None:
        self.engine, self.connection, self.storing = engine, connection, storing

    def send(self, *messages: Message) -> None:
        """Store messages as the ingest does, the newest of each device being its live state."""
        batch = self.storing.batch(messages)
        devices = self.storing.registry.devices
        records = records_of(messages, [devices[one.device] for one in messages])
        values = {
            devices[one.device]: {name: (value, one.ts) for name, value in one.values.items()}
            for one in messages
            if one.values
        }
        self.storing.writer.store(batch, Latest(records, values))

    def rule(self, condition: Condition, name: str = "rule", **more: object) -> None:
        """Set one up."""
        with self.engine.begin() as connection:
            put_rule(connection, Rule(name, condition, **more), "ann")  # type: ignore[arg-type]  # test data

    def look(self, after_s: float = 0.0, **more: bool) -> Turn:
        """A turn, so many seconds after NOW."""
        return look(self.connection, NOW + timedelta(seconds=after_s), **more)

    def alerts(self, **asked: object) -> tuple[Alert, ...]:
        """What is found."""
        with self.engine.connect() as connection:
            return list_alerts(connection, Filter(**asked)).items  # type: ignore[arg-type]  # test data

    def open(self) -> list[str]:
        """The subjects of open alerts."""
        return sorted(one.subject for one in self.alerts(state="open"))

    def problem(self) -> str | None:
        """What the rule says is wrong."""
        with self.engine.connect() as connection:
            return list_rules(connection)[0].problem


@pytest.fixture
def alarm(engine: Engine, database_url: URL, storing: Storing) -> Iterator[Alarm]:
    with psycopg.connect(conninfo(database_url), autocommit=True, options="-c timezone=UTC") as connection:
        yield Alarm(engine, connection, storing)


def at(second: float) -> datetime:
    return NOW + timedelta(seconds=second)


def test_a_metric_above_its_limit_opens_an_alert_and_closes_it_once_it_is_not(alarm: Alarm) -> None:
    alarm.send(message("fast", 0, speed=30.0), message("slow", 0, speed=3.0))
    alarm.rule(Metric(metric="speed", op="above", limit=25.0), severity=Severity.CRITICAL)

    assert alarm.look() == Turn(opened=1)
    (found,) = alarm.alerts()
    assert (found.subject, found.value, found.opened_at, found.severity) == ("fast", 30.0, NOW, "critical")

    alarm.send(message("fast", 10, speed=33.0))
    assert alarm.look(1) == Turn()
    assert alarm.alerts()[0].worst == 33.0

    alarm.send(message("fast", 20, speed=25.0))
    assert alarm.look(2) == Turn(closed=1)
    (found,) = alarm.alerts()
    assert (found.value, found.worst, found.closed_at) == (30.0, 33.0, at(2))


def test_a_measurement_is_compared_as_a_number(alarm: Alarm) -> None:
    alarm.send(message("a", 0, values={"battery": 9.0}), message("b", 0, values={"battery": 10.0}))
    alarm.rule(Metric(metric="battery", op="below", limit=10.0))

    alarm.look()
    assert alarm.open() == ["a"]


def test_a_space_that_fills_opens_an_alert(alarm: Alarm) -> None:
    alarm.storing.registry.add_devices(alarm.storing.writer.connection(), ["door"])
    with alarm.engine.begin() as connection:
        for name, capacity in (("hall", 4), ("attic", None)):
            spaces.put_space(connection, name, capacity, Hours("UTC", None, None, None), "ann")
        hall = get_space(connection, "hall")
        assert hall is not None
        spaces.put_placements(connection, hall, [Placing("door", 1, NOW - timedelta(days=9), None)], "ann")
    alarm.rule(Count("at_least", 100.0, of_capacity=True), "full")
    alarm.rule(Count("at_most", 0.0, space="hall"), "empty")

    ts = T0
    for people, full in ((3, 0), (1, 1)):
        alarm.send(Message("door", ts, ts, crossing=(people, 0)))
        assert alarm.look().opened == full
        ts += 1_000_000
    assert [(one.rule, one.subject, one.value) for one in alarm.alerts()] == [("full", "hall", 100.0)]
    alarm.send(Message("door", ts, ts, crossing=(0, 4)))
    assert alarm.look(1) == Turn(opened=1, closed=1)


def test_silence_is_said_since_when_it_became_one(alarm: Alarm) -> None:
    alarm.send(message("a", 0), message("b", 50))
    with alarm.engine.begin() as connection:  # they were registered by the real clock
        connection.exec_driver_sql("UPDATE device SET last_seen = '2026-01-01'")
    alarm.rule(Silence(after_s=30.0))

    alarm.look()
    (found,) = alarm.alerts()
    assert found.subject == "a"
    assert found.since == from_micros(T0 + 250_000) + timedelta(seconds=30)
    assert found.value == pytest.approx(59.75)


def test_a_state_counts_from_the_event_that_led_to_it(alarm: Alarm) -> None:
    alarm.send(message("a", 0, event="door_open"), message("b", 50, event="door_open"))
    alarm.rule(State(machine="door", state="open"), for_s=30.0)

    assert alarm.look() == Turn(opened=1)
    assert alarm.open() == ["a"]
    assert alarm.look(20) == Turn(opened=1)


def test_a_geofence_tells_inside_from_outside(alarm: Alarm) -> None:
    with alarm.engine.begin() as connection:
        put_geofence(connection, "depot", SQUARE, "ann")
    alarm.send(message("in", 0), message("out", 0, lat=29.0), message("nowhere", 0, lat=None, lon=None))
    alarm.rule(Geofence(geofence="depot", where="inside"), "inside")
    alarm.rule(Geofence(geofence="depot", where="outside"), "outside")

    alarm.look()
    assert {(one.rule, one.subject) for one in alarm.alerts()} == {("inside", "in"), ("outside", "out")}


def test_a_geofence_over_the_date_line_holds_both_sides_of_it(alarm: Alarm) -> None:
    with alarm.engine.begin() as connection:
        put_geofence(connection, "strait", ((-1.0, 179.0), (1.0, 179.0), (1.0, 181.0), (-1.0, 181.0)), "ann")
    alarm.send(*(message(name, 0, lat=0.0, lon=lon) for name, lon in (("w", -179.5), ("e", 179.5), ("far", 0))))
    alarm.rule(Geofence(geofence="strait", where="inside"))

    alarm.look()
    assert alarm.open() == ["e", "w"]


@pytest.mark.parametrize("who", [{"device": "a"}, {"fleet": "north"}])
def test_a_rule_about_some_devices_leaves_the_others_alone(alarm: Alarm, who: dict[str, str]) -> None:
    alarm.send(message("a", 0, speed=9.0), message("b", 0, speed=9.0))
    with alarm.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE device SET fleet = 'north' WHERE name = 'a'")
    alarm.rule(Metric(metric="speed", op="above", limit=1.0, **who))

    alarm.look()
    assert alarm.open() == ["a"]


def test_what_a_rule_would_find_can_be_asked_before_it_is_set_up(alarm: Alarm) -> None:
    alarm.send(message("a", 0, event="door_open"))
    with alarm.engine.connect() as connection:
        found, problem = holds_now(connection, State(machine="door", state="open"))
        assert ([one.name for one in found], problem) == (["a"], None)
        assert holds_now(connection, Silence(after_s=60.0, device="b")) == ([], "There is no device called b.")
