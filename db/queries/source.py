"""Where the values of a metric stand, and how a span is covered by the coarsest statistics that fit it exactly.

A span that begins at 10:17:30 is read raw until 10:18, by the minute until 11:00, by the hour from there, and so back
at its end: the answer is that of the raw rows, and most of it comes from few.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Select,
    Subquery,
    Table,
    and_,
    case,
    cast,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from db.engine.base import ORIGIN
from db.queries.rows import Metric, Span
from db.tables import (
    device,
    measurement,
    measurement_1h,
    measurement_1m,
    position,
    position_1h,
    position_1m,
)

RAW_UP_TO: Final = timedelta(hours=2)
"""Shorter spans are read raw: a rollup pays from 30 rows a bucket, which a device seldom sends in a minute."""
_ZERO: Final = timedelta()
ROLLUPS: Final = {
    timedelta(minutes=1): {"position": position_1m, "measurement": measurement_1m},
    timedelta(hours=1): {"position": position_1h, "measurement": measurement_1h},
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a span, and the width of the buckets it is read from; zero for raw rows."""

    width: timedelta
    start: datetime
    end: datetime


def pieces(span: Span, coarsest: timedelta | None = None) -> list[Piece]:
    """Cover `span` exactly, in order of time, with buckets of at most `coarsest` (None: by the length of the span)."""
    if coarsest is None:
        coarsest = _ZERO if span.end - span.start <= RAW_UP_TO else max(ROLLUPS)
    widths = sorted((width for width in ROLLUPS if width <= coarsest), reverse=True)
    return _cover(span.start, span.end, widths)


def cover(span: Span, widths: list[timedelta]) -> list[Piece]:
    """Cover `span` exactly, in order of time, with buckets of these widths, the widest first, and raw rows."""
    return _cover(span.start, span.end, widths)


def _cover(start: datetime, end: datetime, widths: list[timedelta]) -> list[Piece]:
    if start >= end:
        return []
    if not widths:
        return [Piece(_ZERO, start, end)]
    width = widths[0]
    first = start + (ORIGIN - start) % width
    last = end - (end - ORIGIN) % width
    if first >= last:
        return _cover(start, end, widths[1:])
    return [*_cover(start, first, widths[1:]), Piece(width, first, last), *_cover(last, end, widths[1:])]


def statistics_of(
    metric: Metric, parts: list[Piece], *, fleet: str | None = None, device_id: int | None = None
) -> Subquery:
    """Rows of (device_id, at, n, sum, min, max) of `metric`; `at` is the start of a bucket or the moment of a row.

    Those of directions have (sin, cos) beside them: sums of the unit vectors.
    """
    queries = [_piece(metric, part, fleet, device_id) for part in parts]
    return (queries[0] if len(queries) == 1 else union_all(*queries)).subquery("statistics")


def measurement_statistics(parts: list[Piece], *, fleet: str | None = None) -> Subquery:
    """The same of every measurement, with its metric_id."""
    queries = [_measured(part, fleet) for part in parts]
    return (queries[0] if len(queries) == 1 else union_all(*queries)).subquery("measured")


def _measured(part: Piece, fleet: str | None) -> Select[Any]:
    raw = part.width == _ZERO
    table = measurement if raw else ROLLUPS[part.width]["measurement"]
    moment: ColumnElement[Any] = measurement.c.ts if raw else table.c.bucket
    value = measurement.c.value
    one: ColumnElement[int] = literal_column("1::bigint")
    columns: list[ColumnElement[Any]] = [one.label("n"), value.label("sum"), value.label("min"), value.label("max")]
    if not raw:
        columns = [table.c[name] for name in ("n", "sum", "min", "max")]
    query = select(table.c.metric_id, table.c.device_id, moment.label("at"), *columns)
    return query.where(moment >= part.start, moment < part.end, *_of_fleet(table, fleet))


def statistics_by_device(found: Subquery) -> Subquery:
    """The same summed up to a row a device, `first` and `last` its moments; hashed, where counting devices sorts."""
    n: ColumnElement[int] = func.sum(found.c.n)
    columns = [n.label("n"), func.sum(found.c.sum).label("sum"), func.min(found.c.min).label("min")]
    moments = [func.min(found.c.at).label("first"), func.max(found.c.at).label("last")]
    columns += [func.sum(found.c[name]).label(name) for name in ("sin", "cos") if name in found.c]
    query = select(found.c.device_id, *columns, func.max(found.c.max).label("max"), *moments)
    return query.group_by(found.c.device_id).subquery("by_device")


def mean_of(found: FromClause) -> ColumnElement[Any]:
    """The mean of all values in `found`, or in each of its groups; of directions a direction, 0 <= mean < 360.

    Where directions cancel each other out there is no mean direction, and what is given is arbitrary.
    """
    return mean_from(found.c)


