"""Alert rules, and when an alert opens and closes. Pure: who watches calls `step` for each subject, turn after turn.

A subject, a device or a space, for which the condition of a rule holds is *pending*. Once it has held for `for_s` the
alert *opens*; once it has not held for `clear_s` the alert *closes*. A gap that is shorter than `clear_s` is bridged,
so a value that swings around its limit makes one alert. (`for` and `keep_firing_for` of Prometheus's alerting rules.)
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from core.alert_conditions import LONGEST_NAME, Condition, check, is_worse

LONGEST_WAIT_S: Final = 86_400.0


class Severity(StrEnum):
    """How much an alert matters."""

    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class Rule:
    """What is watched, how long it must hold, and how long it must be over."""

    name: str
    condition: Condition
    for_s: float = 0.0
    clear_s: float = 0.0
    severity: Severity = Severity.WARNING
    enabled: bool = True


def check_rule(rule: Rule) -> None:
    """Raise ValueError, in words for people, where the rule cannot be kept."""
    if not rule.name.strip() or len(rule.name) > LONGEST_NAME or not rule.name.isprintable():
        raise ValueError(f"Give the rule a name of 1 to {LONGEST_NAME} characters in one line.")
    for words, seconds in (("must hold", rule.for_s), ("must be over", rule.clear_s)):
        if not 0 <= seconds <= LONGEST_WAIT_S:
            raise ValueError(f"How long it {words} is from 0 s to a day.")
    check(rule.condition)


@dataclass(frozen=True, slots=True)
class Found:
    """A subject for which a condition holds now: its `value` where there is one, and since when, where data says so."""

    id: int
    name: str
    value: float | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Watched:
    """How a rule stands with one subject. Pending while `opened_at` is None, over since `ended_at` where that is set.

    `value` is the one it opened with (pending: the first), `worst` the one furthest beyond the limit.
    """

    since: datetime
    value: float | None = None
    worst: float | None = None
    opened_at: datetime | None = None
    ended_at: datetime | None = None
    closed_at: datetime | None = None


def step(
    rule: Rule, watched: Watched | None, found: Found | None, now: datetime, seen_from: datetime
) -> Watched | None:
    """How it stands after a look at `now`; None where nothing is left to remember.

    `found` is None where the condition does not hold. `seen_from` is since when somebody has looked without a gap: what
    was pending before counts from there, as nobody knows what was in between, unless data says since when it holds.
    """
    if found is None:
        return None if watched is None else _not_held(rule, watched, now)
    if watched is None:
        watched = Watched(found.since or now, found.value, found.value)
    if found.value is not None and (watched.worst is None or is_worse(found.value, watched.worst, rule.condition)):
        watched = replace(watched, worst=found.value)
    if watched.opened_at is not None:
        return replace(watched, ended_at=None)
    since = found.since or max(watched.since, seen_from)
    if now - since >= timedelta(seconds=rule.for_s):
        return replace(watched, since=since, value=found.value, opened_at=now)
    return replace(watched, since=since)


def _not_held(rule: Rule, watched: Watched, now: datetime) -> Watched | None:
    if watched.opened_at is None:
        return None
    ended_at = watched.ended_at or now
    closed_at = now if now - ended_at >= timedelta(seconds=rule.clear_s) else None
    return replace(watched, ended_at=ended_at, closed_at=closed_at)
