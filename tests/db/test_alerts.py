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
from db.alert_rules import acknowledge, put_geofence, put_rule, remove_geofence, remove_rule
from db.database import conninfo
from db.queries.alerts import (
    Alert,
    Cursor,
    Filter,
    Standing,
    get_alert,
    get_geofence,
    list_alerts,
    list_rules,
    standing,
    watching,
)
from db.queries.spaces import get_space
from db.records import records_of
from db.spaces import Placing
from db.watching import Turn, Watch, holds_now, look
from db.watching_sql import MOST
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


def test_what_has_not_held_long_enough_is_pending_and_is_forgotten_when_it_is_over(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0), for_s=10.0)

    assert alarm.look() == Turn()
    assert alarm.alerts() == ()
    assert alarm.look(9) == Turn()
    alarm.send(message("a", 5, speed=0.0))
    assert alarm.look(9.5) == Turn()
    alarm.send(message("a", 6, speed=9.0))
    assert alarm.look(10) == Turn()
    assert alarm.look(20) == Turn(opened=1)


def test_after_a_gap_in_watching_what_was_pending_begins_anew(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0), for_s=60.0)

    alarm.look()
    assert alarm.look(120) == Turn()
    for second in range(130, 180, 10):
        assert alarm.look(second) == Turn()
    assert alarm.look(180) == Turn(opened=1)


@pytest.mark.parametrize("how", ["removed", "switched off"])
def test_alerts_of_a_rule_that_is_gone_or_off_close_and_stay_to_be_read(alarm: Alarm, how: str) -> None:
    alarm.send(message("a", 0, speed=9.0))
    over = Metric(metric="speed", op="above", limit=1.0)
    alarm.rule(over)
    alarm.rule(over, "pending", for_s=60.0)
    alarm.look()
    with alarm.engine.begin() as connection:
        for name in ("rule", "pending"):
            if how == "removed":
                assert remove_rule(connection, name, "ann")
            else:
                put_rule(connection, Rule(name, over, enabled=False), "ann")

    assert alarm.look(1) == Turn(closed=1)
    (found,) = alarm.alerts()
    assert (found.rule, found.subject, found.closed_at) == ("rule", "a", at(1))
    assert alarm.look(100) == Turn()


def test_a_rule_that_was_renamed_or_changed_keeps_its_open_alerts_while_they_hold(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0), message("b", 0, speed=3.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0))
    alarm.look()
    with alarm.engine.begin() as connection:
        changed = Rule("fast", Metric(metric="speed", op="above", limit=5.0))
        assert not put_rule(connection, changed, "bob", rename="rule")

    assert alarm.look(1) == Turn(closed=1)
    assert alarm.open() == ["a"]
    with alarm.engine.connect() as connection:
        (kept,) = list_rules(connection)
    assert (kept.rule, kept.author, kept.open) == (changed, "ann", 1)


def test_a_rule_cannot_take_the_name_of_another(alarm: Alarm) -> None:
    for name in ("one", "two"):
        alarm.rule(Silence(after_s=60.0), name)
    with alarm.engine.begin() as connection, pytest.raises(ValueError, match="There is a rule called two already"):
        put_rule(connection, Rule("two", Silence(after_s=60.0)), "ann", rename="one")


@pytest.mark.parametrize(
    ("condition", "problem"),
    [
        (Count("above", 1.0, space="hall"), "There is no space called hall."),
        (Metric(metric="load", op="above", limit=1.0), "There is no metric called load."),
        (Silence(after_s=60.0, device="b"), "There is no device called b."),
        (Geofence(geofence="depot", where="inside"), "There is no geofence called depot."),
    ],
)
def test_a_rule_says_what_it_names_that_there_is_not(alarm: Alarm, condition: Condition, problem: str) -> None:
    alarm.rule(condition)
    alarm.look()
    assert alarm.problem() == problem


def test_a_rule_says_no_more_that_something_is_missing_once_it_is_there(alarm: Alarm) -> None:
    alarm.rule(Metric(metric="load", op="above", limit=1.0))
    alarm.look()
    alarm.send(message("a", 0, values={"load": 2.0}))
    alarm.look(1)
    assert alarm.problem() is None
    assert alarm.open() == ["a"]


def test_a_rule_that_cannot_be_looked_at_says_so_and_the_others_go_on(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0))
    alarm.rule(Silence(after_s=60.0), "broken")
    alarm.rule(Metric(metric="speed", op="above", limit=1.0), "fine")
    with alarm.engine.begin() as connection:
        connection.exec_driver_sql("""UPDATE alert_rule SET condition = '{"kind": "moon"}' WHERE name = 'broken'""")

    assert alarm.look() == Turn(opened=1)
    with alarm.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT problem FROM alert_rule WHERE name = 'broken'").scalar_one()
    assert found.startswith("It cannot be looked at: ")


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


def test_a_look_that_was_cut_off_has_changed_nothing(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0))
    with alarm.connection.transaction(force_rollback=True):
        assert alarm.look() == Turn(opened=1)
    assert alarm.alerts() == ()
    assert alarm.look(1) == Turn(opened=1)


def test_the_values_of_a_device_that_has_been_silent_for_an_hour_tell_nothing_of_now(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0))
    alarm.look()
    assert alarm.look(3500) == Turn()
    assert alarm.look(3600) == Turn(closed=1)


def test_only_the_first_acknowledgement_counts_and_it_is_in_the_audit(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0))
    alarm.look()
    (found,) = alarm.alerts()
    with alarm.engine.begin() as connection:
        assert acknowledge(connection, found.id, "ann", "on my way")
        assert acknowledge(connection, found.id, "bob")
        assert not acknowledge(connection, found.id + 1, "bob")
        seen = get_alert(connection, found.id)
        whats = connection.exec_driver_sql("SELECT who, what FROM audit WHERE what LIKE 'alert %%ack%%'").all()
    assert seen is not None
    assert (seen.acked_by, seen.ack_note) == ("ann", "on my way")
    assert whats == [("ann", f"alert {found.id} acknowledged")]


def test_a_geofence_is_not_removed_while_a_rule_watches_it(alarm: Alarm) -> None:
    with alarm.engine.begin() as connection:
        assert put_geofence(connection, "depot", SQUARE, "ann")
        assert not put_geofence(connection, "depot", SQUARE[:3], "bob")
    alarm.rule(Geofence(geofence="depot", where="inside"))
    with alarm.engine.begin() as connection, pytest.raises(ValueError, match="depot is watched by rule"):
        remove_geofence(connection, "depot", "ann")
    with alarm.engine.begin() as connection:
        remove_rule(connection, "rule", "ann")
        assert remove_geofence(connection, "depot", "ann")
        assert not remove_geofence(connection, "depot", "ann")
        assert get_geofence(connection, "depot") is None


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


def test_alerts_that_closed_long_ago_are_forgotten_and_open_ones_never(alarm: Alarm, database_url: URL) -> None:
    alarm.send(message("a", 0, speed=9.0), message("b", 0, speed=9.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0))
    alarm.look()
    alarm.send(message("a", 1, speed=0.0))
    alarm.look(1)
    watch = Watch(conninfo(database_url))
    assert watch.forget(timedelta(days=36500)) == 0
    assert watch.forget(timedelta(days=1)) == 1
    watch.close()
    assert [one.subject for one in alarm.alerts()] == ["b"]
