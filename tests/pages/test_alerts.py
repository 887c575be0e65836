"""The Alerts page as pure functions: what is shown of alerts."""

from datetime import UTC, timedelta

import pytest

from auth.roles import ANYONE, Visitor
from components.alert_words import Words
from core.alert_conditions import Condition, Count, Geofence, Metric, Silence
from core.alerts import Severity
from core.period import parse_period
from core.units import Units
from db.queries.alerts import Filter, Standing, Watching
from db.queries.cursor import Cursor
from pages.alerts._load import Overview
from pages.alerts._parts import asked_for, away_s, figures, nobody_watches, note, see_all, table
from pages.alerts._seeing import which
from tests.pages.alert_rows import (
    ADMIN,
    ANALYST,
    FAST,
    NOW,
    OFFERED,
    PERIOD,
    SPEED,
    VIEWER,
    WORDS,
    alert,
    overview,
    stored,
)


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
