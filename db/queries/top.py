"""Who is highest, or lowest: devices ranked by a statistic of a metric, or by how far and how long they moved."""

from typing import Any, Final, Literal

from sqlalchemy import BigInteger, Connection, Select, cast, func, select, true

from db.queries.movement import movement_by_device
from db.queries.rows import Metric, Ranked, Span
from db.queries.source import mean_of, pieces, raw_values, statistics_of
from db.tables import device

Statistic = Literal["max", "mean", "min", "last", "range", "distance", "moving"]
STATISTICS: Final = ("max", "mean", "min", "last", "range", "distance", "moving")
OF_MOVEMENT: Final = {"distance": "m", "moving": "s"}
"""Those that are made from places, whatever the metric, and their units."""


def top_devices(
    connection: Connection,
    metric: Metric,
    span: Span,
    *,
    stat: Statistic = "max",
    n: int = 10,
    lowest: bool = False,
    fleet: str | None = None,
) -> list[Ranked]:
    """The `n` devices with the highest (or `lowest`) `stat` of `metric` within `span`; names decide between equals.

    `range` is the greatest less the least value. `distance` (m) and `moving` (s) leave the metric out of account, and
    rank the devices that moved at all.
    """
    ranked_by, query = (
        _of_movement(connection, span, stat) if stat in OF_MOVEMENT else _of_metric(metric, span, stat, fleet)
    )
    if fleet is not None:
        query = query.where(device.c.fleet == fleet)
    order = ranked_by.asc() if lowest else ranked_by.desc()
    query = query.order_by(order, device.c.name).limit(n)
    return [Ranked(rank, *row) for rank, row in enumerate(connection.execute(query), start=1)]


def _of_movement(connection: Connection, span: Span, stat: Statistic) -> tuple[Any, Select[Any]]:
    found = movement_by_device(connection, span)
    value = found.c.distance_m if stat == "distance" else found.c.moving_s
    query = select(device.c.name, value, found.c.n).join(found, found.c.device_id == device.c.id)
    return value, query


def _of_metric(metric: Metric, span: Span, stat: Statistic, fleet: str | None) -> tuple[Any, Select[Any]]:
    found = statistics_of(metric, pieces(span), fleet=fleet)
    count = func.sum(found.c.n)
    least, greatest = func.min(found.c.min), func.max(found.c.max)
    made: dict[str, Any] = {"max": greatest, "min": least, "range": greatest - least}
    grouped = (
        select(
            found.c.device_id,
            made.get(stat, mean_of(found)).label("value"),
            cast(count, BigInteger).label("n"),
        )
        .group_by(found.c.device_id)
        .subquery()
    )
    ranked = grouped.join(device, device.c.id == grouped.c.device_id)
    if stat != "last":
        return grouped.c.value, select(device.c.name, grouped.c.value, grouped.c.n).select_from(ranked)
    table, raw, where = raw_values(metric, span)
    newest = (
        select(raw.label("value"))
        .where(where, table.c.device_id == grouped.c.device_id)
        .order_by(table.c.ts.desc())
        .limit(1)
        .lateral()
    )
    query = select(device.c.name, newest.c.value, grouped.c.n).select_from(ranked.join(newest, true()))
    return newest.c.value, query
