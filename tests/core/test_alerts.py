"""When alerts open and close: the rule of core/alerts.py, turn after turn."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.alert_conditions import Metric
from core.alerts import Found, Rule, Watched, check_rule, step

T0 = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = T0 - timedelta(days=1)
OVER = Metric(metric="speed", op="above", limit=10.0)
UNDER = Metric(metric="speed", op="below", limit=10.0)


def at(second: float) -> datetime:
    return T0 + timedelta(seconds=second)


def found(value: float | None = 11.0, since: datetime | None = None) -> Found:
    return Found(1, "a", value, since)


def played(rule: Rule, held: list[bool], seen_from: datetime = LONG_AGO) -> list[Watched | None]:
    """How it stands after each second; what has closed is judged no more, as the watch forgets it."""
    watched: Watched | None = None
    made = []
    for second, holds in enumerate(held):
        before = None if watched is not None and watched.closed_at is not None else watched
        watched = step(rule, before, found() if holds else None, at(second), seen_from)
        made.append(watched)
    return made


def naively(held: list[bool], for_s: int, clear_s: int) -> list[bool]:
    """Whether an alert is open after each second: by looking back over all that was, with none of the code under
    test."""
    made: list[bool] = []
    for second in range(len(held)):
        was_open = bool(made) and made[-1]
        wanted, length = (False, clear_s) if was_open else (True, for_s)
        # A run of turns that goes on for so many seconds up to now opens, or closes.
        run = 0
        while run <= second and held[second - run] is wanted:
            run += 1
        # What held before an alert closed counts for no new one.
        if not was_open:
            last_open = max((n for n, is_open in enumerate(made) if is_open), default=-1)
            run = min(run, second - last_open)
        made.append(not was_open if run > length else was_open)
    return made


@given(st.lists(st.booleans(), max_size=40), st.integers(0, 5), st.integers(0, 5))
def test_an_alert_is_open_exactly_when_looking_back_over_all_that_was_says_so(
    held: list[bool], for_s: int, clear_s: int
) -> None:
    made = played(Rule("r", OVER, for_s=for_s, clear_s=clear_s), held)
    is_open = [one is not None and one.opened_at is not None and one.closed_at is None for one in made]
    assert is_open == naively(held, for_s, clear_s)


@given(st.lists(st.one_of(st.none(), st.floats(-50, 50)), min_size=1, max_size=30), st.sampled_from([OVER, UNDER]))
def test_the_worst_value_is_the_one_furthest_beyond_the_limit_while_it_was_watched(
    values: list[float | None], condition: Metric
) -> None:
    rule = Rule("r", condition, clear_s=100.0)
    watched: Watched | None = None
    for second, value in enumerate(values):
        watched = step(rule, watched, None if value is None else found(value), at(second), LONG_AGO)
    seen = [value for value in values if value is not None]
    if not seen:
        assert watched is None
    else:
        assert watched is not None
        assert watched.worst == (max(seen) if condition is OVER else min(seen))
        assert watched.value == seen[0]


def test_what_was_pending_counts_from_where_somebody_looks_again_without_a_gap() -> None:
    rule = Rule("r", OVER, for_s=60.0)
    pending = step(rule, None, found(), at(0), LONG_AGO)
    again = step(rule, pending, found(), at(100), seen_from=at(90))
    assert again is not None
    assert again.opened_at is None
    assert again.since == at(90)
    opened = step(rule, again, found(), at(150), seen_from=at(90))
    assert opened is not None
    assert opened.opened_at == at(150)


def test_what_data_says_of_since_when_it_holds_wins_over_when_it_was_seen() -> None:
    made = step(Rule("r", OVER, for_s=60.0), None, found(since=at(-61)), at(0), seen_from=at(0))
    assert made is not None
    assert made.opened_at == at(0)
    assert made.since == at(-61)


def test_a_gap_shorter_than_it_must_be_over_makes_one_alert() -> None:
    rule = Rule("r", OVER, clear_s=10.0)
    made = played(rule, [True, *[False] * 9, True, *[False] * 11])
    opened = {one.opened_at for one in made if one is not None}
    assert opened == {at(0)}
    assert made[-1] is not None
    assert (made[-1].ended_at, made[-1].closed_at) == (at(11), at(21))


@pytest.mark.parametrize(
    "rule",
    [
        Rule("", OVER),
        Rule("two\nlines", OVER),
        Rule("x" * 201, OVER),
        Rule("r", OVER, for_s=-1),
        Rule("r", OVER, clear_s=90_000),
        Rule("r", OVER, for_s=float("nan")),
        Rule("r", Metric(metric="speed", op="above", limit=float("inf"))),
        Rule("r", Metric(metric="speed", op="above", limit=1.0, device="a", fleet="b")),
    ],
)
def test_a_rule_that_could_not_be_kept_is_refused_in_a_sentence(rule: Rule) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$"):
        check_rule(rule)
