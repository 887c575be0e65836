"""What a track looks like on a map: its stretches by the value of a metric. Pure arithmetic in SI units."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from core.geo import distance_m
from core.types import to_micros
from db.queries.rows import Metric, Series, Track, TrackPoint
from db.queries.trips import GAP_AT_LEAST_S, GAP_OF_USUAL

CLASSES: Final = 5
UNKNOWN: Final = CLASSES
"""The place of lines along which the metric is not known."""
_NICE: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
_NEAR_BUCKETS: Final = 2

Line = list[list[float]]
Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Stretches:
    """Lines by class of value: class i holds those from `base` + i * `step` on, the last also all above.

    After the classes come the lines along which the value is not known.
    """

    base: float
    step: float
    lines: tuple[tuple[Line, ...], ...]


def legs(track: Track) -> list[int]:
    """The places of points that follow the one before without a gap.

    A gap is much longer than the points usually are apart, and at least ten minutes: a device that reports hourly
    has no gaps, one that reports every second has one after a tunnel.
    """
    apart = [(b.ts - a.ts).total_seconds() for a, b in pairwise(track.points)]
    if not apart:
        return []
    longest = max(GAP_AT_LEAST_S, GAP_OF_USUAL * median(apart))
    return [place for place, seconds in enumerate(apart, start=1) if seconds <= longest]


def leg_speed(a: TrackPoint, b: TrackPoint) -> float:
    """The speed between two points in m/s: as its ends report, or one of them, or else from place and time."""
    reported = [end.speed for end in (a, b) if end.speed is not None]
    if reported:
        return sum(reported) / len(reported)
    seconds = (b.ts - a.ts).total_seconds()
    return distance_m(a.lat, a.lon, b.lat, b.lon) / seconds if seconds > 0 else 0.0


def values_along(track: Track, metric: Metric, series: Series | None) -> list[float | None]:
    """The value of `metric` on the way to each point, in SI units; None where it is not known.

    Speed, altitude and heading come with the points. A measurement is that of the nearest bucket of its `series`, if
    that is no more than two buckets away.
    """
    points = track.points
    if metric.stored_in == "position" and metric.name == "speed":
        return [None, *(leg_speed(a, b) for a, b in pairwise(points))] if points else []
    if metric.stored_in == "position":
        return [getattr(point, metric.name) for point in points]
    if series is None or not series.points:
        return [None] * len(points)
    half = series.bucket_s * 500_000
    middles = [to_micros(bucket.ts) + half for bucket in series.points]
    return [_nearest(to_micros(point.ts), middles, series) for point in points]


def _nearest(micros: int, middles: Sequence[int], series: Series) -> float | None:
    after = bisect_left(middles, micros)
    near = min(
        (place for place in (after - 1, after) if 0 <= place < len(middles)),
        key=lambda place: abs(middles[place] - micros),
    )
    reach = _NEAR_BUCKETS * series.bucket_s * 1_000_000
    return series.points[near].mean if abs(middles[near] - micros) <= reach else None


def stretches(track: Track, values: Values, *, unit: float, from_zero: bool) -> Stretches:
    """The track cut where the class of its value changes; the bounds are round numbers in units of `unit`."""
    ways = legs(track)
    known = [value for place in ways if (value := values[place]) is not None]
    low = 0.0 if from_zero or not known else min(known)
    step = nice_step((max(known, default=0.0) - low) / unit / CLASSES) * unit
    base = 0.0 if from_zero else math.floor(low / step + 1e-9) * step
    lines: list[list[Line]] = [[] for _ in range(CLASSES + 1)]
    before = (-1, -1)
    for place in ways:
        value = values[place]
        kind = UNKNOWN if value is None else max(0, min(CLASSES - 1, int((value - base) / step)))
        if before == (place - 1, kind):
            lines[kind][-1].append(_place(track.points[place]))
        else:
            lines[kind].append([_place(track.points[place - 1]), _place(track.points[place])])
        before = (place, kind)
    return Stretches(base, step, tuple(tuple(some) for some in lines))


def nice_step(least: float) -> float:
    """The smallest of 1, 1.5, 2, 3, 4, 5, 6, 8 times a power of ten that is not below `least`; 1 for nothing."""
    if least <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(least))
    return next(nice * power for nice in _NICE if nice * power >= least * (1 - 1e-9))


def bounds(points: Sequence[TrackPoint], *, margin: float = 0.0015) -> list[list[float]]:
    """South-west and north-east corner round the points; a device that stood still gets a small square."""
    lats = [point.lat for point in points]
    lons = [point.lon for point in points]
    return [[min(lats) - margin, min(lons) - margin], [max(lats) + margin, max(lons) + margin]]


def _place(point: TrackPoint) -> list[float]:
    """A place to 1 m: more cannot be seen, and every digit is sent at each refresh."""
    return [round(point.lat, 5), round(point.lon, 5)]
