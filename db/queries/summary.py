"""How a fleet did over a span: count, mean, least, greatest, last."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Subquery, cast, func, select, true

from db.queries.metrics import list_metrics
from db.queries.rows import DeviceSummary, Metric, Span, Summary
from db.queries.source import Piece, pieces, raw_values, statistics_by_device, statistics_of
from db.tables import device

_NOTHING = Summary(0, None, None, None, None, 0)


def fleet_summary(
    connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None, device_id: int | None = None
) -> Summary:
    """Statistics of `metric` over all devices of `fleet` (None: of every fleet), or of one, within `span`."""
    parts = pieces(span)
    found = statistics_by_device(statistics_of(metric, parts, fleet=fleet, device_id=device_id))
    row = connection.execute(select(func.count(), func.max(found.c.last), *_totals(found))).one()
    if row.n is None:
        return _NOTHING
    last = _last(connection, metric, _around(row[1], parts), fleet, device_id)
    return Summary(row.n, row.mean, row.least, row.greatest, last, row[0])


def summary_all(connection: Connection, span: Span, *, fleet: str | None = None) -> list[tuple[Metric, Summary]]:
    """The same of every metric, in the order of `list_metrics`."""
    return [(metric, fleet_summary(connection, metric, span, fleet=fleet)) for metric in list_metrics(connection)]


def summary_by_device(
    connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None, limit: int = 500
) -> list[DeviceSummary]:
    """Statistics of `metric` of each device within `span`, the highest mean first."""
    found = statistics_of(metric, pieces(span), fleet=fleet)
    grouped = select(found.c.device_id, *_totals(found)).group_by(found.c.device_id).subquery()
    chosen = (
        select(device.c.name, grouped)
        .join(device, device.c.id == grouped.c.device_id)
        .order_by(grouped.c.mean.desc(), device.c.name)
        .limit(limit)
        .subquery()
    )
    table, value, where = raw_values(metric, span)
    newest = (
        select(value.label("last"))
        .where(where, table.c.device_id == chosen.c.device_id)
        .order_by(table.c.ts.desc())
        .limit(1)
        .lateral()
    )
    query = select(chosen, newest.c.last).join(newest, true(), isouter=True)
    query = query.order_by(chosen.c.mean.desc(), chosen.c.name)
    return [
        DeviceSummary(row.name, Summary(row.n, row.mean, row.least, row.greatest, row.last, 1))
        for row in connection.execute(query)
    ]


def _totals(found: Subquery) -> list[Any]:
    n = func.sum(found.c.n)
    return [
        cast(n, BigInteger).label("n"),
        (func.sum(found.c.sum) / n).label("mean"),
        func.min(found.c.min).label("least"),
        func.max(found.c.max).label("greatest"),
    ]


def _around(at: datetime, parts: list[Piece]) -> Span:
    """The span of the bucket that begins at `at`, or of the raw row there."""
    width = next(part.width for part in parts if part.start <= at < part.end)
    return Span(at, at + max(width, timedelta(microseconds=1)))


def _last(connection: Connection, metric: Metric, span: Span, fleet: str | None, device_id: int | None) -> float | None:
    """The newest raw value; None where raw rows of that time are no longer kept."""
    table, value, where = raw_values(metric, span, fleet=fleet, device_id=device_id)
    query = select(value).where(where).order_by(table.c.ts.desc(), table.c.device_id).limit(1)
    return connection.execute(query).scalar()
