"""A metric over time, in at most so many buckets, each with its mean and its extremes so that no spike is lost."""

import math
from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Connection, Interval, cast, func, literal, select

from db.queries.rows import Bucket, Metric, Series, Span
from db.queries.source import pieces, statistics_of

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_ORIGIN = datetime(2000, 1, 1, tzinfo=UTC)


def bucket_seconds(span: Span, points: int) -> int:
    """The shortest round bucket of which at most `points` cover the span."""
    needed = (span.end - span.start).total_seconds() / max(1, points)
    for step in _STEPS_S:
        if step >= needed:
            return step
    return math.ceil(needed / 86400) * 86400


def device_series(connection: Connection, metric: Metric, device_id: int, span: Span, *, points: int = 300) -> Series:
    """`metric` of one device within `span`."""
    return _series(connection, metric, span, points, device_id=device_id, fleet=None)


def fleet_series(
    connection: Connection, metric: Metric, span: Span, *, points: int = 300, fleet: str | None = None
) -> Series:
    """`metric` of all devices of `fleet` (None: of every fleet) together within `span`."""
    return _series(connection, metric, span, points, device_id=None, fleet=fleet)


def _series(
    connection: Connection, metric: Metric, span: Span, points: int, *, device_id: int | None, fleet: str | None
) -> Series:
    step = bucket_seconds(span, points)
    parts = pieces(span, timedelta(seconds=step))
    found = statistics_of(metric, parts, fleet=fleet, device_id=device_id)
    start = func.date_bin(cast(literal(f"{step} seconds"), Interval), found.c.at, _ORIGIN).label("start")
    n = func.sum(found.c.n)
    query = (
        select(start, func.sum(found.c.sum) / n, func.min(found.c.min), func.max(found.c.max), cast(n, BigInteger))
        .group_by(start)
        .order_by(start)
    )
    return Series(step, tuple(Bucket(*row) for row in connection.execute(query)))
