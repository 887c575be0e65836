"""Trips and stops: what a device did, told from where it was. Pure arithmetic over arrays, in SI units.

The way between two places that follow each other is a leg. A leg is a gap where nobody knows what happened on it,
moving where it is fast enough, and still otherwise. Legs of one kind in a row are a phase; a stop that is too short to
be one belongs to the trip that it is part of, and a trip that is too short to be one is the noise of a device at rest.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from core.geo import EARTH_RADIUS_M
from core.types import from_micros

Floats = npt.NDArray[np.float64]
Kinds = npt.NDArray[np.int8]
Kind = Literal["trip", "stop", "gap"]

GAP_AT_LEAST_S: Final = 600.0
GAP_OF_USUAL: Final = 5.0
_STOP, _TRIP, _GAP = 0, 1, 2
_NAMES: Final[tuple[Kind, Kind, Kind]] = ("stop", "trip", "gap")


@dataclass(frozen=True, slots=True)
class TripRules:
    """What makes a trip, a stop and a gap. The defaults suit vehicles on roads."""

    stopped_below: float = 0.5
    """m/s; a leg slower than this is still."""
    stop_at_least_s: float = 180.0
    """Shorter stops, as at a traffic light, are part of their trip."""
    trip_at_least_m: float = 200.0
    """Shorter trips are positions that scatter round a device at rest."""
    gap_at_least_s: float = GAP_AT_LEAST_S
    """Longer legs are gaps, if they are also much longer than usual (`gap_of_usual`)."""
    gap_of_usual: float = GAP_OF_USUAL
    """A device that reports hourly has no gaps for it: legs count as gaps from this many times the median on."""


@dataclass(frozen=True, slots=True)
class Phase:
    """What a device did from `start` to `end`. The phases of a way follow each other without a hole.

    `distance_m` is the sum of the legs; over a gap, the straight way between its ends. Speeds are in m/s: those that
    the device reports, or else what was made good from place to place. `mean_speed` is weighted by time, `max_speed`
    the highest; both are None for a gap.
    """

    kind: Kind
    start: datetime
    end: datetime
    distance_m: float
    mean_speed: float | None
    max_speed: float | None
    legs: int

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Way:
    """Places in order of time: microseconds since 1970, degrees, m/s (NaN where not reported)."""

    micros: npt.NDArray[np.int64]
    lat: Floats
    lon: Floats
    speed: Floats


def phases(way: Way, rules: TripRules) -> list[Phase]:
    """Trips, stops and gaps from the first place to the last; none where there are fewer than two."""
    if len(way.micros) < 2:
        return []
    seconds = np.diff(way.micros) / 1e6
    metres = leg_metres(way)
    speed = leg_speeds(way, metres, seconds)
    kinds = _kinds(seconds, speed, rules)
    kinds = _absorb(kinds, seconds, _STOP, _TRIP, rules.stop_at_least_s)
    kinds = _absorb(kinds, metres, _TRIP, _STOP, rules.trip_at_least_m, anywhere=True)
    highest = np.fmax(way.speed[:-1], way.speed[1:])  # of one end where the other says nothing
    fastest = np.where(np.isnan(highest), speed, highest)
    legs = _Legs(metres, speed * seconds, fastest)
    return [_phase(way, _NAMES[kinds[begin]], legs, begin, end) for begin, end in _runs(kinds)]


@dataclass(frozen=True, slots=True)
class _Legs:
    """What phases add up: how far, speed times time, and how fast at most, of each leg."""

    metres: Floats
    driven: Floats
    fastest: Floats


def leg_metres(way: Way) -> Floats:
    """The length of each leg: the great circle, as in core.geo."""
    p, east = np.radians(way.lat), np.radians(way.lon)
    h = np.sin(np.diff(p) / 2) ** 2 + np.cos(p[:-1]) * np.cos(p[1:]) * np.sin(np.diff(east) / 2) ** 2
    metres: Floats = 2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(h, 1.0)))
    return metres


def leg_speeds(way: Way, metres: Floats, seconds: Floats) -> Floats:
    """m/s on each leg: the mean of what its ends report, what one of them does, or else what was made good."""
    begin, end = way.speed[:-1], way.speed[1:]
    reported = np.where(np.isnan(begin), end, np.where(np.isnan(end), begin, (begin + end) / 2))
    made_good = metres / np.maximum(seconds, 1e-6)
    speed: Floats = np.where(np.isnan(reported), made_good, reported)
    return speed


def longest_leg_s(seconds: Floats, rules: TripRules) -> float:
    """A leg that takes longer is a gap."""
    usual = float(np.median(seconds)) if len(seconds) else 0.0
    return max(rules.gap_at_least_s, rules.gap_of_usual * usual)


def _kinds(seconds: Floats, speed: Floats, rules: TripRules) -> Kinds:
    kinds = np.where(speed >= rules.stopped_below, _TRIP, _STOP).astype(np.int8)
    kinds[seconds > longest_leg_s(seconds, rules)] = _GAP
    return kinds


def _absorb(kinds: Kinds, size: Floats, kind: int, into: int, least: float, *, anywhere: bool = False) -> Kinds:
    """Runs of `kind` whose `size` is below `least` become `into`: beside a run of that kind, or `anywhere`."""
    made = kinds.copy()
    for begin, end in _runs(kinds):
        beside = (begin > 0 and kinds[begin - 1] == into) or (end < len(kinds) and kinds[end] == into)
        if kinds[begin] == kind and float(size[begin:end].sum()) < least and (anywhere or beside):
            made[begin:end] = into
    return made


def _runs(kinds: Kinds) -> list[tuple[int, int]]:
    """Begin and end (left out) of each row of equal kinds."""
    cuts = np.flatnonzero(np.diff(kinds)) + 1
    edges = [0, *cuts.tolist(), len(kinds)]
    return list(pairwise(edges))


def _phase(way: Way, kind: Kind, legs: _Legs, begin: int, end: int) -> Phase:
    seconds = float(way.micros[end] - way.micros[begin]) / 1e6
    known = kind != "gap"
    return Phase(
        kind,
        from_micros(int(way.micros[begin])),
        from_micros(int(way.micros[end])),
        float(legs.metres[begin:end].sum()),
        float(legs.driven[begin:end].sum()) / seconds if known and seconds > 0 else None,
        float(legs.fastest[begin:end].max()) if known else None,
        end - begin,
    )
