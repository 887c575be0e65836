"""What the Device page asks the database, in one connection and for one moment."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from db.queries import devices, latest, metrics, series, track
from db.queries.quality import Quality, count_duplicates, count_quarantined, quality_of
from db.queries.rows import Device, Latest, Line, Metric, Span, Track
from db.queries.trips import Phase, TripRules, phases

TRACK_POINTS: Final = 1000
CHART_POINTS: Final = 3000
"""Of all panels together."""
MOST_READ: Final = 200_000
"""Places that trips are told from; of a longer way, samples."""
MOST_PANELS: Final = 12


@dataclass(frozen=True, slots=True)
class Subject:
    """The device that the page is about: what is known of it without a period."""

    device: Device
    latest: Latest | None
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Past:
    """What it did over a span. `lines` are its metrics; `metric` is the one that colours the track."""

    subject: Subject
    span: Span
    track: Track
    phases: tuple[Phase, ...]
    whole: bool
    lines: tuple[Line, ...]
    metric: Metric
    quality: Quality

    def line(self, name: str) -> Line | None:
        """The line of a metric."""
        return next((line for line in self.lines if line.metric.name == name), None)


def load_subject(connection: Connection, name: str) -> Subject | None:
    """The device called `name` with the metrics that it has sent; None where there is none."""
    device = devices.get_device(connection, name)
    if device is None:
        return None
    newest = latest.latest_one(connection, name)
    return Subject(device, newest, tuple(metrics_of(newest, metrics.list_metrics(connection))))


def load_past(connection: Connection, subject: Subject, metric: Metric, span: Span, rules: TripRules) -> Past:
    """What the device did; `metric` is one of its own."""
    shown = subject.metrics[:MOST_PANELS]
    asked = shown if metric in shown else (*shown, metric)
    way = track.device_path(connection, subject.device.id, span, most_read=MOST_READ)
    done = phases(way.way(), rules)
    points = CHART_POINTS // max(3, len(asked))
    return Past(
        subject=subject,
        span=span,
        track=way.track(TRACK_POINTS),
        phases=tuple(done),
        whole=way.whole,
        lines=tuple(series.many_series(connection, asked, [subject.device.id], span, points=points)),
        metric=metric,
        quality=quality_of(
            way,
            done,
            span,
            duplicates=count_duplicates(connection, subject.device.id, span),
            quarantined=count_quarantined(connection, subject.device.name, span),
        ),
    )


def metrics_of(newest: Latest | None, every: list[Metric]) -> list[Metric]:
    """Those of `every` metric that the device has; all position metrics where nothing is known of it yet."""
    if newest is None:
        return [metric for metric in every if metric.stored_in == "position"]
    columns = {"speed": newest.speed, "altitude": newest.altitude, "heading": newest.heading}
    has = {name for name, value in columns.items() if value is not None} | set(newest.values)
    found = [metric for metric in every if metric.name in has]
    return found or [metric for metric in every if metric.stored_in == "position"]
