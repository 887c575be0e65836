"""What stands in the fields of the form of a rule, and the rule that was put into them. Pure functions.

Fields are as a browser sends them: texts, numbers (or texts where none was written), None where nothing was chosen.
Limits of metrics are in the unit that the reader sees, and kept in SI.
"""

import json
import math
from collections.abc import Mapping
from typing import Any, Final, get_args

from components.alert_words import Words
from core.alert_conditions import Condition, Count, Geofence, Metric, Op, Silence, State, check
from core.alerts import Rule, Severity, check_rule
from core.units import SECONDS
from db.queries.rows import Metric as KnownMetric

KINDS: Final = ("space", "metric", "silence", "geofence", "state")
Fields = Mapping[str, Any]
FIELDS: Final = (
    "kind", "space", "count_op", "count_limit", "count_of", "metric", "metric_op", "metric_limit", "silence",
    "silence_unit", "geofence", "where", "state", "whom", "fleet", "device", "hold", "hold_unit", "over", "over_unit",
    "severity", "enabled", "name",
)  # fmt: skip
_EMPTY: Final[Fields] = {
    "kind": "space", "space": None, "count_op": "at_least", "count_limit": 100, "count_of": "percent", "metric": None,
    "metric_op": "above", "metric_limit": "", "silence": 10, "silence_unit": "min", "geofence": None,
    "where": "outside", "state": None, "whom": "every", "fleet": None, "device": None, "hold": 0, "hold_unit": "s",
    "over": 0, "over_unit": "s", "severity": "warning", "enabled": True, "name": "",
}  # fmt: skip


class Unusable(ValueError):
    """Something cannot be used; the message says what to do."""


def begun(kind: object, space: object, device: object, metrics: tuple[KnownMetric, ...]) -> dict[str, Any]:
    """The fields of a rule that is begun, of this kind and for this space or device where an address says so."""
    fields = dict(_EMPTY)
    fields["kind"] = kind if kind in KINDS else "space"
    fields["metric"] = next((one.name for one in metrics if one.name == "speed"), None)
    if isinstance(space, str) and space:
        fields["space"] = space
    if isinstance(device, str) and device:
        fields |= {"whom": "device", "device": device}
    if kind == "metric":  # values swing around a limit
        fields |= {"hold": 10, "over": 30}
    return fields


def fields_of(rule: Rule, words: Words) -> dict[str, Any]:
    """The fields of a rule that is kept."""
    condition = rule.condition
    fields = dict(_EMPTY) | {"name": rule.name, "severity": rule.severity.value, "enabled": rule.enabled}
    for part, seconds in (("hold", rule.for_s), ("over", rule.clear_s)):
        fields[part], fields[f"{part}_unit"] = apart(seconds)
    if isinstance(condition, Count):
        return fields | {
            "kind": "space",
            "space": condition.space,
            "count_op": condition.op,
            "count_limit": condition.limit,
            "count_of": "percent" if condition.of_capacity else "people",
        }
    whom = "device" if condition.device is not None else "every" if condition.fleet is None else "fleet"
    fields |= {"whom": whom, "device": condition.device, "fleet": condition.fleet}
    if isinstance(condition, Metric):
        limit = _rounded(condition.limit * words.shown(condition.metric).factor)
        return fields | {
            "kind": "metric", "metric": condition.metric, "metric_op": condition.op, "metric_limit": limit
        }  # fmt: skip
    if isinstance(condition, Silence):
        value, unit = apart(condition.after_s)
        return fields | {"kind": "silence", "silence": value, "silence_unit": unit}
    if isinstance(condition, Geofence):
        return fields | {"kind": "geofence", "geofence": condition.geofence, "where": condition.where}
    return fields | {"kind": "state", "state": state_value(condition.machine, condition.state)}


def apart(seconds: float) -> tuple[float, str]:
    """A length as number and unit: the largest unit of which it is a whole number."""
    unit = next((one for one in ("h", "min") if seconds and seconds % SECONDS[one] == 0), "s")
    return seconds / SECONDS[unit], unit


