"""What the conditions of alert rules find, and how alerts are listed, on both engines."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.alert_conditions import Count, Geofence, Metric, Silence, State
from core.alerts import Severity
from core.occupancy import Hours
from core.types import Message, from_micros
from db import spaces
from db.alert_rules import acknowledge, put_geofence
from db.queries.alerts import (
    Filter,
    Standing,
    list_alerts,
    standing,
    watching,
)
from db.queries.cursor import Cursor
from db.queries.spaces import get_space
from db.spaces import Placing
from db.watching import Turn, holds_now
from db.watching_sql import MOST
from tests.alerts.alarm import NOW, SQUARE, Alarm, alarm_on, at
from tests.db.conftest import T0, Storing, message


@pytest.fixture
def alarm(engine: Engine, database_url: URL, storing: Storing) -> Iterator[Alarm]:
    with alarm_on(engine, database_url, storing) as made:
        yield made


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


def test_a_rule_that_holds_for_too_many_follows_some_and_keeps_to_them(alarm: Alarm) -> None:
    alarm.storing.registry.max_devices = MOST + 10
    alarm.send(message("first", 0, speed=0.0), *(message(f"d{n:04}", 0, speed=9.0) for n in range(MOST)))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0))
    assert alarm.look() == Turn(opened=MOST)
    assert alarm.problem() is None

    alarm.send(message("first", 1, speed=9.0))
    assert alarm.look(1) == Turn()
    assert alarm.alerts(subject="first") == ()
    assert "more than 1000" in (alarm.problem() or "")

    alarm.send(message("d0007", 1, speed=0.0))
    assert alarm.look(2) == Turn(opened=1, closed=1)
    assert len(alarm.alerts(subject="first")) == 1


def test_the_values_of_a_device_that_has_been_silent_for_an_hour_tell_nothing_of_now(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0))
    alarm.look()
    assert alarm.look(3500) == Turn()
    assert alarm.look(3600) == Turn(closed=1)


def test_alerts_are_listed_page_by_page_and_by_filter(alarm: Alarm) -> None:
    alarm.rule(Metric(metric="speed", op="above", limit=1.0), severity=Severity.CRITICAL)
    for n, name in enumerate("abcde"):
        alarm.send(message(name, n, speed=9.0))
        alarm.look(n)
    alarm.send(message("a", 9, speed=0.0))
    alarm.look(9)

    names, after = [], None
    with alarm.engine.connect() as connection:
        while True:
            page = list_alerts(connection, Filter(), limit=2, after=after)
            names += [one.subject for one in page.items]
            if page.next is None:
                break
            after = Cursor.parse(str(page.next))
    assert names == list("edcba")
    assert [one.subject for one in alarm.alerts(state="closed")] == ["a"]
    assert [one.subject for one in alarm.alerts(subject="b")] == ["b"]
    assert alarm.alerts(rule="other") == alarm.alerts(severity=Severity.WARNING) == ()
    assert [one.subject for one in alarm.alerts(start=at(9.5))] == list("edcb")
    assert [one.subject for one in alarm.alerts(end=at(1))] == ["a"]


def test_what_is_open_now_is_counted_with_its_devices_and_spaces(alarm: Alarm) -> None:
    with alarm.engine.connect() as connection:
        assert standing(connection) == Standing()
        assert watching(connection) is None
    with alarm.engine.begin() as connection:
        spaces.put_space(connection, "hall", None, Hours("UTC", None, None, None), "ann")
        hall = get_space(connection, "hall")
        assert hall is not None
        spaces.note_count(connection, hall, NOW - timedelta(hours=1), 5, "ann")
    alarm.rule(Count("above", 1.0), "crowd", severity=Severity.CRITICAL)
    alarm.rule(Metric(metric="speed", op="above", limit=1.0), "fast")
    alarm.send(message("a", 0, speed=9.0))
    alarm.look()
    with alarm.engine.begin() as connection:
        (first,) = (one for one in alarm.alerts() if one.rule == "crowd")
        acknowledge(connection, first.id, "ann")
    with alarm.engine.connect() as connection:
        found, watched = standing(connection), watching(connection)
    assert (found.open, found.critical, found.unseen, found.devices, found.spaces) == (2, 1, 1, ("a",), ("hall",))
    assert watched is not None
    assert (watched.turned_at, watched.every_s) == (NOW, 1.0)
