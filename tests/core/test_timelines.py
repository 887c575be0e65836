"""Judging events: any order of arrival ends where a plain computation in order of time does."""

import random
from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.machines import machine
from core.timelines import DEFAULT_RULES, OUT_OF_ORDER, REPEAT, Rules, judge, mark_of

RULES = Rules(
    (
        machine(
            "door", door_open=("open", "closed", None), door_close=("closed", "open", None), door_knock=("closed",)
        ),
        machine("lift", up=("up", "down", "up"), down=("down", "up", None), reset=("down",)),
    )
)


class Happened(NamedTuple):
    """An event: in order of time, then of receipt."""

    ts: int
    number: int
    kind: str


events = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([*RULES.steps, "alarm"])), max_size=25).map(
    lambda drawn: [Happened(ts, number, kind) for number, (ts, kind) in enumerate(drawn)]
)


def plainly(happened: Sequence[Happened]) -> tuple[dict[Happened, str | None], dict[str, str]]:
    """The mark of each event and the states at the end, by going through all of them in order of time."""
    marks: dict[Happened, str | None] = {}
    states: dict[str, str] = {}
    for each in sorted(happened):
        step = RULES.steps.get(each.kind)
        marks[each] = None
        if step is not None:
            now, to, sources = states.get(step.machine), step.transition.to, step.transition.sources
            allowed = sources is None or now in sources
            if now == to and not (sources and now in sources):
                marks[each] = REPEAT
            elif not allowed:
                marks[each] = OUT_OF_ORDER
            states[step.machine] = to
    return marks, states


def as_they_come(arriving: Sequence[Sequence[Happened]]) -> tuple[dict[Happened, str | None], dict[str, str]]:
    """The same, as the ingest does it: what is newest follows the states; else it and the next are judged anew."""
    marks: dict[Happened, str | None] = {}
    for batch in arriving:
        for each in batch:
            step = RULES.steps.get(each.kind)
            marks[each] = None
            if step is None:
                continue
            same = sorted(other for other in marks if (s := RULES.steps.get(other.kind)) and s.machine == step.machine)
            place = same.index(each)
            for touched in same[place : place + 2]:
                at = same.index(touched)
                before = RULES.steps[same[at - 1].kind].transition.to if at else None
                marks[touched] = mark_of(RULES.steps[touched.kind].transition, before)
    last = {
        RULES.steps[e.kind].machine: RULES.steps[e.kind].transition.to for e in sorted(marks) if e.kind in RULES.steps
    }
    return marks, last


@given(events, st.randoms(use_true_random=False))
def test_any_order_of_arrival_gives_the_marks_and_states_of_a_plain_computation(
    happened: list[Happened], draw: random.Random
) -> None:
    expected = plainly(happened)
    in_order = sorted(happened)
    judged = list(judge(RULES, {}, [each.kind for each in in_order]))
    assert [mark for _, mark in judged] == [expected[0][each] for each in in_order]
    shuffled = happened[:]
    draw.shuffle(shuffled)
    assert as_they_come([shuffled[i : i + 4] for i in range(0, len(shuffled), 4)]) == expected


@given(events, st.integers(0, 25))
def test_judging_may_stop_and_go_on_anywhere(happened: list[Happened], cut: int) -> None:
    kinds = [each.kind for each in sorted(happened)]
    whole = list(judge(RULES, {}, kinds))
    states = {step.machine: step.transition.to for step, _ in whole[:cut] if step}
    assert [*whole[:cut], *judge(RULES, states, kinds[cut:])] == whole


@pytest.mark.parametrize(
    ("kinds", "marks"),
    [
        (["door_open", "door_open", "door_close", "door_close"], [None, REPEAT, None, REPEAT]),
        (["alarm", "down"], [None, None]),
        (["door_knock", "door_knock", "door_open"], [None, REPEAT, None]),
        (["up", "down", "up", "up", "reset", "reset"], [OUT_OF_ORDER, None, None, None, None, REPEAT]),
        (["door_open", "up", "door_open"], [None, OUT_OF_ORDER, REPEAT]),
    ],
)
def test_a_repeat_an_impossible_order_and_what_a_machine_allows_itself(
    kinds: list[str], marks: list[str | None]
) -> None:
    assert [mark for _, mark in judge(RULES, {}, kinds)] == marks


def test_rules_that_mark_otherwise_have_another_digest() -> None:
    others = [
        Rules(DEFAULT_RULES.machines[:1]),
        Rules(ahead_s=61),
        Rules(behind_s=61),
        Rules((machine("door", door_open=("open",)),)),
        Rules((machine("door", door_open=("open", None)),)),
    ]
    assert len({rules.digest for rules in (DEFAULT_RULES, *others)}) == 6
    assert DEFAULT_RULES.digest == Rules(impossible="quarantine", clock_jump="quarantine").digest
    assert 0 < DEFAULT_RULES.digest < 2**62


def test_a_type_that_two_machines_name_belongs_to_the_first() -> None:
    rules = Rules((machine("a", off=("x",)), machine("b", off=("y",), on=("z",))))
    assert {kind: step.machine for kind, step in rules.steps.items()} == {"off": "a", "on": "b"}
