"""How events are judged: what each does to the state of its device, and what is wrong with it. Pure.

An event stands at its place in device time; of several at one moment the one received first comes first. After it the
device is in the state that the event names, whatever was before: what devices say last is believed. So an event that
comes late changes what is said of itself and of the next one of its machine, and of no other.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

import msgspec

from core.machines import DEFAULT_MACHINES, Machine, Transition

CLOCK_JUMP: Final = "clock_jump"
OUT_OF_ORDER: Final = "out_of_order_state"
REPEAT: Final = "repeat"
MARKS: Final = (CLOCK_JUMP, OUT_OF_ORDER, REPEAT)
"""All there are, in the order in which an event carries them."""

MachineStates = Mapping[str, tuple[str, int]]
"""Machine -> its state, and since when, in microseconds since 1970."""

OnFault = Literal["mark", "quarantine"]


class Step(NamedTuple):
    """What a type of event does: in which machine, and how."""

    machine: str
    transition: Transition


@dataclass(frozen=True)
class Rules:
    """By what events are judged.

    ahead_s: so far, in s, an event may be ahead of its receipt before its clock has jumped.
    behind_s: so far it may be behind the newest event that its device had sent before it.
    impossible, clock_jump: whether what comes in an impossible order, or by such a clock, is kept and marked, or goes
        to quarantine.
    """

    machines: tuple[Machine, ...] = DEFAULT_MACHINES
    ahead_s: float = 60.0
    behind_s: float = 3600.0
    impossible: OnFault = "mark"
    clock_jump: OnFault = "mark"

    @cached_property
    def steps(self) -> Mapping[str, Step]:
        """By type of event; one that two machines name belongs to the first."""
        found: dict[str, Step] = {}
        for machine in self.machines:
            for kind, transition in machine.events.items():
                found.setdefault(kind, Step(machine.name, transition))
        return found

    @cached_property
    def digest(self) -> int:
        """Tells rules apart that mark differently: a number of 62 bits, never 0."""
        steps = [
            (kind, step.machine, step.transition.to, sorted(map(repr, step.transition.sources or ())))
            for kind, step in sorted(self.steps.items())
        ]
        packed = msgspec.json.encode((steps, self.ahead_s, self.behind_s))
        return int.from_bytes(blake2b(packed, digest_size=8).digest()) >> 2 | 1

    def is_ahead(self, ts: int, received_at: int) -> bool:
        """Whether an event is too far ahead of its receipt (microseconds since 1970)."""
        return ts - received_at > self.ahead_s * 1e6

    @property
    def behind_us(self) -> int:
        """`behind_s` in microseconds."""
        return round(self.behind_s * 1e6)


DEFAULT_RULES: Final = Rules()


def mark_of(transition: Transition, state: str | None) -> str | None:
    """What is wrong with an event that meets its device in `state` (None: not known); None where nothing is."""
    if state == transition.to:
        # A machine may name a state among those it may come from: then it is no repeat.
        return None if transition.sources is not None and state in transition.sources else REPEAT
    return None if transition.allows(state) else OUT_OF_ORDER


def judge(rules: Rules, states: Mapping[str, str], kinds: Iterable[str]) -> Iterator[tuple[Step | None, str | None]]:
    """The step and the mark of each event of one device, in order of time.

    `states` are those before the first one, by machine. An event of a type that no machine names has neither.
    """
    now = dict(states)
    for kind in kinds:
        step = rules.steps.get(kind)
        if step is None:
            yield None, None
        else:
            yield step, mark_of(step.transition, now.get(step.machine))
            now[step.machine] = step.transition.to
