"""Where the values of a metric stand, and how a span is covered by the coarsest statistics that fit it exactly.

A span that begins at 10:17:30 is read raw until 10:18, by the minute until 11:00, by the hour from there, and so back
at its end: the answer is that of the raw rows, and most of it comes from few.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Double,
    Select,
    Subquery,
    Table,
    and_,
    cast,
    func,
    literal_column,
    select,
    union_all,
)

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
_ORIGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)


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


def _cover(start: datetime, end: datetime, widths: list[timedelta]) -> list[Piece]:
    if start >= end:
        return []
    if not widths:
        return [Piece(_ZERO, start, end)]
    width = widths[0]
    first = start + (_ORIGIN - start) % width
    last = end - (end - _ORIGIN) % width
    if first >= last:
        return _cover(start, end, widths[1:])
    return [*_cover(start, first, widths[1:]), Piece(width, first, last), *_cover(last, end, widths[1:])]


def statistics_of(
    metric: Metric, parts: list[Piece], *, fleet: str | None = None, device_id: int | None = None
) -> Subquery:
    """Rows of (device_id, at, n, sum, min, max) of `metric`; `at` is the start of a bucket or the moment of a row."""
    queries = [_piece(metric, part, fleet, device_id) for part in parts]
    return (queries[0] if len(queries) == 1 else union_all(*queries)).subquery("statistics")


def statistics_by_device(found: Subquery) -> Subquery:
    """The same summed up to a row a device, `first` and `last` its moments; hashed, where counting devices sorts."""
    n: ColumnElement[int] = func.sum(found.c.n)
    columns = [n.label("n"), func.sum(found.c.sum).label("sum"), func.min(found.c.min).label("min")]
    moments = [func.min(found.c.at).label("first"), func.max(found.c.at).label("last")]
    query = select(found.c.device_id, *columns, func.max(found.c.max).label("max"), *moments)
    return query.group_by(found.c.device_id).subquery("by_device")


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
        return select(table.c.device_id, table.c.ts.label("at"), *columns).where(where)
    rollup = ROLLUPS[part.width][metric.stored_in]
    prefix = f"{metric.name}_" if metric.stored_in == "position" else ""
    names = ("n", "sum", "min", "max")
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
    if fleet is not None:
        conditions.append(table.c.device_id.in_(select(device.c.id).where(device.c.fleet == fleet)))
    return conditions
