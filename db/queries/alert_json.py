"""An alert as programs are told of it, by the API and by who is called: one shape, SI units, moments of UTC."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from core.alert_conditions import Condition, Count, Metric, Silence, happened, to_json
from core.text import iso_utc, number
from db.queries import metrics, rows
from db.queries.alerts import Alert


def metrics_of(connection: Connection, conditions: Iterable[Condition]) -> Mapping[str, rows.Metric]:
    """The metrics that these conditions look at, by name, so far as there are any."""
    names = {one.metric for one in conditions if isinstance(one, Metric)}
    found = (metrics.get_metric(connection, name) for name in sorted(names))
    return {one.name: one for one in found if one is not None}


def metric_of(condition: Condition, known: Mapping[str, rows.Metric]) -> rows.Metric | None:
    """The metric that a condition looks at, of those that `metrics_of` has found."""
    return known.get(condition.metric) if isinstance(condition, Metric) else None


def unit_of(condition: Condition, metric: rows.Metric | None) -> str | None:
    """The unit of a value that a condition finds; None where it finds none, or nobody knows the unit."""
    if isinstance(condition, Count):
        return "%" if condition.of_capacity else "people"
    if isinstance(condition, Silence):
        return "s"
    return None if metric is None else metric.unit


def written(value: float, metric: rows.Metric | None) -> str:
    """A value of a metric as it is stored, with its unit."""
    unit = None if metric is None else metric.unit
    return f"{number(value)} {unit}" if unit else number(value)


def alert_json(alert: Alert, metric: rows.Metric | None) -> dict[str, Any]:
    """What JSON can say of an alert; `metric` is the one that its condition looks at."""
    label = None if metric is None else metric.label
    return {
        "id": alert.id,
        "rule": alert.rule,
        "severity": alert.severity.value,
        "subject_kind": alert.subject_kind,
        "subject": alert.subject,
        "text": happened(alert.condition, alert.value, lambda value: written(value, metric), label),
        "condition": to_json(alert.condition),
        "since": iso_utc(alert.since),
        "opened_at": iso_utc(alert.opened_at),
        "closed_at": None if alert.closed_at is None else iso_utc(alert.closed_at),
        "value": alert.value,
        "worst": alert.worst,
        "unit": unit_of(alert.condition, metric),
        "acked_at": None if alert.acked_at is None else iso_utc(alert.acked_at),
        "acked_by": alert.acked_by,
        "ack_note": alert.ack_note,
    }
