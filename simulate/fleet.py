"""An invented fleet: vehicles that drive along the streets of a city that is not there.

A vehicle drives a block, slows down, stops or turns at the crossing, and drives the next one; streets bend a little.
All of it is arrays, a value a vehicle, moved together: 20,000 of them take a few milliseconds. The same seed, moved in
the same steps, gives the same fleet.
"""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.geo import EARTH_RADIUS_M
from simulate.kinds import KINDS, Kind

Floats = npt.NDArray[np.float64]

METRES_A_DEGREE: Final = math.pi * EARTH_RADIUS_M / 180
SUBSTEP_S: Final = 0.5
"""Longer steps are cut up: within one, speed and bend change evenly."""
MIN_RADIUS_M: Final = 500.0
MAX_RADIUS_M: Final = 200_000.0
MAX_LAT: Final = 80.0
"""Degrees: closer to a pole, east and north change too fast for streets."""
_VERGE_M: Final = 40.0
"""Near the edge a vehicle that still heads outward creeps; it turns within this."""
_CREEP: Final = 2.0
_LOW: Final = 0.12
_FULL: Final = 0.9
_CHARGE: Final = 1 / 1500
"""Of a battery, a second: full in 25 minutes."""


class Fleet:
    """`count` vehicles within `radius_m` of a place.

    Arrays, one value a vehicle: `lat`, `lon` degrees (`lon` may go beyond 180), `heading` radians clockwise from
    north, `speed` m/s, `battery` 0 to 1. `names`, `kinds` and `fleets` describe them.
    """

    def __init__(
        self, count: int, *, lat: float, lon: float, radius_m: float, seed: int, prefix: str = "", kinds: Any = KINDS
    ) -> None:
        """Raises ValueError where the area is too small, too large or too close to a pole."""
        if not MIN_RADIUS_M <= radius_m <= MAX_RADIUS_M:
            raise ValueError(f"the radius must be from {MIN_RADIUS_M / 1000:g} to {MAX_RADIUS_M / 1000:g} km")
        if abs(lat) + radius_m / METRES_A_DEGREE > MAX_LAT or abs(lon) > 180:
            raise ValueError(f"the area must lie between {MAX_LAT:g} degrees south and north")
        self._random = np.random.default_rng(seed)
        self._centre, self._radius = (lat, lon), radius_m
        self._describe(count, prefix, kinds)
        self._place(count)

    def move(self, part: slice, seconds: float) -> None:
        """Let the vehicles of `part` drive for `seconds`."""
        steps = max(1, math.ceil(seconds / SUBSTEP_S))
        for _ in range(steps):
            self._step(part, seconds / steps)

    def altitude(self, part: slice) -> Floats:
        """Metres above the sea of the hills where the vehicles are: waves of the ground, some kilometres long."""
        y, x = self.lat[part] * METRES_A_DEGREE, self.lon[part] * METRES_A_DEGREE
        hills: Floats = 120 + 35 * np.sin(x / 2900) * np.cos(y / 3700) + 12 * np.sin((x + y) / 1100)
        return hills

    def _describe(self, count: int, prefix: str, kinds: tuple[Kind, ...]) -> None:
        shares = np.array([kind.share for kind in kinds])
        chosen = self._random.choice(len(kinds), size=count, p=shares / shares.sum())
        digits = len(str(count))
        self.kinds = [kinds[i].name for i in chosen]
        self.names = [f"{prefix}{name}-{number:0{digits}}" for number, name in enumerate(self.kinds, start=1)]
        self.fleets = [kinds[i].fleets[number % len(kinds[i].fleets)] for number, i in enumerate(chosen)]

        def of(name: str) -> Floats:
            values: Floats = np.array([getattr(kind, name) for kind in kinds], dtype=np.float64)[chosen]
            return values

        self._top, self._accelerates, self._brakes = of("top"), of("accelerates"), of("brakes")
        self._sideways, self._bend, self._block = of("sideways"), of("radius"), of("block")
        self._stops, self._dwells, self._reach, self._idle = of("stops"), of("dwell"), of("reach"), of("idle")
        self._corner = np.sqrt(self._sideways * self._bend)

    def _place(self, count: int) -> None:
        draw = self._random
        away = (0.85 * self._radius - _VERGE_M) * draw.random(count) ** 0.65  # denser in the middle
        where = draw.uniform(0, 2 * math.pi, count)
        self.lat = self._centre[0] + away * np.cos(where) / METRES_A_DEGREE
        self.lon = self._centre[1] + away * np.sin(where) / (METRES_A_DEGREE * np.cos(np.radians(self.lat)))
        # Streets of a quarter run alike.
        quarter = draw.uniform(0, math.pi / 2, 7)[(where / (2 * math.pi) * 7).astype(int) % 7]
        self._goal = quarter + math.pi / 2 * draw.integers(0, 4, count)
        self.heading = self._goal.copy()
        self._curve = np.zeros(count)
        self._turn = np.zeros(count)
        self._halts = np.zeros(count, dtype=bool)
        self._left = np.zeros(count)
        self._cruise = np.zeros(count)
        self._standing = np.where(draw.random(count) < 0.2, draw.exponential(1.0, count) * self._dwells, 0.0)
        self._charging = np.zeros(count, dtype=bool)
        self.battery = draw.uniform(0.15, 1.0, count)
        self.speed = np.zeros(count)
        self._choose(np.arange(count))
        self._left *= draw.random(count)
        self.speed = np.where(self._standing > 0, 0.0, np.minimum(self._cruise, self._corner))

    def _choose(self, at: npt.NDArray[np.intp]) -> None:
        """The next street for vehicles `at` a crossing: how long, how fast, how bent, and what comes at its end."""
        draw, count = self._random, len(at)
        self._left[at] = self._block[at] * draw.integers(1, 5, count)
        self._cruise[at] = self._top[at] * draw.uniform(0.45, 1.0, count)
        self._curve[at] = draw.normal(0.0, 4e-4, count)
        turns = np.array([0.0, -math.pi / 2, math.pi / 2])
        self._turn[at] = turns[draw.choice(3, size=count, p=(0.5, 0.24, 0.26))]
        self._halts[at] = draw.random(count) < self._stops[at]

    def _step(self, part: slice, h: float) -> None:
        """Drive for `h` s, at most SUBSTEP_S."""
        speed, heading, brakes, left = self.speed[part], self.heading[part], self._brakes[part], self._left[part]
        self._keep_inside(part)
        still = (self._standing[part] > 0) | self._charging[part]
        off = _short_way(self._goal[part] - heading)
        target = np.where(np.abs(off) > 0.15, np.minimum(self._cruise[part], self._corner[part]), self._cruise[part])
        # What comes at the end of the street limits the speed now: v² = v_end² + 2 b s, with some of b in reserve.
        end = np.where(self._halts[part], 0.0, np.where(self._turn[part] != 0, self._corner[part], np.inf))
        target = np.minimum(target, np.sqrt(end**2 + 1.6 * brakes * np.maximum(left, 0.0)))
        target = np.minimum(target, self._near_the_edge(part))
        target[still] = 0.0
        now = np.maximum(0.0, speed + np.clip(target - speed, -brakes * h, self._accelerates[part] * h))
        mean = (speed + now) / 2
        most = h * np.minimum(self._sideways[part] / np.maximum(mean, 0.1), mean / self._bend[part])
        bent = np.clip(off, -most, most)
        along, driven = heading + bent / 2, mean * h
        # In the middle of a bend the vehicle points where the chord of the bend does.
        lat = self.lat[part] + driven * np.cos(along) / METRES_A_DEGREE
        self.lon[part] += driven * np.sin(along) / (METRES_A_DEGREE * np.cos(np.radians((lat + self.lat[part]) / 2)))
        self.lat[part] = lat
        self.heading[part] = (heading + bent) % (2 * math.pi)
        self.speed[part] = now
        self._goal[part] += self._curve[part] * driven
        self._left[part] = left - driven
        self._use_battery(part, driven, h)
        self._standing[part] = np.maximum(0.0, self._standing[part] - h)
        self._arrive(part, still)

    def _arrive(self, part: slice, still: npt.NDArray[np.bool_]) -> None:
        """Stop, or turn, where the street ends."""
        halts = self._halts[part]
        at = np.flatnonzero(~still & (self._left[part] <= np.where(halts, 1.0, 0.0))) + part.start
        stopping = at[self._halts[at]]
        self._standing[stopping] = self._random.exponential(1.0, len(stopping)) * self._dwells[stopping] + 3.0
        self._charging[stopping] |= self.battery[stopping] < _LOW
        self._goal[at] += self._turn[at]
        self._choose(at)
        low = np.flatnonzero(self.battery[part] < _LOW) + part.start
        self._halts[low] = True  # the next crossing has a charger

    def _use_battery(self, part: slice, driven: Floats, h: float) -> None:
        battery, charging = self.battery[part], self._charging[part]
        used = driven / self._reach[part] + h / self._idle[part]
        battery = np.clip(battery + np.where(charging, _CHARGE * h, -used), 0.0, 1.0)
        self._charging[part] = charging & (battery < _FULL)
        self.battery[part] = battery

    def _off_centre(self, part: slice) -> tuple[Floats, Floats]:
        """Metres east and north of the centre."""
        lat, lon = self.lat[part], self.lon[part]
        north = (lat - self._centre[0]) * METRES_A_DEGREE
        east = (lon - self._centre[1]) * METRES_A_DEGREE * np.cos(np.radians((lat + self._centre[0]) / 2))
        return east, north

    def _keep_inside(self, part: slice) -> None:
        """Near the edge, let those that head for it turn into the street that leads back best."""
        east, north = self._off_centre(part)
        goal = self._goal[part]
        away = np.hypot(east, north)
        outward = np.sin(goal) * east + np.cos(goal) * north > 0
        at = np.flatnonzero(outward & (away > 0.85 * self._radius))
        if len(at):
            back = np.arctan2(-east[at], -north[at])
            goal[at] += np.round(_short_way(back - goal[at]) / (math.pi / 2)) * (math.pi / 2)

    def _near_the_edge(self, part: slice) -> Floats:
        """The most speed, in m/s, from which a vehicle that heads outward can still brake and turn."""
        east, north = self._off_centre(part)
        heading = self.heading[part]
        room = np.maximum(self._radius - _VERGE_M - np.hypot(east, north), 0.0)
        limit = np.sqrt(1.6 * self._brakes[part] * room) + _CREEP
        outward = np.sin(heading) * east + np.cos(heading) * north > 0
        limits: Floats = np.where(outward, limit, np.inf)
        return limits


def _short_way(angle: Floats) -> Floats:
    """The same turn, -π to π."""
    turned: Floats = (angle + math.pi) % (2 * math.pi) - math.pi
    return turned
