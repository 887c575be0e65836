"""A metric over time, in at most so many buckets, each with its mean and its extremes so that no spike is lost."""

import math
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, Interval, cast, func, literal, select

from db.engine.base import ORIGIN
from db.queries.rows import Bucket, Line, Metric, Series, Span
from db.queries.several import measurements_by_bucket, positions_by_bucket
from db.queries.source import mean_of, pieces, statistics_of

_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)


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


def many_series(
    connection: Connection,
    metrics: Sequence[Metric],
    device_ids: Sequence[int],
    span: Span,
    *,
    points: int = 300,
) -> list[Line]:
    """Each of `metrics` of each of the devices within `span`, by metric and then device, in the orders given.

    All are in buckets of one length, at most `points` a line; a line without values is there, empty. However many
    lines there are, it asks once for those in columns of `position` and once for measurements.
    """
    step = bucket_seconds(span, points)
    parts = pieces(span, timedelta(seconds=step))
    found: dict[tuple[int, int], list[Bucket]] = {(metric.id, id_): [] for metric in metrics for id_ in device_ids}
    in_position = [metric for metric in metrics if metric.stored_in == "position"]
    measured = [metric for metric in metrics if metric.stored_in != "position"]
    if parts and device_ids and in_position:
        rows = connection.execute(positions_by_bucket(in_position, parts, device_ids, step))
        _take_positions(rows, [metric.id for metric in in_position], found)
    if parts and device_ids and measured:
        for device_id, metric_id, *bucket in connection.execute(
            measurements_by_bucket(measured, parts, device_ids, step)
        ):
            if bucket[-1]:
                found[metric_id, device_id].append(Bucket(*bucket))
    return [Line(id_, metric, Series(step, tuple(found[metric.id, id_]))) for metric in metrics for id_ in device_ids]


def _take_positions(rows: Iterable[Any], metric_ids: Sequence[int], found: dict[tuple[int, int], list[Bucket]]) -> None:
    """Cut rows of (device_id, start, and four statistics of each metric) into buckets of each metric."""
    width = 4
    for device_id, start, *statistics in rows:
        for place, metric_id in enumerate(metric_ids):
            mean, least, greatest, n = statistics[place * width : (place + 1) * width]
            if n:
                found[metric_id, device_id].append(Bucket(start, mean, least, greatest, n))


def _series(
    connection: Connection, metric: Metric, span: Span, points: int, *, device_id: int | None, fleet: str | None
) -> Series:
    step = bucket_seconds(span, points)
    parts = pieces(span, timedelta(seconds=step))
    found = statistics_of(metric, parts, fleet=fleet, device_id=device_id)
    start = func.date_bin(cast(literal(f"{step} seconds"), Interval), found.c.at, ORIGIN).label("start")
    n = func.sum(found.c.n)
    query = (
        select(start, mean_of(found), func.min(found.c.min), func.max(found.c.max), cast(n, BigInteger))
        .group_by(start)
        .order_by(start)
    )
    return Series(step, tuple(Bucket(*row) for row in connection.execute(query)))
