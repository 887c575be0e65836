"""The Alerts page as pure functions: what is shown of alerts and rules, what a form says, and outlines as text."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auth.roles import ANYONE, Role, Visitor
from core.alert_conditions import Condition, Count, Geofence, Metric, Silence, State
from core.alerts import LONGEST_WAIT_S, Found, Rule, Severity
from core.machines import DEFAULT_MACHINES
from core.period import parse_period
from core.site import Tiles
from core.units import Units
from db.queries import rows
from db.queries.alerts import Alert, Cursor, Fence, Filter, Page, Standing, StoredRule, Watching
from db.watching_sql import MOST
from pages.alerts import _ids as ids
from pages.alerts._fences import corners_of, corners_text, fence_card, fence_list, outlines
from pages.alerts._filled import KINDS, Unusable, apart, begun, condition_of, fields_of, filled
from pages.alerts._form import form, hidden_groups, holds_for, options
from pages.alerts._load import Choices, Overview
from pages.alerts._parts import asked_for, away_s, figures, nobody_watches, note, see_all, table
from pages.alerts._rules import may_change, rules_table, who_may
from pages.alerts._seeing import which
from pages.alerts._words import Words

NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
PERIOD = parse_period("now-7d", "now", now=NOW, zone=UTC)
SPEED = rows.Metric(1, "speed", "m/s", "Speed", "position")
BATTERY = rows.Metric(7, "battery", "percent", "Battery", "measurement")
WORDS = Words([SPEED, BATTERY], Units("km/h", "m"))
FAST = Metric(metric="speed", op="above", limit=25.0)
ADMIN, ANALYST, VIEWER = (Visitor(name, role) for name, role in zip("abc", reversed(Role), strict=True))
OFFERED = "Acknowledge rule <i> of <b>bus</b>"
SQUARE = ((30.0, -98.0), (31.0, -98.0), (31.0, -97.0), (30.0, -97.0))


def alert(condition: Condition = FAST, subject: str = "<b>bus</b>", **more: Any) -> Alert:
    """An open alert of four minutes."""
    since = NOW - timedelta(minutes=5)
    known = Alert(
        17, "rule <i>", condition, Severity.WARNING, condition.subject, subject, since, NOW - timedelta(minutes=4),
        None, None, 30.0, 30.0, None, None, None,
    )  # fmt: skip
    return replace(known, **more)


def stored(condition: Condition = FAST, *, author: str = "b", problem: str | None = None, **more: Any) -> StoredRule:
    """A rule as it is kept."""
    return StoredRule(1, Rule("rule", condition, **more), author, problem, NOW, NOW, 3)


def overview(*alerts: Alert, **more: Any) -> Overview:
    """What the page knows, somebody watching one rule."""
    known = Overview(Page(alerts, None), Standing(), (stored(),), (), Watching(NOW, 1.0), (SPEED,))
    return replace(known, **more)


def drawn(one: Overview, asked: Filter | None = None, who: Visitor | None = ANALYST) -> str:
    """The table as text."""
    return str(table(one, asked or Filter(state="open"), PERIOD, WORDS, who=who, now=NOW))


def test_what_happened_is_in_the_units_of_the_reader() -> None:
    assert WORDS.happened(alert()) == "Speed 108 km/h (limit: more than 90 km/h)"
    assert Words([SPEED], Units("mph", "ft")).happened(alert()) == "Speed 67.1 mph (limit: more than 55.9 mph)"
    assert Words([], Units()).happened(alert()) == "Speed 30 (limit: more than 25)"
    assert WORDS.happened(alert(Silence(after_s=600), value=601.0)) == "Nothing sent for 10 min"
    low = Metric(metric="battery", op="below", limit=20)
    assert WORDS.happened(alert(low, value=15.0)) == "Battery 15 % (limit: less than 20 %)"


@pytest.mark.parametrize(
    ("condition", "value", "worst", "said"),
    [
        (FAST, 30.0, 33.0, "up to 119 km/h"),
        (FAST, 30.0, 30.001, None),
        (FAST, 30.0, 28.0, None),
        (Metric(metric="battery", op="below", limit=20), 15.0, 9.0, "down to 9 %"),
        (Count("at_least", 100, of_capacity=True), 100.0, 121.0, "up to 121 %"),
        (Silence(after_s=60), 60.0, 7300.0, "silent for 2 h"),
        (Geofence(geofence="Depot", where="outside"), None, None, None),
    ],
)
def test_the_worst_is_said_only_where_it_reads_otherwise(
    condition: Condition, value: float | None, worst: float | None, said: str | None
) -> None:
    assert WORDS.worst(alert(condition, value=value, worst=worst)) == said


def test_a_name_is_proposed_that_no_other_rule_has() -> None:
    assert WORDS.proposed(FAST) == "Speed more than 90 km/h"
    assert WORDS.proposed(FAST, {"Speed more than 90 km/h"}) == "Speed more than 90 km/h (2)"
    assert WORDS.proposed(replace_device(FAST, "bus-1")) == "bus-1: Speed more than 90 km/h"
    assert WORDS.proposed(Count("at_least", 9, "Hall")) == "Hall: at least 9 people inside"
    assert len(WORDS.proposed(replace_device(FAST, "x" * 200), {"x" * 190})) <= 200


def replace_device(condition: Metric, device: str) -> Metric:
    """The same of one device."""
    return Metric(metric=condition.metric, op=condition.op, limit=condition.limit, device=device)


def test_an_open_alert_says_all_of_it_and_leads_to_the_moment() -> None:
    shown = drawn(overview(alert(worst=33.0)))
    for said in (
        "data-severity='warning'", "Warning", "108 km/h", "up to 119 km/h", "rule <i>", "'5 min'", "Acknowledge",
        "/device/%3Cb%3Ebus%3C%2Fb%3E?from=2026-11-25T13:46:00Z", "Holds since 2026-11-25T14:15:00.000Z",
    ):  # fmt: skip
        assert said in shown, said
    of_space = drawn(overview(alert(Count("at_least", 9), "Hall & bar", value=9.0)))
    assert "/spaces?space=Hall%20%26%20bar" in of_space
    assert "'Critical'" in drawn(overview(alert(severity=Severity.CRITICAL)))


def test_only_those_who_may_are_offered_to_acknowledge_and_it_is_said_who_has() -> None:
    for who, offered in ((ADMIN, True), (ANALYST, True), (VIEWER, False), (ANYONE, False), (None, False)):
        assert (OFFERED in drawn(overview(alert()), who=who)) is offered, who
    shown = drawn(overview(alert(acked_at=NOW, acked_by="ann", ack_note="towed")))
    for said in ("ann, ", "towed"):
        assert said in shown
    assert OFFERED not in shown


def test_all_that_are_shown_open_and_unseen_can_be_acknowledged_at_once() -> None:
    unseen = [alert(id=17), alert(id=12)]
    others = [alert(acked_at=NOW, acked_by="ann"), alert(closed_at=NOW)]
    (button,) = see_all([*unseen, *others], ANALYST)
    assert "Acknowledge all 2" in str(button)
    assert "data-choose='17,12'" in str(button)
    assert see_all([unseen[0], *others], ANALYST) == []
    assert see_all(unseen, VIEWER) == see_all(unseen, None) == []


def test_what_is_acknowledged_is_said_of_one_and_of_many() -> None:
    assert which([alert()], WORDS) == f"{alert().subject}: Speed 108 km/h (limit: more than 90 km/h)"
    many = [alert(subject=f"bus-{n}") for n in range(7)]
    assert which(many, WORDS) == "7 alerts, of bus-0, bus-1, bus-2, bus-3, bus-4, …"
    assert which([many[0], many[0]], WORDS) == "2 alerts, of bus-0"


def test_a_closed_alert_is_muted_and_says_how_long_it_was_open() -> None:
    closed = alert(closed_at=NOW - timedelta(minutes=1))
    shown = drawn(overview(closed), Filter(state="closed"))
    assert "open for 3 min" in shown
    assert "data-none" in shown
    assert OFFERED not in shown


@pytest.mark.parametrize(
    ("one", "asked", "said"),
    [
        (overview(), Filter(state="open"), "One rule watches."),
        (overview(rules=(stored(), stored())), Filter(state="open"), "2 rules watch."),
        (overview(rules=()), Filter(state="open"), "set one up below"),
        (overview(rules=(stored(enabled=False),)), Filter(state="open"), "No rule watches"),
        (overview(watching=None), Filter(state="open"), "Nobody is watching"),
        (overview(watching=Watching(NOW - timedelta(hours=1), 1)), Filter(state="open"), "Nobody is watching"),
        (overview(), Filter(state="open", rule="x"), "Show all of them"),
        (overview(), Filter(state="closed"), "Show twice as long"),
    ],
)
def test_an_empty_table_says_why_and_what_to_do(one: Overview, asked: Filter, said: str) -> None:
    assert said in drawn(one, asked)


def test_nothing_is_said_to_be_fine_while_nobody_watches() -> None:
    assert "Nothing is wrong" in drawn(overview())
    for one in (overview(watching=None), overview(watching=Watching(NOW - timedelta(minutes=3), 1.0))):
        assert "Nothing is wrong" not in drawn(one)
        banner = str(nobody_watches(one, NOW))
        assert "Nobody is watching" in banner
    assert "for 3 min" in banner
    assert nobody_watches(overview(), NOW) is None
    assert nobody_watches(overview(rules=(), watching=None), NOW) is None


@pytest.mark.parametrize(
    ("since_s", "every_s", "away"), [(9, 1, False), (11, 1, True), (29, 10, False), (31, 10, True)]
)
def test_the_watch_is_away_after_ten_seconds_and_three_turns(since_s: int, every_s: float, away: bool) -> None:
    assert (away_s(Watching(NOW - timedelta(seconds=since_s), every_s), NOW) is not None) is away


def test_figures_count_what_is_open_and_only_that_is_red() -> None:
    calm = str(figures(overview()))
    assert "wp-figure-alert" not in calm
    rules = (stored(), stored(enabled=False), stored(problem="There is no metric called x."))
    busy = str(figures(overview(standing=Standing(3, 1, 2, None, ("a", "b"), ("Hall",)), rules=rules)))
    for said in ("'3'", "of 3 devices and spaces", "1 off, 1 with a problem"):
        assert said in busy
    assert busy.count("wp-figure-alert") == 2


def test_an_address_that_is_none_of_ours_asks_for_what_is_open() -> None:
    assert asked_for("nonsense", ["a"], "high", "\0", PERIOD) == Filter(state="open")
    asked = asked_for("closed", "rule", "critical", " bus ", PERIOD)
    assert asked == Filter("closed", "rule", None, Severity.CRITICAL, PERIOD.start, None, "bus")
    past = parse_period("now-2d", "now-1d", now=NOW, zone=UTC)
    assert asked_for("all", None, None, "", past) == Filter("all", start=past.start, end=past.end)


def test_pages_are_counted_only_where_there_are_several() -> None:
    assert note([alert()], 0, more=False) == ""
    assert note([alert()] * 50, 0, more=True) == "1 to 50, and older ones"
    assert note([alert()] * 2, 1, more=False) == "51 to 52, to the oldest"
    assert Cursor.parse(str(Cursor(NOW, 5))) == Cursor(NOW, 5)


# Rules ----------------------------------------------------------------------------------------------------------------


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
        "every device: Speed more than 90 km/h", "must hold for 10 min, must be over for 1 min", "Watching", "'3'",
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


# Geofences ------------------------------------------------------------------------------------------------------------


def test_corners_are_read_as_they_are_written() -> None:
    assert corners_of(corners_text(SQUARE)) == list(SQUARE)
    assert corners_of("48.15, 11.57\n\n -3;4 \n+5.5\t190.25") == [(48.15, 11.57), (-3.0, 4.0), (5.5, 190.25)]
    assert corners_text([(48.1234567, -0.1)]) == "48.123457, -0.1"


@pytest.mark.parametrize("text", ["48.15", "48.15, 11.57, 3", "north, east", "1e5, 3", "48.15 N 11.57 E"])
def test_a_line_that_is_no_corner_is_named(text: str) -> None:
    with pytest.raises(Unusable, match="Line 2 is no corner"):
        corners_of(f"1, 2\n{text}")
    with pytest.raises(Unusable, match="Draw an outline"):
        corners_of(None)


def test_the_card_of_geofences_has_a_map_and_a_form_that_is_hidden_until_somebody_draws() -> None:
    made = fence_card(Tiles(None, ""), [])
    assert "waypost.fences.mount" in str(made)
    assert made[ids.FENCE_FORM].hidden is True
    assert made[ids.CORNERS].value == ""
    assert [getattr(made[one], "disabled", None) for one in (ids.FENCE_CLOSE, ids.FENCE_UNDO)] == [None, None]


def test_geofences_say_who_watches_them_and_who_may_change_them() -> None:
    fence = Fence(1, "Depot", SQUARE, "b", NOW)
    watching = stored(Geofence(geofence="Depot", where="outside"))
    shown = str(fence_list([fence], [watching, stored()], ANALYST))
    assert "watched by 1 rule'" in shown
    assert '"fence": "Depot"' in shown
    assert "Edit" not in str(fence_list([replace(fence, author="x")], [], ANALYST))
    assert "no rule watches it" in str(fence_list([fence], [], ANYONE))
    assert "No geofence is drawn yet" in str(fence_list([], [], ANYONE))
    assert outlines([fence]) == [{"name": "Depot", "corners": [list(corner) for corner in SQUARE]}]
