"""What the API takes and answers about alerts."""

from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from api.schemas import Moment
from api.schemas_rules import ConditionJson
from core.alerts import Severity
from db.queries.alert_json import alert_json
from db.queries.alerts import Alert, Watching
from db.queries.rows import Metric

_ALERT: Final[dict[str, Any]] = {
    "id": 12,
    "rule": "Too fast",
    "severity": "critical",
    "subject_kind": "device",
    "subject": "bus-8929",
    "text": "Speed 27.5 m/s (limit: more than 25 m/s)",
    "condition": {"kind": "metric", "metric": "speed", "op": "above", "limit": 25},
    "since": "2026-11-22T21:19:03.000Z",
    "opened_at": "2026-11-22T21:19:33.000Z",
    "closed_at": None,
    "value": 27.5,
    "worst": 31.2,
    "unit": "m/s",
    "acked_at": None,
    "acked_by": None,
    "ack_note": None,
}


class AlertOut(BaseModel):
    """What a rule has found; `closed_at` is null while it is open. `subject` is the name of the device or space.

    `since` is when the condition began to hold, `value` what was found when the alert opened, `worst` what was furthest
    beyond the limit: in `unit`, null where there is no value or nobody knows its unit.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_ALERT]})

    id: int
    rule: str
    severity: Severity
    subject_kind: Literal["device", "space"]
    subject: str
    text: str
    condition: ConditionJson
    since: Moment
    opened_at: Moment
    closed_at: Moment | None
    value: float | None
    worst: float | None
    unit: str | None
    acked_at: Moment | None
    acked_by: str | None
    ack_note: str | None

    @classmethod
    def of(cls, alert: Alert, metric: Metric | None) -> Self:
        """An alert; `metric` is the one that its condition looks at."""
        return cls.model_validate(alert_json(alert, metric))


class WatchingOut(BaseModel):
    """When the watch has looked last, and how often it does."""

    turned_at: Moment
    every_s: float

    @classmethod
    def of(cls, watching: Watching | None) -> Self | None:
        """It, where anybody has ever watched."""
        return None if watching is None else cls(turned_at=watching.turned_at, every_s=watching.every_s)


class AlertsOut(BaseModel):
    """A page of alerts, the newest first; `next` is the cursor of the next page, null where there is no more."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [_ALERT],
                    "next": "1795382373000000-12",
                    "watching": {"turned_at": "2026-11-22T21:20:00.000Z", "every_s": 1},
                }
            ]
        }
    )

    items: list[AlertOut]
    next: str | None
    watching: WatchingOut | None = Field(description="null where nobody has ever watched")


class AcknowledgeIn(BaseModel):
    """That somebody has seen it, and what is done about it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"note": "Called the driver"}]})

    note: str | None = Field(None, max_length=500)

    @field_validator("note")
    @classmethod
    def _plain(cls, note: str | None) -> str | None:
        if note is not None and "\0" in note:
            raise ValueError("a note holds no NUL character")  # the database takes any other
        return note
