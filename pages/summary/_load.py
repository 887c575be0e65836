"""What the Summary page asks the database, in one connection and for one moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from db.queries import devices, metrics, series, summary
from db.queries.rows import DeviceSummary, Metric, Series, Span, Summary

TOP_AT_MOST: Final = 10
CHART_POINTS: Final = 300


@dataclass(frozen=True, slots=True)
class Fleet:
    """The fleet over a span, seen through one metric, and every metric beside it."""

    metric: Metric
    span: Span
    summary: Summary
    registered: int
    series: Series
    newest: datetime | None
    all_metrics: tuple[tuple[Metric, Summary], ...]
    top: tuple[DeviceSummary, ...]


def load(connection: Connection, metric_name: str, span: Span) -> Fleet | None:
    """The fleet over `span`; None where no metric is called `metric_name`."""
    metric = metrics.get_metric(connection, metric_name)
    if metric is None:
        return None
    every = summary.summary_all(connection, span)
    own = next((found for one, found in every if one.id == metric.id), Summary(0, None, None, None, None, 0))
    line = series.fleet_series(connection, metric, span, points=CHART_POINTS)
    return Fleet(
        metric=metric,
        span=span,
        summary=own,
        registered=devices.count_devices(connection),
        series=line,
        newest=newest_of(connection, metric, line, span),
        all_metrics=tuple(every),
        top=tuple(summary.summary_by_device(connection, metric, span, limit=TOP_AT_MOST)),
    )


def newest_of(connection: Connection, metric: Metric, line: Series, span: Span) -> datetime | None:
    """When the newest value within the span was measured: to the second where it is of the last minute.

    Older than that the start of its bucket stands for it. A series of the last minute alone costs little.
    """
    minute = Span(max(span.start, span.end - timedelta(minutes=1)), span.end)
    fine = series.fleet_series(connection, metric, minute, points=60)
    for found in (fine, line):
        if found.points:
            return found.points[-1].ts
    return None
