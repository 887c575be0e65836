"""What the Summary page asks the database: every metric at a glance, and one metric closely."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from components.quantities import quantity
from core.units import Units
from db.queries import devices, distribution, latest, metrics, series, summary
from db.queries.rows import Distribution, Group, Hour, Metric, Series, Span, Summary

CHART_POINTS: Final = 300
BINS: Final = 40


@dataclass(frozen=True, slots=True)
class Glance:
    """Every metric over a span, with its statistics and those of the window before; newest is that of all data."""

    span: Span
    metrics: tuple[tuple[Metric, Summary, Summary], ...]
    registered: int
    newest: datetime | None

    def of(self, name: str) -> tuple[Metric, Summary, Summary] | None:
        """The metric called `name`; None where there is none."""
        return next((found for found in self.metrics if found[0].name == name), None)


@dataclass(frozen=True, slots=True)
class Close:
    """One metric over a span: over time, over its range, over the hours of the week, by fleet and by kind."""

    metric: Metric
    span: Span
    series: Series
    spread: Distribution | None
    hours: tuple[Hour, ...]
    fleets: tuple[Group, ...]
    kinds: tuple[Group, ...]


def load_glance(connection: Connection, span: Span, fleet: str | None) -> Glance:
    """Every metric over `span` and over the window of the same length before it."""
    before = {one.id: found for one, found in summary.summary_all(connection, before_of(span), fleet=fleet)}
    now = summary.summary_all(connection, span, fleet=fleet)
    return Glance(
        span=span,
        metrics=tuple((one, found, before[one.id]) for one, found in now if one.id in before),
        registered=devices.count_devices(connection, fleet=fleet),
        newest=latest.newest_moment(connection, span, fleet=fleet),
    )


def load_close(
    connection: Connection, metric_name: str, span: Span, *, zone: str, units: Units, fleet: str | None
) -> Close | None:
    """`metric_name` over `span`, hours as the clock of `zone` shows them, bins round in `units`.

    None where there is no such metric.
    """
    metric = metrics.get_metric(connection, metric_name)
    if metric is None:
        return None
    groups = summary.summary_by_group(connection, metric, span, fleet=fleet)
    return Close(
        metric=metric,
        span=span,
        series=series.fleet_series(connection, metric, span, points=CHART_POINTS, fleet=fleet),
        spread=distribution.distribution(
            connection,
            metric,
            span,
            total_of(groups["fleet"]),
            bins=BINS,
            factor=quantity(metric, units).factor,
            fleet=fleet,
        ),
        hours=tuple(distribution.hours_of_week(connection, metric, span, zone, fleet=fleet)),
        fleets=tuple(groups["fleet"]),
        kinds=tuple(groups["kind"]),
    )


def before_of(span: Span) -> Span:
    """The window of the same length that ends where this one begins."""
    return Span(span.start - (span.end - span.start), span.start)


def total_of(groups: list[Group]) -> Summary:
    """Count, range and devices of all groups together; no mean."""
    found = [group.summary for group in groups if group.summary.n]
    least = min((one.min for one in found if one.min is not None), default=None)
    greatest = max((one.max for one in found if one.max is not None), default=None)
    return Summary(sum(o.n for o in found), None, least, greatest, None, sum(o.devices for o in found))
