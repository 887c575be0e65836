"""Several devices and metrics over a span at once: a row a device and bucket, wide for the columns of `position`.

Asked device by device and metric by metric, the same rows of `position` would be read once for each.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Interval,
    Select,
    Subquery,
    cast,
    func,
    literal,
    select,
    union_all,
)

from db.engine.base import ORIGIN
from db.queries.rows import Metric
from db.queries.source import ROLLUPS, Piece, mean_from, raw_statistics, statistic_names
from db.tables import measurement, position

_ZERO: Final = timedelta()
_STATISTICS: Final = ("n", "sum", "min", "max")


def positions_by_bucket(
    metrics: Sequence[Metric], parts: Sequence[Piece], device_ids: Sequence[int], step_s: int
) -> Select[Any]:
    """Rows of (device_id, start of bucket, then mean, min, max, n of each metric), all metrics columns of `position`.

    A metric without values in a bucket has None three times and 0.
    """
    found = _joined([_positions(metrics, part, device_ids) for part in parts])
    start = _start(found, step_s)
    columns: list[ColumnElement[Any]] = []
    for metric in metrics:
        columns += _totals(found, f"{metric.name}_", circular=metric.circular)
    return select(found.c.device_id, start, *columns).group_by(found.c.device_id, start).order_by(start)


def measurements_by_bucket(
    metrics: Sequence[Metric], parts: Sequence[Piece], device_ids: Sequence[int], step_s: int
) -> Select[Any]:
    """Rows of (device_id, metric_id, start of bucket, mean, min, max, n), all metrics measurements."""
    ids = [metric.id for metric in metrics]
    found = _joined([_measurements(ids, part, device_ids) for part in parts])
    start = _start(found, step_s)
    keys = (found.c.device_id, found.c.metric_id, start)
    return select(*keys, *_totals(found, "")).group_by(*keys).order_by(start)


def _positions(metrics: Sequence[Metric], part: Piece, device_ids: Sequence[int]) -> Select[Any]:
    if part.width == _ZERO:
        moment: ColumnElement[datetime] = position.c.ts
        columns: list[ColumnElement[Any]] = []
        for metric in metrics:
            made = raw_statistics(position.c[metric.name])
            columns += [made[one].label(f"{metric.name}_{one}") for one in statistic_names(metric)]
        table = position
    else:
        table = ROLLUPS[part.width]["position"]
        moment = table.c.bucket
        columns = [table.c[f"{metric.name}_{one}"] for metric in metrics for one in statistic_names(metric)]
    return select(table.c.device_id, moment.label("at"), *columns).where(
        table.c.device_id == func.any(list(device_ids)), moment >= part.start, moment < part.end
    )


def _measurements(ids: Sequence[int], part: Piece, device_ids: Sequence[int]) -> Select[Any]:
    if part.width == _ZERO:
        table = measurement
        moment: ColumnElement[datetime] = measurement.c.ts
        value = measurement.c.value
        columns: list[ColumnElement[Any]] = [
            literal(1, BigInteger).label("n"),
            value.label("sum"),
            value.label("min"),
            value.label("max"),
        ]
    else:
        table = ROLLUPS[part.width]["measurement"]
        moment = table.c.bucket
        columns = [table.c[statistic] for statistic in _STATISTICS]
    return select(table.c.device_id, table.c.metric_id, moment.label("at"), *columns).where(
        table.c.device_id == func.any(list(device_ids)),
        table.c.metric_id == func.any(list(ids)),
        moment >= part.start,
        moment < part.end,
    )


def _joined(queries: Sequence[Select[Any]]) -> Subquery:
    return (queries[0] if len(queries) == 1 else union_all(*queries)).subquery("several")


def _start(found: Subquery, step_s: int) -> ColumnElement[datetime]:
    start: ColumnElement[datetime] = func.date_bin(
        cast(literal(f"{step_s} seconds"), Interval), found.c.at, ORIGIN
    ).label("start")
    return start


def _totals(found: Subquery, prefix: str, *, circular: bool = False) -> list[ColumnElement[Any]]:
    n = cast(func.sum(found.c[f"{prefix}n"]), BigInteger)
    names = ("n", "sum", "sin", "cos") if circular else ("n", "sum")
    return [
        mean_from({name: found.c[f"{prefix}{name}"] for name in names}),
        func.min(found.c[f"{prefix}min"]),
        func.max(found.c[f"{prefix}max"]),
        n,
    ]
