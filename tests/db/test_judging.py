"""Events judged by the database: in any order and any batches as a plain computation over all of them says."""

import random
from collections.abc import Callable

from core.machines import machine
from core.timelines import Rules
from core.types import Message
from db.batch import Tally
from db.rejudging import judge_anew, judge_devices
from tests.db.conftest import Storing
from tests.db.test_happenings import event

Rows = Callable[[str], list[tuple[object, ...]]]
MARKS = "SELECT type, state, marks FROM event ORDER BY device_id, ts, received_at, id"
STATES = "SELECT device_id, machine, state, extract(epoch FROM ts)::int8 FROM device_state ORDER BY 1, 2"
SAID = "SELECT d.name, e.ts, e.type, e.machine, e.state, e.marks FROM event e JOIN device d ON d.id = e.device_id"


def received(sent: Message, late_s: float) -> Message:
    """The same, received so much later than it says."""
    sent.received_at = sent.ts + round(late_s * 1e6)
    return sent


def test_each_event_is_checked_against_the_state_before_it(storing: Storing, rows: Rows) -> None:
    storing.store([event("a", 1, "door_open"), event("a", 2, "door_open"), event("a", 3, "alarm")])
    storing.store([event("a", 4, "ignition_off"), event("a", 5, "door_close")])
    assert rows(MARKS) == [
        ("door_open", "open", []),
        ("door_open", "open", ["repeat"]),
        ("alarm", None, []),
        ("ignition_off", "off", []),
        ("door_close", "closed", []),
    ]
    assert [row[1:3] for row in rows(STATES)] == [("door", "closed"), ("ignition", "off")]


def test_what_comes_late_is_put_in_its_place_and_the_next_is_checked_anew(storing: Storing, rows: Rows) -> None:
    storing.store([event("a", 10, "door_open"), event("a", 30, "door_open"), event("b", 1, "door_open")])
    assert rows(MARKS)[1] == ("door_open", "open", ["repeat"])
    assert storing.store([event("a", 20, "door_close")]) == Tally(1, 1, 0, 0)
    storing.store([event("a", 25, "alarm"), event("a", 5, "door_close"), event("a", 20, "door_close")])
    assert rows(MARKS)[:5] == [
        ("door_close", "closed", []),
        ("door_open", "open", []),
        ("door_close", "closed", []),
        ("alarm", None, []),
        ("door_open", "open", []),
    ]
    storing.store([event("a", 24, "door_close"), event("a", 40, "door_open")])
    assert [row[2] for row in rows(MARKS)] == [[], [], [], ["repeat"], [], [], ["repeat"], []]
    assert rows("SELECT state FROM device_state ORDER BY device_id") == [("open",), ("open",)]


def test_a_clock_that_jumps_is_marked_whichever_of_two_is_stored_first(storing: Storing, rows: Rows) -> None:
    normal, back = received(event("a", 90_000, "door_open"), 1), received(event("a", 10, "door_close"), 90_100)
    storing.store([normal])
    storing.store([back, received(event("a", 95_000, "x"), -61), received(event("a", 95_001, "x"), -59)])
    storing.store([received(event("b", 10, "door_close"), 90_100)])
    storing.store([received(event("b", 90_000, "door_open"), 1)])
    late_but_in_order = [received(event("c", 10, "x"), 90_000), received(event("c", 90_000, "x"), 100)]
    storing.store(late_but_in_order)
    assert rows("SELECT type, marks FROM event ORDER BY device_id, ts")[:2] == [
        ("door_close", ["clock_jump"]),
        ("door_open", []),
    ]
    jumped = rows(
        "SELECT d.name, e.type FROM event e JOIN device d ON d.id = device_id WHERE 'clock_jump' = ANY(marks)"
    )
    assert sorted(jumped) == [("a", "door_close"), ("a", "x"), ("b", "door_close")]


def test_any_order_and_any_batches_are_judged_as_a_plain_computation_judges(storing: Storing, rows: Rows) -> None:
    draw = random.Random(17)
    kinds = ["door_open", "door_close", "ignition_on", "ignition_off", "alarm"]
    sent = [
        received(
            event(f"d{draw.randrange(3)}", 600 * i + draw.random(), draw.choice(kinds)), draw.choice([1, 9_000, -90])
        )
        for i in range(120)
    ]
    shuffled = sent + sent[::9]
    draw.shuffle(shuffled)
    while shuffled:
        size = draw.randrange(1, 30)
        storing.store(shuffled[:size])
        shuffled = shuffled[size:]
    connection = storing.writer.connection()
    said, states = sorted(map(str, rows(SAID))), rows(STATES)
    assert len(said) == 120
    assert len([one for one in said if "repeat" in one or "out_of_order" in one]) > 20
    assert len([one for one in said if "clock_jump" in one]) > 20
    assert judge_devices(connection, storing.rules, list(storing.registry.devices.values())) == 0
    assert rows(STATES) == states


def test_when_the_rules_change_all_is_judged_anew_and_once(storing: Storing, rows: Rows) -> None:
    storing.store([event("a", 1, "door_open"), event("a", 2, "gate_open"), event("b", 3, "door_open")])
    connection = storing.writer.connection()
    assert judge_anew(connection, storing.rules) == 0
    rules = Rules((machine("gate", gate_open=("open", "closed"), door_open=("closed",)),))
    assert [judge_anew(connection, rules, 1) for _ in range(3)] == [1, 1, 0]
    assert rows(MARKS) == [("door_open", "closed", []), ("gate_open", "open", []), ("door_open", "closed", [])]
    assert [row[1:3] for row in rows(STATES)] == [("gate", "open"), ("gate", "closed")]
    storing.rules = rules
    storing.store([event("b", 9, "gate_open"), event("b", 10, "gate_open")])
    assert [row[2] for row in rows(MARKS)] == [[], [], [], [], ["repeat"]]


def test_states_outlive_the_events_that_led_to_them(storing: Storing, rows: Rows) -> None:
    storing.store([event("a", 1, "door_open")])
    rows("DELETE FROM event RETURNING 1")
    storing.store([event("a", 2, "door_open")])
    assert rows(MARKS) == [("door_open", "open", ["repeat"])]
