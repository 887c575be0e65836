"""State machines of events: which event moves a device to which state (the runtime setting `event_types`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MOST_MACHINES: Final = 50
MOST_EVENTS: Final = 200
LONGEST_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Transition:
    """What one type of event does: it moves a device `to` a state.

    `sources` are the states that it may come from, None among them being "nothing known yet"; without `sources` it may
    come from any.
    """

    to: str
    sources: frozenset[str | None] | None = None

    def allows(self, state: str | None) -> bool:
        """Whether a device in `state` (None: not known) may be moved."""
        return self.sources is None or state in self.sources


@dataclass(frozen=True, slots=True)
class Machine:
    """The states that a device is in one after another, such as those of its door, by type of event."""

    name: str
    events: Mapping[str, Transition] = field(default_factory=dict)


def machine(name: str, **events: tuple[str, *tuple[str | None, ...]]) -> Machine:
    """A machine in short: `machine("door", door_open=("open", "closed", None))`."""
    return Machine(
        name, {event: Transition(to, frozenset(sources) or None) for event, (to, *sources) in events.items()}
    )


DEFAULT_MACHINES: Final = (
    machine("door", door_open=("open", "closed", None), door_close=("closed", "open", None)),
    machine("ignition", ignition_on=("on", "off", None), ignition_off=("off", "on", None)),
    machine(
        "connection", connected=("connected", "disconnected", None), disconnected=("disconnected", "connected", None)
    ),
)
"""What is judged until an admin says otherwise."""


def machines_of(given: object) -> tuple[Machine, ...]:
    """The machines of their JSON: `[{"machine": "door", "events": {"door_open": {"to": "open", "from": ["closed",
    null]}}}]`, or one such object alone. Raises ValueError with one sentence that says where and what."""
    listed = [given] if isinstance(given, Mapping) else given
    if not isinstance(listed, list | tuple):
        raise ValueError('Give a list of machines, each {"machine": name, "events": {type: {"to": state}}}.')
    if len(listed) > MOST_MACHINES:
        raise ValueError(f"There are {len(listed)} machines; at most {MOST_MACHINES} can be kept.")
    found = tuple(_machine(one, f"Machine {place}") for place, one in enumerate(listed, 1))
    names = [one.name for one in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"Two machines are called {twice!r}; give each a name of its own.")
    events = [event for one in found for event in one.events]
    shared = next((event for event in events if events.count(event) > 1), None)
    if shared is not None:
        raise ValueError(f"Two machines have the event {shared!r}; an event moves one machine.")
    return found


def to_json(machines: tuple[Machine, ...]) -> list[dict[str, Any]]:
    """The JSON that `machines_of` reads, always in the same order of states."""
    return [
        {"machine": one.name, "events": {event: _transition_json(step) for event, step in one.events.items()}}
        for one in machines
    ]


def _transition_json(step: Transition) -> dict[str, Any]:
    if step.sources is None:
        return {"to": step.to}
    return {"to": step.to, "from": sorted(step.sources, key=lambda state: (state is None, state or ""))}


def _machine(given: object, where: str) -> Machine:
    if not isinstance(given, Mapping) or not given.keys() <= {"machine", "events"}:
        raise ValueError(f'{where} must be an object with "machine" and "events", and nothing else.')
    name = _name(given.get("machine"), f'{where}: "machine"')
    events = given.get("events")
    if not isinstance(events, Mapping) or not 1 <= len(events) <= MOST_EVENTS:
        raise ValueError(f'{name}: "events" must be an object of 1 to {MOST_EVENTS} types of event.')
    return Machine(
        name, {_name(event, f"{name}: a type"): _transition(step, f"{name}, {event}") for event, step in events.items()}
    )


def _transition(given: object, where: str) -> Transition:
    if not isinstance(given, Mapping) or "to" not in given or not given.keys() <= {"to", "from"}:
        raise ValueError(f'{where} must be {{"to": state}}, with "from": [states] where it may not come from any.')
    to = _name(given["to"], f'{where}: "to"')
    sources = given.get("from")
    if sources is None:
        return Transition(to)
    if not isinstance(sources, list | tuple) or not sources:
        raise ValueError(f'{where}: "from" must be a list of states, null being "not known yet"; leave it out for any.')
    return Transition(to, frozenset(None if state is None else _name(state, f'{where}: "from"') for state in sources))


def _name(given: object, where: str) -> str:
    if not isinstance(given, str) or not given.strip() or len(given) > LONGEST_NAME or not given.isprintable():
        raise ValueError(f"{where} must be a name of 1 to {LONGEST_NAME} characters.")
    return given
