"""How much there is of a metric over a span."""

from sqlalchemy import BigInteger, Connection, cast, func, select

from db.queries.rows import Coverage, Metric, Span
from db.queries.source import pieces, statistics_by_device, statistics_of


def coverage(
    connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None, device_id: int | None = None
) -> Coverage:
    """Count, devices, and where it begins and ends, to the bucket that the span is read from."""
    found = statistics_by_device(statistics_of(metric, pieces(span), fleet=fleet, device_id=device_id))
    query = select(
        cast(func.coalesce(func.sum(found.c.n), 0), BigInteger),
        func.count(),
        func.min(found.c.first),
        func.max(found.c.last),
    )
    return Coverage(*connection.execute(query).one())
