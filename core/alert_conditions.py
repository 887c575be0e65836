"""What an alert rule looks for: one of five conditions, each about devices or about spaces, with its check and words.

A condition as JSON is an object whose `kind` says which it is:

    {"kind": "count", "space": "Hall", "op": "at_least", "limit": 120}
    {"kind": "count", "op": "at_least", "limit": 100, "of_capacity": true}      every space that has a capacity
    {"kind": "metric", "metric": "speed", "op": "above", "limit": 25, "fleet": "north"}
    {"kind": "silence", "after_s": 600, "device": "bus-8929"}
    {"kind": "geofence", "geofence": "Depot", "is": "outside"}
    {"kind": "state", "machine": "door", "state": "open"}
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Literal

import msgspec

from core.text import age, number

Op = Literal["at_least", "above", "at_most", "below"]
Subject = Literal["device", "space"]

OPS: Final[Mapping[str, str]] = {
    "at_least": "at least",
    "above": "more than",
    "at_most": "at most",
    "below": "less than",
}
"""How a limit is compared, as people say it."""
STALE_S: Final = 3600.0
"""The newest value of a metric, or place, tells nothing of now once its device has sent nothing for so long."""
LEAST_SILENCE_S: Final = 10.0
LONGEST_S: Final = 31_536_000.0
LONGEST_NAME: Final = 200


class _Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", omit_defaults=True):
    subject: ClassVar[Subject] = "device"


class Count(_Condition, frozen=True, tag="count"):
    """How many people are in a space (None: in any), or, `of_capacity`, how many percent of its capacity."""

    subject: ClassVar[Subject] = "space"

    op: Op
    limit: float
    space: str | None = None
    of_capacity: bool = False


class _OfDevices(_Condition, frozen=True):
    """About one device, those of one fleet, or all."""

    device: str | None = None
    fleet: str | None = None


class Metric(_OfDevices, frozen=True, tag="metric", kw_only=True):
    """The newest value of a metric, in its SI unit."""

    metric: str
    op: Op
    limit: float


class Silence(_OfDevices, frozen=True, tag="silence", kw_only=True):
    """Nothing was received for so many seconds."""

    after_s: float


class Geofence(_OfDevices, frozen=True, tag="geofence", kw_only=True):
    """The newest place is inside a geofence, or outside of it."""

    geofence: str
    where: Literal["inside", "outside"] = msgspec.field(name="is")


class State(_OfDevices, frozen=True, tag="state", kw_only=True):
    """The device is in this state of a machine (core/machines.py), since the event that led there."""

    machine: str
    state: str


Condition = Count | Metric | Silence | Geofence | State
_OF_DEVICES: Final = (Metric, Silence, Geofence, State)

_decoder = msgspec.json.Decoder(Condition)


def condition_of(given: object) -> Condition:
    """The condition of its JSON. Raises ValueError with one sentence that says what to send."""
    try:
        found: Condition = msgspec.convert(given, Condition)
    except msgspec.ValidationError as error:
        raise ValueError(f"This is no condition: {error}.") from None
    check(found)
    return found


def to_json(condition: Condition) -> dict[str, Any]:
    """The JSON of a condition; what is left out is as by default."""
    made: dict[str, Any] = msgspec.to_builtins(condition)
    return made


def check(condition: Condition) -> None:
    """Raise ValueError, in words for people, where nothing could ever be found, or the database cannot be asked."""
    for name in condition.__struct_fields__:
        value = getattr(condition, name)
        if isinstance(value, str) and (not value.strip() or "\0" in value or len(value) > LONGEST_NAME):
            raise ValueError(f"Say which {name}: a name has 1 to {LONGEST_NAME} characters.")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError("A limit is a finite number.")
    if isinstance(condition, _OF_DEVICES) and condition.device is not None and condition.fleet is not None:
        raise ValueError("Choose a device or a fleet, not both.")
    if isinstance(condition, Silence) and not LEAST_SILENCE_S <= condition.after_s <= LONGEST_S:
        raise ValueError(f"Silence is measured from {LEAST_SILENCE_S:.0f} s to a year.")
    if isinstance(condition, Count) and condition.limit < 0:
        raise ValueError("A space never holds less than 0 people.")


def compare(value: float, op: Op, limit: float) -> bool:
    """Whether `value` is at least, above, at most or below the limit."""
    if op == "at_least":
        return value >= limit
    if op == "above":
        return value > limit
    return value <= limit if op == "at_most" else value < limit


def is_worse(value: float, than: float, condition: Condition) -> bool:
    """Whether a value is further beyond the limit than another."""
    falls = isinstance(condition, Count | Metric) and condition.op in ("at_most", "below")
    return value < than if falls else value > than


Write = Callable[[float], str]
"""Writes a value with its unit."""


def about(condition: Condition) -> str:
    """Whom a rule watches: "Hall", "every space", "bus-8929", "the fleet north", "every device"."""
    if isinstance(condition, Count):
        return condition.space or "every space"
    if condition.device is not None:
        return condition.device
    return "every device" if condition.fleet is None else f"the fleet {condition.fleet}"


def looked_for(condition: Condition, write: Write = number, label: str | None = None) -> str:
    """What a rule looks for, without whom: "more than 25 m/s speed" as `write` and `label` say the metric."""
    if isinstance(condition, Count):
        limit = f"{OPS[condition.op]} {number(condition.limit)}"
        return f"{limit} % full" if condition.of_capacity else f"{limit} people inside"
    if isinstance(condition, Metric):
        return f"{label or condition.metric} {OPS[condition.op]} {write(condition.limit)}"
    if isinstance(condition, Silence):
        return f"nothing sent for {age(condition.after_s)}"
    if isinstance(condition, Geofence):
        return f"{condition.where} {condition.geofence}"
    return f"{condition.machine} is {condition.state}"


def happened(condition: Condition, value: float | None, write: Write = number, label: str | None = None) -> str:
    """What was found of a subject, without its name: "131 people inside, at least 120 set"."""
    if value is None or isinstance(condition, Silence):
        return looked_for(condition, write, label)
    if isinstance(condition, Count):
        limit = f"{OPS[condition.op]} {number(condition.limit)}"
        found = f"{number(value)} % full" if condition.of_capacity else f"{number(value)} people inside"
        return f"{found} (limit: {limit}{' %' if condition.of_capacity else ''})"
    if isinstance(condition, Metric):
        return f"{label or condition.metric} {write(value)} (limit: {OPS[condition.op]} {write(condition.limit)})"
    return looked_for(condition, write, label)
