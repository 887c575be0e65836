"""How a fleet did over a span: count, mean, least, greatest, last."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Integer,
    Subquery,
    cast,
    column,
    func,
    select,
    true,
    values,
)

from db.queries.metrics import list_metrics
from db.queries.rows import DeviceSummary, Group, Metric, Span, Summary
from db.queries.source import (
    Piece,
    mean_from,
    mean_of,
    measurement_statistics,
    pieces,
    position_statistics,
    raw_values,
    statistic_names,
    statistics_by_device,
    statistics_of,
)
from db.tables import device, measurement

_NOTHING = Summary(0, None, None, None, None, 0)


def fleet_summary(
    connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None, device_id: int | None = None
) -> Summary:
    """Statistics of `metric` over all devices of `fleet` (None: of every fleet), or of one, within `span`."""
    parts = pieces(span)
    found = statistics_by_device(statistics_of(metric, parts, fleet=fleet, device_id=device_id))
    row = connection.execute(select(func.count(), func.max(found.c.last), *_totals(found))).one()
    if row.n is None:
        return _NOTHING
    last = _last(connection, metric, _around(row[1], parts), fleet, device_id)
    return Summary(row.n, row.mean, row.least, row.greatest, last, row[0])


def summary_all(connection: Connection, span: Span, *, fleet: str | None = None) -> list[tuple[Metric, Summary]]:
    """The same of every metric, in the order of `list_metrics`, by one scan of positions and one of measurements."""
    metrics = list_metrics(connection)
    of_position = [metric for metric in metrics if metric.stored_in == "position"]
    found = _of_positions(connection, of_position, span, fleet) if of_position else {}
    if len(of_position) < len(metrics):
        found |= _measured(connection, span, fleet)
    return [(metric, found.get(metric.id, _NOTHING)) for metric in metrics]


def _of_positions(connection: Connection, metrics: list[Metric], span: Span, fleet: str | None) -> dict[int, Summary]:
    """Statistics of the columns of `position` that have values, by the id of the metric."""
    parts = pieces(span)
    by_device = position_statistics(metrics, parts, fleet=fleet)
    columns: list[Any] = []
    for metric in metrics:
        own = {name: by_device.c[f"{metric.name}_{name}"] for name in statistic_names(metric)}
        has = own["n"] > 0
        n = func.sum(own["n"])
        columns += [func.count().filter(has), cast(n, BigInteger), mean_from(own), func.min(own["min"])]
        columns += [func.max(own["max"]), func.max(by_device.c[f"{metric.name}_last"])]
    row = connection.execute(select(*columns)).one()
    found = {}
    for place, metric in enumerate(metrics):
        devices, n, mean, least, greatest, at = row[6 * place : 6 * place + 6]
        if n:
            last = _last(connection, metric, _around(at, parts), fleet, None)
            found[metric.id] = Summary(n, mean, least, greatest, last, devices)
    return found


def _measured(connection: Connection, span: Span, fleet: str | None) -> dict[int, Summary]:
    """Statistics of every measurement that has values, by the id of its metric."""
    parts = pieces(span)
    rows = measurement_statistics(parts, fleet=fleet)
    keys = (rows.c.metric_id, rows.c.device_id)
    columns = [func.sum(rows.c.n).label("n"), func.sum(rows.c.sum).label("sum"), func.min(rows.c.min).label("min")]
    by_device = select(*keys, *columns, func.max(rows.c.max).label("max"), func.max(rows.c.at).label("last"))
    found = by_device.group_by(*keys).subquery("by_device")
    query = select(
        found.c.metric_id, func.count().label("devices"), func.max(found.c.last).label("at"), *_totals(found)
    )
    every = connection.execute(query.group_by(found.c.metric_id)).all()
    last = _last_measured(connection, {row.metric_id: _around(row.at, parts) for row in every}, fleet)
    return {
        row.metric_id: Summary(row.n, row.mean, row.least, row.greatest, last.get(row.metric_id), row.devices)
        for row in every
    }


def _last_measured(connection: Connection, spans: Mapping[int, Span], fleet: str | None) -> dict[int, float]:
    """The newest raw value of each metric within its span."""
    if not spans:
        return {}
    wanted = values(
        column("metric_id", Integer), column("start", DateTime(timezone=True)), column("end", DateTime(timezone=True)),
        name="wanted",
    ).data([(id_, span.start, span.end) for id_, span in spans.items()])  # fmt: skip
    one = select(measurement.c.value).where(
        measurement.c.metric_id == wanted.c.metric_id,
        measurement.c.ts >= wanted.c.start,
        measurement.c.ts < wanted.c.end,
    )
    if fleet is not None:
        one = one.where(measurement.c.device_id.in_(select(device.c.id).where(device.c.fleet == fleet)))
    newest = one.order_by(measurement.c.ts.desc(), measurement.c.device_id).limit(1).lateral()
    query = select(wanted.c.metric_id, newest.c.value).select_from(wanted.join(newest, true()))
    return {row.metric_id: row.value for row in connection.execute(query)}


def summary_by_device(
    connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None, limit: int = 500
) -> list[DeviceSummary]:
    """Statistics of `metric` of each device within `span`, the highest mean first."""
    found = statistics_of(metric, pieces(span), fleet=fleet)
    grouped = select(found.c.device_id, *_totals(found)).group_by(found.c.device_id).subquery()
    chosen = (
        select(device.c.name, grouped)
        .join(device, device.c.id == grouped.c.device_id)
        .order_by(grouped.c.mean.desc(), device.c.name)
        .limit(limit)
        .subquery()
    )
    table, value, where = raw_values(metric, span)
    newest = (
        select(value.label("last"))
        .where(where, table.c.device_id == chosen.c.device_id)
        .order_by(table.c.ts.desc())
        .limit(1)
        .lateral()
    )
    query = select(chosen, newest.c.last).join(newest, true(), isouter=True)
    query = query.order_by(chosen.c.mean.desc(), chosen.c.name)
    return [
        DeviceSummary(row.name, Summary(row.n, row.mean, row.least, row.greatest, row.last, 1))
        for row in connection.execute(query)
    ]


def summary_by_group(
    connection: Connection, metric: Metric, span: Span, *, fleet: str | None = None
) -> dict[Literal["fleet", "kind"], list[Group]]:
    """Statistics of `metric` by fleet and by kind, those with the most devices first; devices without either together.

    Every group that has a device is there, though none may have reported. `last` is not told.
    """
    found = statistics_by_device(statistics_of(metric, pieces(span), fleet=fleet))
    rows = select(device.c.fleet, device.c.kind, device.c.id, found).select_from(
        device.outerjoin(found, found.c.device_id == device.c.id)
    )
    if fleet is not None:
        rows = rows.where(device.c.fleet == fleet)
    every = rows.cte("every").prefix_with("MATERIALIZED", dialect="postgresql")
    return {"fleet": _groups(connection, every, "fleet"), "kind": _groups(connection, every, "kind")}


def _groups(connection: Connection, every: Any, by: Literal["fleet", "kind"]) -> list[Group]:
    registered = func.count(every.c.id)
    query = select(every.c[by], registered.label("registered"), func.count(every.c.n).label("devices"), *_totals(every))
    query = query.group_by(every.c[by]).order_by(registered.desc(), every.c[by].nulls_last())
    return [
        Group(row[0], row.registered, Summary(row.n or 0, row.mean, row.least, row.greatest, None, row.devices))
        for row in connection.execute(query)
    ]


def _totals(found: Subquery) -> list[Any]:
    n = func.sum(found.c.n)
    return [
        cast(n, BigInteger).label("n"),
        mean_of(found).label("mean"),
        func.min(found.c.min).label("least"),
        func.max(found.c.max).label("greatest"),
    ]


def _around(at: datetime, parts: list[Piece]) -> Span:
    """The span of the bucket that begins at `at`, or of the raw row there."""
    width = next(part.width for part in parts if part.start <= at < part.end)
    return Span(at, at + max(width, timedelta(microseconds=1)))


def _last(connection: Connection, metric: Metric, span: Span, fleet: str | None, device_id: int | None) -> float | None:
    """The newest raw value; None where raw rows of that time are no longer kept."""
    table, value, where = raw_values(metric, span, fleet=fleet, device_id=device_id)
    query = select(value).where(where).order_by(table.c.ts.desc(), table.c.device_id).limit(1)
    return connection.execute(query).scalar()
