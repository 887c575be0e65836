"""Where the values of a metric stand: a column of `position`, or rows of `measurement`."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Table, and_

from db.queries.rows import Metric, Span
from db.tables import device, measurement, position


@dataclass(frozen=True, slots=True)
class ValueSource:
    """The table, its value column, and the condition that picks the metric, the span and the fleet."""

    table: Table
    value: ColumnElement[Any]
    where: ColumnElement[bool]
    origin: FromClause


def values_of(metric: Metric, span: Span, *, fleet: str | None = None) -> ValueSource:
    """Where to find the values of `metric` within `span`, of one fleet or of all devices."""
    table = position if metric.stored_in == "position" else measurement
    value: ColumnElement[Any] = table.c[metric.name] if table is position else table.c.value
    conditions = [table.c.ts >= span.start, table.c.ts < span.end, value.is_not(None)]
    if table is measurement:
        conditions.append(measurement.c.metric_id == metric.id)
    origin: FromClause = table
    if fleet is not None:
        origin = table.join(device, device.c.id == table.c.device_id)
        conditions.append(device.c.fleet == fleet)
    return ValueSource(table, value, and_(*conditions), origin)