def state_value(machine: str, state: str) -> str:
    """The state of a machine as one choice of a list."""
    return json.dumps([machine, state], ensure_ascii=False)


def filled(fields: Fields, words: Words, proposed: str = "") -> Rule:
    """The rule that the fields say, called `proposed` where no name was written. Raises Unusable."""
    condition = condition_of(fields, words)
    name = str(fields.get("name") or "").strip() or proposed
    rule = Rule(
        name,
        condition,
        for_s=_length(fields, "hold", "How long must it hold?"),
        clear_s=_length(fields, "over", "How long must it be over?"),
        severity=Severity.CRITICAL if fields.get("severity") == Severity.CRITICAL else Severity.WARNING,
        enabled=bool(fields.get("enabled")),
    )
    try:
        check_rule(rule)
    except ValueError as error:
        raise Unusable(str(error)) from None
    return rule


def condition_of(fields: Fields, words: Words) -> Condition:
    """What the fields say is looked for. Raises Unusable with what is missing."""
    made = _condition(fields, words)
    try:
        check(made)
    except ValueError as error:
        raise Unusable(str(error)) from None
    return made


def _condition(fields: Fields, words: Words) -> Condition:
    kind = fields.get("kind")
    if kind == "space":
        limit = _number(fields.get("count_limit"), "Say how many people, or how many percent.")
        return Count(_op(fields.get("count_op")), limit, _text(fields.get("space")), fields.get("count_of") != "people")
    whom = _whom(fields)
    if kind == "metric":
        metric = _chosen(fields.get("metric"), "Choose a metric.")
        limit = _number(fields.get("metric_limit"), f"Say the limit of {words.shown(metric).label}.")
        return Metric(
            metric=metric, op=_op(fields.get("metric_op")), limit=_rounded(limit / words.shown(metric).factor), **whom
        )
    if kind == "silence":
        return Silence(after_s=_length(fields, "silence", "Say for how long nothing must have been sent."), **whom)
    if kind == "geofence":
        name = _chosen(fields.get("geofence"), "Choose a geofence. Where there is none yet, draw one on this page.")
        return Geofence(geofence=name, where="inside" if fields.get("where") == "inside" else "outside", **whom)
    return _state(fields.get("state"), whom)


def _state(given: object, whom: Mapping[str, Any]) -> State:
    chosen = _chosen(given, "Choose a state.")
    try:
        machine, state = json.loads(chosen)
    except ValueError:
        raise Unusable("Choose a state.") from None
    return State(machine=str(machine), state=str(state), **whom)


def _whom(fields: Fields) -> dict[str, str]:
    whom = fields.get("whom")
    if whom == "device":
        return {"device": _chosen(fields.get("device"), "Choose a device.")}
    return {"fleet": _chosen(fields.get("fleet"), "Choose a fleet.")} if whom == "fleet" else {}


def _op(given: object) -> Op:
    return next((one for one in get_args(Op) if one == given), "at_least")


def _text(given: object) -> str | None:
    return given if isinstance(given, str) and given else None


def _chosen(given: object, otherwise: str) -> str:
    found = _text(given)
    if found is None:
        raise Unusable(otherwise)
    return found


def _number(given: object, otherwise: str) -> float:
    try:
        found = math.nan if isinstance(given, bool) else float(given)  # type: ignore[arg-type]  # anything may come
    except (TypeError, ValueError, OverflowError):
        raise Unusable(otherwise) from None
    if not math.isfinite(found):
        raise Unusable(otherwise)
    return found


def _rounded(value: float) -> float:
    # 90 km/h are 25 m/s, not 25.000000000000004.
    return float(f"{value:.12g}")


def _length(fields: Fields, part: str, otherwise: str) -> float:
    unit = fields.get(f"{part}_unit")
    return _number(fields.get(part), otherwise) * SECONDS.get(unit if isinstance(unit, str) else "s", 1.0)
