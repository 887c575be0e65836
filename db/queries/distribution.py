"""How the values of a metric are spread: over their range, and over the hours of the week."""

import math
from typing import Any, Final, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    cast,
    extract,
    func,
    literal_column,
    select,
)

from db.engine.base import ORIGIN
from db.queries.rows import Distribution, Hour, Metric, Span, Summary
from db.queries.source import mean_of, pieces, raw_values, statistics_of
from db.tables import device

ALL_UP_TO: Final = 300_000
"""Values of a span that are all counted; of more, about so many are."""
LEAST_DEVICES: Final = 30
MOST_RAW: Final = 1_500_000
"""Where even the sample of LEAST_DEVICES has more values than this, means of hours are counted instead."""
_NICE: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


def distribution(
    connection: Connection,
    metric: Metric,
    span: Span,
    of: Summary,
    *,
    bins: int = 40,
    factor: float = 1.0,
    fleet: str | None = None,
) -> Distribution | None:
    """Counts of `metric` in at most `bins` bins; None where there are no values.

    The edges are round in the unit of which a stored one is `factor`, and given as stored. `of` is
    the summary of the same span and fleet: it gives the range, and tells how much there is. The cost is bounded
    whatever the span: up to ALL_UP_TO values all are counted; of more, those of every k-th device by a hash of its id,
    so that the same are chosen each time; where there are too few devices for that, means of hours.
    """
    if of.n == 0 or of.min is None or of.max is None:
        return None
    edges = bin_edges(of.min * factor, of.max * factor, bins, circular=metric.circular)
    edges = tuple(edge / factor for edge in edges)
    every = math.ceil(of.n / ALL_UP_TO)
    if every == 1:
        return _counted(connection, _raw(metric, span, fleet, 1), edges, "values")
    every = min(every, max(1, of.devices // LEAST_DEVICES))
    if of.n / every <= MOST_RAW:
        return _counted(connection, _raw(metric, span, fleet, every), edges, "values" if every == 1 else "sample")
    found = statistics_of(metric, pieces(span), fleet=fleet)
    hour = func.date_bin(literal_column("interval '1 hour'"), found.c.at, ORIGIN)
    means = (
        select(found.c.device_id, mean_of(found).label("value"), cast(func.sum(found.c.n), BigInteger).label("n"))
        .group_by(found.c.device_id, hour)
        .subquery()
    )
    return _counted(connection, select(means), edges, "hours")


def _raw(metric: Metric, span: Span, fleet: str | None, every: int) -> Any:
    table, value, where = raw_values(metric, span, fleet=fleet)
    one: ColumnElement[int] = literal_column("1::bigint")
    query = select(table.c.device_id, value.label("value"), one.label("n")).where(where)
    if every > 1:
        # As a list of ids the index of (device_id, ts) is used, and the rows of others are never read.
        chosen = select(device.c.id).where(func.abs(func.hashint4(device.c.id)) % every == 0)
        query = query.where(table.c.device_id == func.any(func.array(chosen.scalar_subquery())))
    return query


def _counted(
    connection: Connection, rows: Any, edges: tuple[float, ...], of: Literal["values", "sample", "hours"]
) -> Distribution:
    found = rows.subquery("rows")
    # By a list of edges, not by their width: the edges are what is shown, and floats must not disagree with it.
    bin_ = func.least(func.width_bucket(found.c.value, list(edges)), len(edges) - 1)
    by_device = (
        select(found.c.device_id, bin_.label("bin"), cast(func.sum(found.c.n), BigInteger).label("n"))
        .group_by(found.c.device_id, bin_)
        .subquery()
    )
    total = func.sum(func.sum(by_device.c.n)).over()
    query = select(by_device.c.bin, cast(func.sum(by_device.c.n), BigInteger), cast(total, BigInteger))
    counts = [0] * (len(edges) - 1)
    n = 0
    for place, count, n in connection.execute(query.group_by(by_device.c.bin)):  # noqa: B007 - the total is in each row
        counts[max(1, place) - 1] += count
    devices = connection.execute(select(func.count(func.distinct(found.c.device_id)))).scalar_one()
    return Distribution(edges, tuple(counts), of, n, devices)


def bin_edges(least: float, greatest: float, bins: int, *, circular: bool = False) -> tuple[float, ...]:
    """Round edges of at most `bins` (2 or more) bins of one width that cover a range; of directions always the same."""
    if circular:
        return tuple(float(degrees) for degrees in range(0, 361, 10))
    extent, size = greatest - least, max(abs(least), abs(greatest), 1e-6)
    width = _nice(extent / bins if extent > 1e-9 * size else size / 10)  # else one value, or as good as one
    while _touched(least, greatest, width) > bins:  # the range may touch one bin more than it is wide
        width = _nice(1.01 * width)
    first, count = math.floor(least / width), _touched(least, greatest, width)
    return tuple(_round((first + place) * width, width) for place in range(count + 1))


def _touched(least: float, greatest: float, width: float) -> int:
    return max(1, math.ceil(greatest / width) - math.floor(least / width))


def _nice(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(nice * power for nice in _NICE if nice * power >= least * (1 - 1e-9))


def _round(value: float, width: float) -> float:
    return round(value, max(0, 2 - math.floor(math.log10(width)))) if width < 1e12 else value


def hours_of_week(
    connection: Connection, metric: Metric, span: Span, zone: str, *, fleet: str | None = None
) -> list[Hour]:
    """Statistics of `metric` by day of the week and hour of the day, as the clock of `zone` (a name of tzdata) shows.

    Where the zone is not whole hours from UTC, an hour of the rollups goes to that in which it begins.
    """
    found = statistics_of(metric, pieces(span), fleet=fleet)
    sums = ("n", "sum", "sin", "cos") if metric.circular else ("n", "sum")
    quarter = func.date_bin(literal_column("interval '15 minutes'"), found.c.at, ORIGIN)
    columns = [func.sum(found.c[name]).label(name) for name in sums]
    # First by the quarter, of which there are few: the clock of a zone is dear to read for each row.
    few = (
        select(quarter.label("at"), *columns, func.min(found.c.min).label("min"), func.max(found.c.max).label("max"))
        .group_by(quarter)
        .subquery("quarters")
    )
    clock = func.timezone(zone, few.c.at)
    weekday, hour = cast(extract("isodow", clock), Integer), cast(extract("hour", clock), Integer)
    n = cast(func.sum(few.c.n), BigInteger)
    query = select(weekday, hour, n, mean_of(few), func.min(few.c.min), func.max(few.c.max)).group_by(weekday, hour)
    return [Hour(*row) for row in connection.execute(query.order_by(weekday, hour))]
