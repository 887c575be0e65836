"""What the Device page asks the database, in one connection and for one moment."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from db.queries import devices, latest, metrics, series, track
from db.queries.rows import Device, Latest, Metric, Series, Span, Track

TRACK_POINTS: Final = 1000
CHART_POINTS: Final = 300


@dataclass(frozen=True, slots=True)
class Subject:
    """The device that the page is about: what is known of it without a window."""

    device: Device
    latest: Latest | None
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What it did over a span, and one metric of it over time. `speed` is None where that metric is not kept."""

    device: Device
    latest: Latest | None
    span: Span
    track: Track
    speed: Series | None
    metric: Metric
    series: Series


def load_subject(connection: Connection, name: str) -> Subject | None:
    """The device called `name` with the metrics that it has sent; None where there is none."""
    device = devices.get_device(connection, name)
    if device is None:
        return None
    newest = latest.latest_one(connection, name)
    return Subject(device, newest, tuple(metrics_of(newest, metrics.list_metrics(connection))))


def load_past(connection: Connection, name: str, metric_name: str, span: Span) -> Past | None:
    """What the device called `name` did; None where there is no such device or no such metric."""
    device = devices.get_device(connection, name)
    every = {metric.name: metric for metric in metrics.list_metrics(connection)}
    metric = every.get(metric_name)
    if device is None or metric is None:
        return None
    line = series.device_series(connection, metric, device.id, span, points=CHART_POINTS)
    speed = None
    if "speed" in every:
        speed = line if metric.name == "speed" else _speed(connection, every["speed"], device, span)
    return Past(
        device=device,
        latest=latest.latest_one(connection, name),
        span=span,
        track=track.device_track(connection, device.id, span, max_points=TRACK_POINTS),
        speed=speed,
        metric=metric,
        series=line,
    )


def metrics_of(newest: Latest | None, every: list[Metric]) -> list[Metric]:
    """Those of `every` metric that the device has; all position metrics where nothing is known of it yet."""
    if newest is None:
        return [metric for metric in every if metric.stored_in == "position"]
    columns = {"speed": newest.speed, "altitude": newest.altitude, "heading": newest.heading}
    has = {name for name, value in columns.items() if value is not None} | set(newest.values)
    found = [metric for metric in every if metric.name in has]
    return found or [metric for metric in every if metric.stored_in == "position"]


def _speed(connection: Connection, metric: Metric, device: Device, span: Span) -> Series:
    return series.device_series(connection, metric, device.id, span, points=CHART_POINTS)
