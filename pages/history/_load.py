"""What the History page asks the database, in one connection and for one moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from db.queries import devices, latest, metrics, series, track
from db.queries.annotations import Annotation, list_annotations
from db.queries.rows import Device, Line, Metric, Span, Track

MOST_POINTS: Final = 4800
"""Of all lines together: about 100 KB, and more than a screen has pixels across."""
MOST_A_LINE: Final = 1000
LEAST_A_LINE: Final = 120
OVERVIEW_POINTS: Final = 240
TRACK_POINTS: Final = 2400
"""Of all tracks together."""
_READ_UP_TO: Final = timedelta(hours=6)
"""Longer tracks are sampled, so that ten devices that report each second take no longer than one that seldom does."""
_DEFAULT_METRICS: Final = ("speed",)


@dataclass(frozen=True, slots=True)
class Picked:
    """The devices and metrics that were asked for and are there, in the order asked; and the names that are not."""

    devices: tuple[Device, ...]
    metrics: tuple[Metric, ...]
    unknown_devices: tuple[str, ...]
    unknown_metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """What the page shows: `view` is what the panels span, `period` the overview. `before` is empty unless asked."""

    picked: Picked
    period: Span
    view: Span
    lines: tuple[Line, ...]
    before: tuple[Line, ...]
    overview: tuple[Line, ...]
    marks: tuple[Annotation, ...]
    newest: datetime | None


def pick(connection: Connection, device_names: Sequence[str], metric_names: Sequence[str]) -> Picked:
    """Look names up. Without metrics it is speed, or the first there is."""
    found = {device.name: device for device in devices.devices_called(connection, device_names)}
    every = {metric.name: metric for metric in metrics.list_metrics(connection)}
    chosen = [every[name] for name in metric_names if name in every]
    if not metric_names:
        chosen = [every[name] for name in _DEFAULT_METRICS if name in every] or list(every.values())[:1]
    return Picked(
        tuple(found[name] for name in device_names if name in found),
        tuple(chosen),
        tuple(name for name in device_names if name not in found),
        tuple(name for name in metric_names if name not in every),
    )


def points_of(lines: int) -> int:
    """How many buckets a line may have where so many are drawn together."""
    return min(MOST_A_LINE, max(LEAST_A_LINE, MOST_POINTS // max(1, lines)))


def load_picture(connection: Connection, picked: Picked, period: Span, view: Span, *, compare: bool) -> Picture:
    """All lines over `view`, those of the same length before it where asked for, and the first metric's over all.

    Without annotations and newest: `with_news` has these.
    """
    ids = [device.id for device in picked.devices]
    count = len(ids) * len(picked.metrics) * (2 if compare else 1)
    points = points_of(count)

    def lines(span: Span) -> tuple[Line, ...]:
        return tuple(series.many_series(connection, picked.metrics, ids, span, points=points))

    return Picture(
        picked=picked,
        period=period,
        view=view,
        lines=lines(view),
        before=lines(before(view)) if compare else (),
        overview=tuple(series.many_series(connection, picked.metrics[:1], ids, period, points=OVERVIEW_POINTS)),
        marks=(),
        newest=None,
    )


def with_news(connection: Connection, picture: Picture) -> Picture:
    """The same with what may be newer than the rest of it: annotations, and how new the data of its devices is."""
    ids = [device.id for device in picture.picked.devices]
    return replace(
        picture,
        marks=tuple(list_annotations(connection, picture.view, device_ids=ids)),
        newest=latest.newest_of(connection, ids),
    )


def load_tracks(connection: Connection, names: Sequence[str], span: Span) -> list[tuple[str, Track]]:
    """Where each of the devices was, in the order asked; those that are not there are left out."""
    found = {device.name: device for device in devices.devices_called(connection, names)}
    most = TRACK_POINTS // max(2, len(found))

    def read(device_id: int) -> Track:
        if span.end - span.start <= _READ_UP_TO:
            return track.device_path(connection, device_id, span).track(most)
        return track.sampled_path(connection, device_id, span, 2 * most).track(most)

    return [(name, read(found[name].id)) for name in names if name in found]


def before(span: Span) -> Span:
    """The span of the same length that ends where `span` begins."""
    length = span.end - span.start
    return Span(span.start - length, span.start)


def seconds_of(span: Span) -> int:
    """How long it is, in whole seconds."""
    return (span.end - span.start) // timedelta(seconds=1)