def mean_from(columns: Mapping[str, ColumnElement[Any]] | ReadOnlyColumnCollection[str, Any]) -> ColumnElement[Any]:
    """The same from columns by the names of their statistics."""
    if "sin" not in columns:
        return func.sum(columns["sum"]) / func.nullif(func.sum(columns["n"]), 0)
    turn: ColumnElement[Any] = func.atan2d(func.sum(columns["sin"]), func.sum(columns["cos"]))
    return case((turn < -1e-9, turn + 360), else_=func.abs(turn))


def statistic_names(metric: Metric) -> tuple[str, ...]:
    """What is known of the values of `metric` in a bucket; of directions sums of their unit vectors, too."""
    return ("n", "sum", "min", "max", "sin", "cos") if metric.circular else ("n", "sum", "min", "max")


def position_statistics(metrics: list[Metric], parts: list[Piece], *, fleet: str | None = None) -> Subquery:
    """Rows of (device_id, and METRIC_n, _sum, _min, _max, _last of each metric), all metrics columns of `position`."""
    queries = [_positions(metrics, part, fleet) for part in parts]
    rows = (queries[0] if len(queries) == 1 else union_all(*queries)).subquery("positions")
    columns: list[ColumnElement[Any]] = []
    for metric in metrics:
        for name in statistic_names(metric):
            made: Any = {"min": func.min, "max": func.max}.get(name, func.sum)
            columns.append(made(rows.c[f"{metric.name}_{name}"]).label(f"{metric.name}_{name}"))
        columns.append(func.max(rows.c.at).filter(rows.c[f"{metric.name}_n"] > 0).label(f"{metric.name}_last"))
    return select(rows.c.device_id, *columns).group_by(rows.c.device_id).subquery("by_device")


def _positions(metrics: list[Metric], part: Piece, fleet: str | None) -> Select[Any]:
    raw = part.width == _ZERO
    table = position if raw else ROLLUPS[part.width]["position"]
    moment: ColumnElement[Any] = table.c.ts if raw else table.c.bucket
    columns: list[ColumnElement[Any]] = []
    for metric in metrics:
        made = raw_statistics(position.c[metric.name]) if raw else {}
        columns += [
            made[name].label(f"{metric.name}_{name}") if raw else table.c[f"{metric.name}_{name}"]
            for name in statistic_names(metric)
        ]
    query = select(table.c.device_id, moment.label("at"), *columns)
    return query.where(moment >= part.start, moment < part.end, *_of_fleet(table, fleet))


def raw_statistics(value: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """All statistics of a row alone, by their names."""
    number = cast(value, Double)
    made: dict[str, ColumnElement[Any]] = {"n": cast(value.is_not(None), Integer), "sum": number, "min": value}
    return made | {"max": value, "sin": func.sind(number), "cos": func.cosd(number)}


def raw_values(
    metric: Metric, span: Span, *, fleet: str | None = None, device_id: int | None = None
) -> tuple[Table, ColumnElement[Any], ColumnElement[bool]]:
    """The table, value column and condition of the raw rows of `metric`."""
    table = position if metric.stored_in == "position" else measurement
    value: ColumnElement[Any] = position.c[metric.name] if table is position else measurement.c.value
    conditions = [table.c.ts >= span.start, table.c.ts < span.end, value.is_not(None)]
    return table, value, and_(*conditions, *_chosen(table, metric, fleet, device_id))


def _piece(metric: Metric, part: Piece, fleet: str | None, device_id: int | None) -> Select[Any]:
    if part.width == _ZERO:
        table, value, where = raw_values(metric, Span(part.start, part.end), fleet=fleet, device_id=device_id)
        one: ColumnElement[int] = literal_column("1::bigint")
        columns = [one.label("n"), cast(value, Double).label("sum"), value.label("min"), value.label("max")]
        if metric.circular:
            turn = cast(value, Double)
            columns += [func.sind(turn).label("sin"), func.cosd(turn).label("cos")]
        return select(table.c.device_id, table.c.ts.label("at"), *columns).where(where)
    rollup = ROLLUPS[part.width][metric.stored_in]
    prefix = f"{metric.name}_" if metric.stored_in == "position" else ""
    names = statistic_names(metric)
    conditions = [rollup.c.bucket >= part.start, rollup.c.bucket < part.end, rollup.c[f"{prefix}n"] > 0]
    return select(
        rollup.c.device_id, rollup.c.bucket.label("at"), *(rollup.c[f"{prefix}{name}"].label(name) for name in names)
    ).where(*conditions, *_chosen(rollup, metric, fleet, device_id))


def _chosen(table: Table, metric: Metric, fleet: str | None, device_id: int | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if metric.stored_in == "measurement":
        conditions.append(table.c.metric_id == metric.id)
    if device_id is not None:
        conditions.append(table.c.device_id == device_id)
    return [*conditions, *_of_fleet(table, fleet)]


def _of_fleet(table: Table, fleet: str | None) -> list[ColumnElement[bool]]:
    return [] if fleet is None else [table.c.device_id.in_(select(device.c.id).where(device.c.fleet == fleet))]
