"""Events that the rules send to quarantine: in an order that cannot be, or by a clock that has jumped.

For its order only what comes in its turn is turned away: of an event that is late nobody can say what else is on its
way, so it is stored and marked. What an admin has decoded again is taken as it is.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from core.timelines import OUT_OF_ORDER, Rules, mark_of
from core.types import Message
from db.judging import read_frontiers, read_states_of
from db.registry import Registry
from ingest.database import Asks
from ingest.work import Work, refusal

_NEVER = -(2**62)


class Gate:
    """Used by the thread that stores. `rules` gives those that hold now."""

    def __init__(self, ask: Asks, registry: Registry, rules: Callable[[], Rules]) -> None:
        self._ask = ask
        self._registry = registry
        self._rules = rules

    def check(self, work: Sequence[Work]) -> None:
        """Refuse the messages with such events, all of whose devices are registered. Raises StoreUnavailable."""
        rules = self._rules()
        if rules.impossible == rules.clock_jump == "mark":
            return
        arriving: dict[int, list[Message]] = defaultdict(list)
        for w in work:
            if w.eventful and not w.taken:
                for m in w.messages:
                    if m.event is not None:
                        arriving[self._registry.devices[m.device]].append(m)
        if not arriving:
            return
        frontiers = self._ask(lambda connection: read_frontiers(connection, sorted(arriving)))
        states = self._ask(lambda connection: read_states_of(connection, sorted(arriving)))
        why: dict[int, tuple[str, str]] = {}
        for device, messages in arriving.items():
            newest = frontiers.get(device, _NEVER)
            why |= faults_of(rules, messages, newest, {m: since.state for m, since in states[device].items()})
        if why:
            for w in work:
                self._turn_away(w, why)

    @staticmethod
    def _turn_away(work: Work, why: Mapping[int, tuple[str, str]]) -> None:
        bad = [m for m in work.messages if id(m) in why]
        if bad:
            work.refused.extend(refusal(*why[id(m)], m) for m in bad)
            work.messages = [m for m in work.messages if id(m) not in why]
            work.records = None


def faults_of(
    rules: Rules, messages: Sequence[Message], newest: int, states: Mapping[str, str]
) -> dict[int, tuple[str, str]]:
    """Reason and detail for those that the rules turn away, by the identity of the message.

    All are of one device, with the moment of its `newest` event and its `states` by machine until now.
    """
    faults = _jumps(rules, messages, newest) if rules.clock_jump == "quarantine" else {}
    if rules.impossible != "quarantine":
        return faults
    now = dict(states)
    for m in sorted(messages, key=lambda m: (m.ts, m.received_at)):
        step = rules.steps.get(m.event or "")
        if step is None or m.ts <= newest or id(m) in faults:
            continue
        before = now.get(step.machine)
        if mark_of(step.transition, before) == OUT_OF_ORDER:
            faults[id(m)] = ("impossible order of states", f"{m.event} while {step.machine} is {before or 'not known'}")
        else:
            now[step.machine] = step.transition.to
    return faults


def _jumps(rules: Rules, messages: Sequence[Message], newest: int) -> dict[int, tuple[str, str]]:
    faults: dict[int, tuple[str, str]] = {}
    reached, received_at = newest, 0
    for m in sorted(messages, key=lambda m: m.received_at):
        if m.received_at > received_at:
            newest, received_at = reached, m.received_at
        if rules.is_ahead(m.ts, m.received_at):
            detail = f"{(m.ts - m.received_at) / 1e6:.6g} s ahead of its receipt"
        elif newest - m.ts > rules.behind_us:
            detail = f"{(newest - m.ts) / 1e6:.6g} s behind the newest event of its device"
        else:
            reached = max(reached, m.ts)
            continue
        faults[id(m)] = ("clock of the device has jumped", detail)
    return faults
