"""What the API takes and answers about alert rules and their conditions."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from api.parameters import Text
from api.schemas import Moment
from core.alert_conditions import Condition, Op, about, condition_of, looked_for, to_json
from core.alerts import Found, Rule, Severity
from db.queries.alert_json import written
from db.queries.alerts import StoredRule
from db.queries.rows import Metric

_SETTING: Final[dict[str, Any]] = {
    "condition": {"kind": "metric", "metric": "speed", "op": "above", "limit": 25},
    "for_s": 30,
    "clear_s": 60,
    "severity": "critical",
    "enabled": True,
}
_RULE: Final[dict[str, Any]] = {
    "name": "Too fast",
    "text": "every device: Speed more than 25 m/s",
    **_SETTING,
    "author": "ann",
    "problem": None,
    "open": 1,
    "created_at": "2026-11-20T09:00:00.000Z",
    "updated_at": "2026-11-20T09:00:00.000Z",
}

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Condition(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _OfDevices(_Condition):
    device: Text | None = Field(None, description="Only this device")
    fleet: Text | None = Field(None, description="Only the devices of this fleet")


class CountCondition(_Condition):
    """How many people are in a space, or in any where `space` is left out; of those that have a capacity in percent of
    it, with `of_capacity`."""

    kind: Literal["count"]
    op: Op
    limit: Number
    space: Text | None = None
    of_capacity: Annotated[bool, Field(strict=True)] = False


class MetricCondition(_OfDevices):
    """The newest value of a metric, in its SI unit, of every device or of some."""

    kind: Literal["metric"]
    metric: Text
    op: Op
    limit: Number


class SilenceCondition(_OfDevices):
    """Nothing was received of a device for so many seconds."""

    kind: Literal["silence"]
    after_s: Number


class GeofenceCondition(_OfDevices):
    """The newest place of a device is inside a geofence, or outside of it."""

    kind: Literal["geofence"]
    geofence: Text
    where: Literal["inside", "outside"] = Field(alias="is")


class StateCondition(_OfDevices):
    """A device is in this state of a state machine."""

    kind: Literal["state"]
    machine: Text
    state: Text


ConditionJson = Annotated[
    CountCondition | MetricCondition | SilenceCondition | GeofenceCondition | StateCondition,
    Field(discriminator="kind"),
]
"""What is left out is as by default: every device, every space."""
_conditions: Final[TypeAdapter[ConditionJson]] = TypeAdapter(ConditionJson)


def read_condition(given: ConditionJson) -> Condition:
    """The condition that was sent. Raises ValueError in words where it can never hold."""
    return condition_of(given.model_dump(by_alias=True, exclude_unset=True))


class RuleIn(BaseModel):
    """What is watched, for how long it must hold before an alert opens, and be over before it closes."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_SETTING]})

    condition: ConditionJson
    for_s: Number = 0.0
    clear_s: Number = 0.0
    severity: Severity = Severity.WARNING
    enabled: Annotated[bool, Field(strict=True)] = True

    def rule(self, name: str) -> Rule:
        """The rule of this name. Raises ValueError in words where its condition can never hold."""
        return Rule(name, read_condition(self.condition), self.for_s, self.clear_s, self.severity, self.enabled)


class RuleOut(BaseModel):
    """A rule; `problem` is why it cannot watch, null while it can, `open` how many alerts of it are."""

    model_config = ConfigDict(json_schema_extra={"examples": [_RULE]})

    name: str
    text: str
    condition: ConditionJson
    for_s: float
    clear_s: float
    severity: Severity
    enabled: bool
    author: str
    problem: str | None
    open: int
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, stored: StoredRule, metric: Metric | None) -> Self:
        """A rule; `metric` is the one that its condition looks at."""
        rule = stored.rule
        label = None if metric is None else metric.label
        what = looked_for(rule.condition, lambda value: written(value, metric), label)
        return cls(
            name=rule.name,
            text=f"{about(rule.condition)}: {what}",
            condition=_conditions.validate_python(to_json(rule.condition)),
            for_s=rule.for_s,
            clear_s=rule.clear_s,
            severity=rule.severity,
            enabled=rule.enabled,
            author=stored.author,
            problem=stored.problem,
            open=stored.open,
            created_at=stored.created_at,
            updated_at=stored.updated_at,
        )


class RulesOut(BaseModel):
    """All rules, by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_RULE]}]})

    items: list[RuleOut]


class PreviewIn(BaseModel):
    """A condition to try."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"condition": {"kind": "silence", "after_s": 600}}]}
    )

    condition: ConditionJson


class FoundOut(BaseModel):
    """A subject for which the condition holds: its value where there is one, and since when, where data says so."""

    subject: str
    value: float | None
    since: Moment | None

    @classmethod
    def of(cls, found: Found) -> Self:
        """One."""
        return cls(subject=found.name, value=found.value, since=found.since)


class PreviewOut(BaseModel):
    """For how many the condition holds now, and the first of them; `problem` names what there is not."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "holds": 1,
                    "subjects": [{"subject": "bus-8929", "value": 754.2, "since": "2026-11-22T21:19:03.000Z"}],
                    "problem": None,
                }
            ]
        }
    )

    holds: int = Field(description="1001 where it holds for more than 1000")
    subjects: list[FoundOut] = Field(description="The first 100")
    problem: str | None
