"""What the Top N page asks the database: the ranking, and of each device a line over time and its newest place."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from db.queries import devices, latest, metrics, series, top
from db.queries.movement import hours_behind
from db.queries.rows import Device, Latest, Metric, Ranked, Series, Span
from db.queries.top import OF_MOVEMENT, Statistic

SPARK_POINTS: Final = 24


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the ranking: the device, what it was ranked by, its metric over time and its newest state."""

    ranked: Ranked
    device: Device
    line: Series
    latest: Latest | None


@dataclass(frozen=True, slots=True)
class Ranking:
    """Devices ranked over a span. `behind` hours of movement wait to be computed again."""

    metric: Metric
    stat: Statistic
    span: Span
    places: tuple[Place, ...]
    newest: datetime | None
    behind: int


def load_ranking(
    connection: Connection, metric_name: str, span: Span, *, stat: Statistic, n: int, lowest: bool, fleet: str | None
) -> Ranking | None:
    """The ranking over `span`; None where there is no metric of that name."""
    metric = metrics.get_metric(connection, metric_name)
    if metric is None:
        return None
    ranked = top.top_devices(connection, metric, span, stat=stat, n=n, lowest=lowest, fleet=fleet)
    names = [place.device for place in ranked]
    known = {one.name: one for one in devices.devices_called(connection, names)}
    ids = [known[name].id for name in names if name in known]
    lines = series.many_series(connection, [metric], ids, span, points=SPARK_POINTS) if ids else []
    by_id = {line.device_id: line.series for line in lines}
    newest = {one.device.name: one for one in latest.latest_called(connection, names)}
    return Ranking(
        metric=metric,
        stat=stat,
        span=span,
        places=tuple(
            Place(place, known[place.device], by_id[known[place.device].id], newest.get(place.device))
            for place in ranked
            if place.device in known
        ),
        newest=latest.newest_moment(connection, span, fleet=fleet),
        behind=hours_behind(connection, span) if stat in OF_MOVEMENT else 0,
    )
