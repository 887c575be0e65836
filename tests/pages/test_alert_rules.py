"""The Alerts page as pure functions: rules, and the form in which one is set up."""

from typing import Any

import pytest

from auth.roles import ANYONE
from core.alert_conditions import Count, Geofence, Metric, Silence, State
from core.alerts import LONGEST_WAIT_S, Found, Rule, Severity
from core.machines import DEFAULT_MACHINES
from db.watching_sql import MOST
from pages.alerts import _ids as ids
from pages.alerts._filled import KINDS, Unusable, apart, begun, condition_of, fields_of, filled
from pages.alerts._form import form, hidden_groups, holds_for, options
from pages.alerts._load import Choices
from pages.alerts._rules import may_change, rules_table, who_may
from tests.pages.alert_rows import ADMIN, ANALYST, FAST, SPEED, VIEWER, WORDS, stored


def test_analysts_change_their_own_rules_and_admins_all() -> None:
    for who, may in ((ADMIN, True), (ANALYST, True), (VIEWER, False), (ANYONE, False), (None, False)):
        assert may_change("b", who) is may, who
    assert not may_change("someone else", ANALYST)
    assert may_change("someone else", ADMIN)
    for who in (ADMIN, ANALYST):
        shown = str(rules_table([stored()], WORDS, who, "/alerts"))
        assert "wp-switch" in shown
        assert '"edit": "rule"' in shown
    looked_at = str(rules_table([stored(author="someone else")], WORDS, ANALYST, "/alerts"))
    assert "wp-switch" not in looked_at
    assert "Edit" not in looked_at


def test_others_are_told_to_sign_in_and_come_back_to_what_they_wanted() -> None:
    then = "/alerts?new=space&space=Hall"
    assert "/sign-in?next=%2Falerts%3Fnew%3Dspace%26space%3DHall" in str(who_may(ANYONE, then))
    assert "c may look" in str(who_may(VIEWER, then))
    assert "does not answer" in str(who_may(None, then))


def test_a_rule_says_what_it_looks_for_how_it_waits_and_how_it_stands() -> None:
    shown = str(rules_table([stored(for_s=600, clear_s=60)], WORDS, ANALYST, "/alerts"))
    for said in (
        "Every device: Speed more than 90 km/h", "must hold for 10 min, must be over for 1 min", "Watching", "'3'",
        "Show the 3 open alerts of rule",
    ):  # fmt: skip
        assert said in shown, said
    assert "'Off'" in str(rules_table([stored(enabled=False)], WORDS, ANALYST, "/alerts"))
    missing = "There is no metric called x."
    assert missing in str(rules_table([stored(problem=missing)], WORDS, ANALYST, "/alerts"))


def test_without_a_rule_three_buttons_begin_one() -> None:
    shown = str(rules_table([], WORDS, ANALYST, "/alerts"))
    for kind in ("space", "silence", "metric"):
        assert f'"new": "{kind}"' in shown
    assert "Sign in" in str(rules_table([], WORDS, ANYONE, "/alerts"))


