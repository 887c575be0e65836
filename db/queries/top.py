"""Who is highest, or lowest: devices ranked by a statistic of a metric."""

from typing import Any, Final, Literal

from sqlalchemy import BigInteger, Connection, cast, func, select, true

from db.queries.rows import Metric, Ranked, Span
from db.queries.source import pieces, raw_values, statistics_of
from db.tables import device

Statistic = Literal["max", "mean", "min", "last"]
STATISTICS: Final = ("max", "mean", "min", "last")


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
    """The `n` devices with the highest (or `lowest`) `stat` of `metric` within `span`; names decide between equals."""
    found = statistics_of(metric, pieces(span), fleet=fleet)
    count = func.sum(found.c.n)
    made: dict[str, Any] = {"max": func.max(found.c.max), "min": func.min(found.c.min)}
    value = made.get(stat, func.sum(found.c.sum) / count)
    grouped = (
        select(found.c.device_id, value.label("value"), cast(count, BigInteger).label("n"))
        .group_by(found.c.device_id)
        .subquery()
    )
    if stat == "last":
        table, raw, where = raw_values(metric, span)
        newest = (
            select(raw.label("value"))
            .where(where, table.c.device_id == grouped.c.device_id)
            .order_by(table.c.ts.desc())
            .limit(1)
            .lateral()
        )
        ranked_by = newest.c.value
        query = select(device.c.name, ranked_by, grouped.c.n).select_from(grouped.join(newest, true()))
    else:
        ranked_by = grouped.c.value
        query = select(device.c.name, ranked_by, grouped.c.n).select_from(grouped)
    order = ranked_by.asc() if lowest else ranked_by.desc()
    query = query.join(device, device.c.id == grouped.c.device_id).order_by(order, device.c.name).limit(n)
    return [Ranked(rank, *row) for rank, row in enumerate(connection.execute(query), start=1)]
