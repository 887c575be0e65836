"""What becomes of alerts turn after turn, and of their rules and geofences."""

from datetime import timedelta

import pytest
from sqlalchemy.engine import URL

from core.alert_conditions import Condition, Count, Geofence, Metric, Silence
from core.alerts import Rule
from db.alert_rules import acknowledge, put_geofence, put_rule, remove_geofence, remove_rule
from db.database import conninfo
from db.queries.alerts import (
    get_alert,
    get_geofence,
    list_rules,
)
from db.watching import Turn, Watch
from tests.alerts.alarm import SQUARE, Alarm, at
from tests.db.conftest import message


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


def test_a_look_that_was_cut_off_has_changed_nothing(alarm: Alarm) -> None:
    alarm.send(message("a", 0, speed=9.0))
    alarm.rule(Metric(metric="speed", op="above", limit=1.0))
    with alarm.connection.transaction(force_rollback=True):
        assert alarm.look() == Turn(opened=1)
    assert alarm.alerts() == ()
    assert alarm.look(1) == Turn(opened=1)


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