RULES = (
    Rule("a", Count("at_least", 120, "Hall"), 60, 300, Severity.CRITICAL, enabled=False),
    Rule("b", Count("above", 90, of_capacity=True)),
    Rule("c", Metric(metric="speed", op="above", limit=30 / 3.6, fleet="north"), 90, 7200),
    Rule("d", Metric(metric="no longer known", op="at_most", limit=-3.25, device="bus-1")),
    Rule("e", Silence(after_s=600)),
    Rule("f", Geofence(geofence="Depot", where="inside", fleet="north")),
    Rule("g", State(machine="door", state="open", device='a "door"')),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_that_is_opened_and_saved_stays_as_it_was(rule: Rule) -> None:
    again = filled(fields_of(rule, WORDS), WORDS)
    if isinstance(rule.condition, Metric) and isinstance(again.condition, Metric):
        assert again.condition.limit == pytest.approx(rule.condition.limit, rel=1e-9)
        assert fields_of(again, WORDS) == fields_of(rule, WORDS)
    else:
        assert again == rule


def test_a_limit_is_written_in_the_unit_of_the_reader_and_kept_in_si() -> None:
    fields = begun("metric", None, "bus-1", (SPEED,)) | {"metric_limit": 90}
    assert condition_of(fields, WORDS) == Metric(metric="speed", op="above", limit=25.0, device="bus-1")
    assert fields_of(Rule("x", FAST), WORDS)["metric_limit"] == 90.0


def test_a_rule_without_a_name_is_called_as_proposed() -> None:
    fields = begun("space", "Hall", None, ())
    assert filled(fields, WORDS, "proposed").name == "proposed"
    assert filled(dict(fields) | {"name": " mine "}, WORDS, "proposed").name == "mine"
    assert filled(fields, WORDS, "x").condition == Count("at_least", 100, "Hall", of_capacity=True)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "metric", "metric": None}, "Choose a metric"),
        ({"kind": "metric", "metric": "speed", "metric_limit": ""}, "Say the limit of Speed"),
        ({"kind": "metric", "metric": "speed", "metric_limit": float("nan")}, "Say the limit of Speed"),
        ({"kind": "metric", "metric": "speed", "metric_limit": True}, "Say the limit of Speed"),
        ({"kind": "silence", "silence": 1, "silence_unit": "s"}, "from 10 s to a year"),
        ({"kind": "silence", "silence": None}, "for how long"),
        ({"kind": "geofence"}, "draw one"),
        ({"kind": "state"}, "Choose a state"),
        ({"kind": "state", "state": "no json"}, "Choose a state"),
        ({"kind": "silence", "whom": "device"}, "Choose a device"),
        ({"kind": "silence", "whom": "fleet"}, "Choose a fleet"),
        ({"count_limit": -1}, "never holds less than 0"),
        ({"count_limit": "many"}, "how many people"),
        ({"count_limit": 10**400}, "how many people"),
        ({"hold": -1}, "must hold"),
        ({"over": LONGEST_WAIT_S + 1}, "must be over"),
        ({"hold": ""}, "How long must it hold"),
        ({"name": "x" * 201}, "a name of 1 to 200"),
    ],
)
def test_a_form_that_cannot_be_kept_says_what_to_do(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(Unusable, match=said):
        filled(begun("space", None, None, (SPEED,)) | fields, WORDS, "name")


def test_lengths_are_shown_in_the_largest_unit_that_fits() -> None:
    assert [apart(s) for s in (0, 45, 90, 120, 7200)] == [(0, "s"), (45, "s"), (90, "s"), (2, "min"), (2, "h")]


def test_the_form_shows_the_fields_of_the_chosen_kind_alone_and_keeps_what_is_gone() -> None:
    choices = Choices(("Hall",), (SPEED,), ("north",), (), ("bus-1",), ())
    for kind in KINDS:
        hidden = hidden_groups(kind, "fleet")
        assert not hidden[kind]
        assert all(hidden[other] for other in KINDS if other != kind)
        assert (hidden["fleet"], hidden["device"]) == (kind == "space", True)
    for rule in RULES:
        shown = str(form(fields_of(rule, WORDS), choices, DEFAULT_MACHINES, rule.name))
        assert "Remove this rule" in shown
        for named in ("space", "metric", "geofence", "device"):
            assert (getattr(rule.condition, named, None) or "Save") in shown
    assert "Remove" not in str(form(begun("state", None, None, ()), choices, DEFAULT_MACHINES, None))
    assert "ignition is off" in str(form(begun("state", None, None, ()), choices, DEFAULT_MACHINES, None))
    assert [one["value"] for one in options(["a", "a", "b"], "gone")] == ["a", "b", "gone"]


def test_what_it_would_find_is_said_with_the_first_names() -> None:
    found = [Found(n, f"bus-{n}") for n in range(20)]
    assert "Holds now for 2: bus-0, bus-1'" in str(holds_for(found[:2], None))
    assert "bus-7, …" in str(holds_for(found, None))
    assert "more than 1" in str(holds_for([found[0]] * (MOST + 1), None))
    assert "nobody" in str(holds_for([], None))
    assert "There is no" in str(holds_for([], "There is no space called x."))


def test_what_a_button_asks_for_is_read_again_and_nothing_else_is() -> None:
    assert ids.asked(ids.asking(edit='a "rule" <b>')) == {"edit": 'a "rule" <b>'}
    for other in (None, "", "{", "[1]", 5, "null"):
        assert ids.asked(other) == {}
