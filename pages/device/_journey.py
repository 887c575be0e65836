"""What a track says: how far, how long in motion, and its stretches by speed. Pure arithmetic in SI units."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from core.geo import distance_m
from db.queries.rows import Series, Track, TrackPoint

CLASSES: Final = 5
GAP_AT_LEAST_S: Final = 600.0
_NICE: Final = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)

Line = list[list[float]]


@dataclass(frozen=True, slots=True)
class Journey:
    """`distance_m` and `moving_s` leave out gaps, in which nobody knows what the device did."""

    distance_m: float
    moving_s: float


@dataclass(frozen=True, slots=True)
class Stretches:
    """Lines by class of speed; class i holds speeds from i to i+1 times `step` m/s, the last also all above."""

    step: float
    lines: tuple[tuple[Line, ...], ...]


def legs(track: Track) -> list[tuple[TrackPoint, TrackPoint]]:
    """Pairs of points that follow each other without a gap.

    A gap is much longer than the points usually are apart, and at least ten minutes: a device that reports hourly
    has no gaps, one that reports every second has one after a tunnel.
    """
    pairs = list(pairwise(track.points))
    if not pairs:
        return []
    usual = median((b.ts - a.ts).total_seconds() for a, b in pairs)
    longest = max(GAP_AT_LEAST_S, 5 * usual)
    return [(a, b) for a, b in pairs if (b.ts - a.ts).total_seconds() <= longest]


def journey(track: Track, *, stopped_below: float) -> Journey:
    """How far and how long the device moved."""
    distance = moving = 0.0
    for a, b in legs(track):
        if leg_speed(a, b) >= stopped_below:
            distance += distance_m(a.lat, a.lon, b.lat, b.lon)
            moving += (b.ts - a.ts).total_seconds()
    return Journey(distance, moving)


def leg_speed(a: TrackPoint, b: TrackPoint) -> float:
    """The speed between two points in m/s: as reported at both ends, or else from place and time."""
    if a.speed is not None and b.speed is not None:
        return (a.speed + b.speed) / 2
    seconds = (b.ts - a.ts).total_seconds()
    return distance_m(a.lat, a.lon, b.lat, b.lon) / seconds if seconds > 0 else 0.0


def stretches(track: Track, *, unit: float) -> Stretches:
    """The track cut where its class of speed changes; the bounds are round numbers in units of `unit` m/s."""
    pairs = [(a, b, leg_speed(a, b)) for a, b in legs(track)]
    step = nice_step(max((speed for _, _, speed in pairs), default=0.0) / unit / CLASSES) * unit
    lines: list[list[Line]] = [[] for _ in range(CLASSES)]
    before: tuple[TrackPoint | None, int] = (None, -1)
    for a, b, speed in pairs:
        kind = min(CLASSES - 1, int(speed / step))
        if before == (a, kind):
            lines[kind][-1].append(_place(b))
        else:
            lines[kind].append([_place(a), _place(b)])
        before = (b, kind)
    return Stretches(step, tuple(tuple(some) for some in lines))


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


def mean_and_max(series: Series) -> tuple[float | None, float | None]:
    """The mean of all values of a series and the greatest; both None where it is empty."""
    total = sum(bucket.n for bucket in series.points)
    if total == 0:
        return None, None
    return sum(bucket.mean * bucket.n for bucket in series.points) / total, max(b.max for b in series.points)


def _place(point: TrackPoint) -> list[float]:
    """A place to 1 m: more cannot be seen, and every digit is sent at each refresh."""
    return [round(point.lat, 5), round(point.lon, 5)]
