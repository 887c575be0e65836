"""How a fleet did over a span: count, mean, least, greatest, last."""

from typing import Any

from sqlalchemy import Connection, Double, cast, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from db.queries.metrics import list_metrics
from db.queries.rows import DeviceSummary, Metric, Span, Summary
from db.queries.source import ValueSource, values_of
from db.tables import device


def fleet_summary(connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None) -> Summary:
    """Statistics of `metric` over all devices of `fleet` (None: of every fleet) within `span`."""
    source = values_of(metric, span, fleet=fleet)
    counted = func.count(source.table.c.device_id.distinct())
    query = select(counted, *_statistics(source))
    devices, n, mean, least, greatest = connection.execute(query.select_from(source.origin).where(source.where)).one()
    if n == 0:
        return Summary(0, None, None, None, None, 0)
    newest = (
        select(source.value)
        .select_from(source.origin)
        .where(source.where)
        .order_by(source.table.c.ts.desc(), source.table.c.device_id)
        .limit(1)
    )
    return Summary(n, mean, least, greatest, connection.execute(newest).scalar_one(), devices)


def summary_all(connection: Connection, span: Span, *, fleet: str | None = None) -> list[tuple[Metric, Summary]]:
    """The same of every metric, in the order of `list_metrics`."""
    return [(metric, fleet_summary(connection, metric, span, fleet=fleet)) for metric in list_metrics(connection)]


def summary_by_device(
    connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None, limit: int = 500
) -> list[DeviceSummary]:
    """Statistics of `metric` of each device within `span`, the highest mean first."""
    source = values_of(metric, span, fleet=fleet)
    table = source.table
    last = func.array_agg(aggregate_order_by(source.value, table.c.ts.desc()))[1]
    grouped = (
        select(table.c.device_id, *_statistics(source), last.label("last"))
        .select_from(source.origin)
        .where(source.where)
        .group_by(table.c.device_id)
        .subquery()
    )
    query = (
        select(device.c.name, grouped.c.n, grouped.c.mean, grouped.c.least, grouped.c.greatest, grouped.c.last)
        .join(device, device.c.id == grouped.c.device_id)
        .order_by(grouped.c.mean.desc(), device.c.name)
        .limit(limit)
    )
    return [
        DeviceSummary(name, Summary(n, mean, least, greatest, newest, 1))
        for name, n, mean, least, greatest, newest in connection.execute(query)
    ]


def _statistics(source: ValueSource) -> list[Any]:
    return [
        func.count().label("n"),
        func.avg(cast(source.value, Double)).label("mean"),
        func.min(source.value).label("least"),
        func.max(source.value).label("greatest"),
    ]
