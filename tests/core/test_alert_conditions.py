"""Conditions of alert rules: their JSON, and how they read."""

from typing import Any

import pytest

from core.alert_conditions import Condition, about, compare, condition_of, happened, looked_for, to_json
from core.text import number

FORMS: list[tuple[dict[str, Any], str, str]] = [
    ({"kind": "count", "op": "at_least", "limit": 120.0, "space": "Hall"}, "Hall", "at least 120 people inside"),
    ({"kind": "count", "op": "above", "limit": 90.0, "of_capacity": True}, "every space", "more than 90 % full"),
    ({"kind": "metric", "metric": "speed", "op": "below", "limit": 2.0}, "every device", "speed less than 2 m/s"),
    ({"kind": "silence", "after_s": 600.0, "device": "bus-1"}, "bus-1", "nothing sent for 10 min"),
    ({"kind": "geofence", "geofence": "Depot", "is": "outside", "fleet": "n"}, "the fleet n", "outside Depot"),
    ({"kind": "state", "machine": "door", "state": "open"}, "every device", "door is open"),
]


@pytest.mark.parametrize(("given", "who", "what"), FORMS)
def test_each_form_is_read_written_and_said(given: dict[str, Any], who: str, what: str) -> None:
    condition: Condition = condition_of(given)
    assert to_json(condition) == given
    assert about(condition) == who
    assert looked_for(condition, lambda value: f"{number(value)} m/s") == what


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        {},
        {"kind": "moon"},
        {"kind": "count", "op": "at_least"},
        {"kind": "count", "op": "at_least", "limit": "1"},
        {"kind": "count", "op": "=", "limit": 1},
        {"kind": "count", "op": "at_least", "limit": -1},
        {"kind": "count", "op": "at_least", "limit": 1, "device": "a"},
        {"kind": "metric", "metric": "", "op": "above", "limit": 1},
        {"kind": "metric", "metric": "a\0b", "op": "above", "limit": 1},
        {"kind": "metric", "metric": "x" * 201, "op": "above", "limit": 1},
        {"kind": "silence", "after_s": 1},
        {"kind": "silence", "after_s": 1e9},
        {"kind": "geofence", "geofence": "Depot", "is": "near"},
        {"kind": "state", "machine": "door", "state": "open", "device": "a", "fleet": "b"},
    ],
)
def test_what_is_no_condition_is_refused_in_a_sentence(given: object) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        condition_of(given)


@pytest.mark.parametrize(
    ("op", "below", "at", "above"),
    [
        ("at_least", False, True, True),
        ("above", False, False, True),
        ("at_most", True, True, False),
        ("below", True, False, False),
    ],
)
def test_limits_are_compared_as_they_say(op: Any, below: bool, at: bool, above: bool) -> None:
    assert [compare(value, op, 5.0) for value in (4.0, 5.0, 6.0)] == [below, at, above]


def test_what_was_found_is_said_with_its_value_and_the_limit() -> None:
    full = condition_of({"kind": "count", "op": "at_least", "limit": 100, "of_capacity": True})
    assert happened(full, 108.33) == "108 % full (limit: at least 100 %)"
    fast = condition_of({"kind": "metric", "metric": "speed", "op": "above", "limit": 25})
    assert happened(fast, 31.0, lambda v: f"{v:g} m/s", "Speed") == "Speed 31 m/s (limit: more than 25 m/s)"
    silent = condition_of({"kind": "silence", "after_s": 60})
    assert happened(silent, 61.0) == "nothing sent for 1 min"
