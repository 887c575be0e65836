"""How much there is of a metric over a span."""

from sqlalchemy import BigInteger, Connection, cast, func, select

from db.queries.rows import Coverage, Metric, Span
from db.queries.source import pieces, statistics_of


def coverage(
    connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None, device_id: int | None = None
) -> Coverage:
    """Count, devices, and where it begins and ends, to the bucket that the span is read from."""
    found = statistics_of(metric, pieces(span), fleet=fleet, device_id=device_id)
    query = select(
        cast(func.coalesce(func.sum(found.c.n), 0), BigInteger),
        func.count(found.c.device_id.distinct()),
        func.min(found.c.at),
        func.max(found.c.at),
    )
    return Coverage(*connection.execute(query).one())
