"""Fewer points for the same picture of a way: Ramer, Douglas and Peucker, with the time as a third axis.

The rule: the ends are kept, and again and again the point that lies farthest from the line drawn so far is added,
until as many are kept as may be (U. Ramer, CGIP 1 (1972); D. Douglas, T. Peucker, Cartographica 10 (1973)). All open
stretches of the line are looked at together, so that numpy has long arrays to work on.

Distances are metres true. A map draws straight lines in the Mercator projection, so that is where lines are straight
here, too; it keeps angles, and a distance in it times the cosine of the latitude is that on the ground (J. P. Snyder,
"Map Projections: A Working Manual", USGS 1395 (1987), eq. 7-1 to 7-3). On the sphere: within 0.6 % of the ellipsoid.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from core.geo import EARTH_RADIUS_M

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]

TIME_M_A_SECOND: Final = 0.1
"""What a second counts in metres: a stop of ten minutes weighs like a detour of tens of metres, and is kept by then."""
STEP_AT_LEAST_S: Final = 300.0
"""A quarter of the points may go into keeping steps so short where there are any points: a longer one is a gap."""
_LEAST_M: Final = 0.01
"""Nearer to the line than this is on it: coordinates of seven decimals say no more."""
_MOST_NORTH_DEG: Final = 89.9
_EVEN_SHARE: Final = 4
_KEPT_OF_A_RUN: Final = 7


def simplify(seconds: Floats, lat: Floats, lon: Floats, most: int) -> Places:
    """Which of the points (in order of time; s, degrees WGS 84) to keep: at most `most` (at least 2), in their order.

    The first and the last are always among them; so are both ends of long gaps, and a point in each stretch of time,
    as far as a quarter of `most` goes.
    """
    if len(seconds) <= max(2, most):
        return np.arange(len(seconds))
    line = Line(seconds, lat, lon)
    anchors = _anchors(seconds, most // _EVEN_SHARE)
    return line.farthest_first(anchors if len(anchors) <= most // 2 else anchors[[0, -1]], most)


def thin(seconds: Floats, lat: Floats, lon: Floats, most: int) -> Places:
    """Which points to keep of so many that `simplify` would take long: about `most`, in one pass.

    Of each run of neighbours, those that are outermost in every direction, both ends of its longest pause, and its
    first. No point left out is farther away than its run is large.
    """
    run = -(-_KEPT_OF_A_RUN * len(seconds) // max(1, most))
    if run <= _KEPT_OF_A_RUN:
        return np.arange(len(seconds))
    keep = np.zeros(len(seconds), dtype=bool)
    keep[[0, -1]] = True
    whole = len(seconds) // run * run
    begin = np.arange(0, whole, run)
    east = np.unwrap(lon, period=360.0)
    pause = np.diff(seconds, prepend=seconds[0])
    keep[begin] = True
    for outermost in (lat, -lat, east, -east, pause):
        keep[begin + outermost[:whole].reshape(-1, run).argmax(axis=1)] = True
    longest = begin + pause[:whole].reshape(-1, run).argmax(axis=1)
    keep[np.maximum(longest - 1, 0)] = True
    keep[whole:] = True  # what is left is less than a run
    return np.flatnonzero(keep)


class Line:
    """Points of a way in Mercator's projection and in time, all in metres."""

    def __init__(self, seconds: Floats, lat: Floats, lon: Floats) -> None:
        p = np.radians(np.clip(lat, -_MOST_NORTH_DEG, _MOST_NORTH_DEG))
        self.true = np.cos(p)
        """Metres on the ground a metre of the projection, at each point."""
        # Unwrapped: a step across the antimeridian is a short one.
        x = EARTH_RADIUS_M * np.radians(np.unwrap(lon, period=360.0))
        y = EARTH_RADIUS_M * np.arcsinh(np.tan(p))
        time = (seconds - seconds[0]) * TIME_M_A_SECOND / float(np.mean(self.true))
        self.at = np.stack([x, y, time], axis=1)

    def deviations(self, points: Places, start: Places, end: Places) -> Floats:
        """How far each of `points` is from the stretch between its `start` and `end`, in metres (time included)."""
        a = self.at[start]
        along, off = self.at[end] - a, self.at[points] - a
        length = np.einsum("ij,ij->i", along, along)
        share = np.einsum("ij,ij->i", along, off) / np.where(length > 0, length, 1.0)
        off -= np.clip(share, 0.0, 1.0)[:, None] * along
        distance: Floats = np.sqrt(np.einsum("ij,ij->i", off, off)) * self.true[points]
        return distance

    def farthest_first(self, anchors: Places, most: int) -> Places:
        """The anchors and, until there are `most`, the point farthest from the line, each time anew.

        A point is worth its distance, but no more than the one that opened its stretch. In that order a point never
        comes before the one that it refines, and a stretch can be left alone as soon as `most` others are worth more.
        """
        count = len(self.at)
        worth, level = np.zeros(count), np.zeros(count, dtype=np.int64)
        worth[anchors] = np.inf
        start, end = anchors[:-1], anchors[1:]
        bound = np.full(len(start), np.inf)
        depth = 0
        while True:
            is_open = end - start > 1
            start, end, bound = start[is_open], end[is_open], bound[is_open]
            if len(start) == 0:
                break
            split, farthest = self._farthest(start, end)
            depth += 1
            found = np.minimum(farthest, bound)
            worth[split], level[split] = found, depth
            least = np.partition(worth, count - most)[count - most]
            going = (found >= _LEAST_M) & (found >= least)
            middle, found = split[going], found[going]
            start, end = np.concatenate([start[going], middle]), np.concatenate([middle, end[going]])
            bound = np.concatenate([found, found])
        best = np.lexsort((level, -worth))[:most]
        return np.sort(best[worth[best] >= _LEAST_M])

    def _farthest(self, start: Places, end: Places) -> tuple[Places, Floats]:
        """Of each stretch, the point in between that is farthest from it, and how far."""
        inside = end - start - 1
        offset = np.cumsum(inside) - inside
        stretch = np.repeat(np.arange(len(start)), inside)
        points = np.arange(len(stretch)) + (start + 1 - offset)[stretch]
        distance = self.deviations(points, start[stretch], end[stretch])
        farthest = np.maximum.reduceat(distance, offset)
        hits = np.flatnonzero(distance == farthest[stretch])
        _, first = np.unique(stretch[hits], return_index=True)
        return points[hits[first]], farthest


def _anchors(seconds: Floats, most: int) -> Places:
    """First and last; of even stretches of time the first; and the last before a gap. About `most`, seldom twice."""
    keep = np.zeros(len(seconds), dtype=bool)
    keep[[0, -1]] = True
    if most > 0:
        step = max(STEP_AT_LEAST_S, float(seconds[-1] - seconds[0]) / most)
        stretch = (seconds - seconds[0]) // step
        later = np.diff(stretch)
        keep[1:] |= later > 0
        keep[:-1] |= later > 1
    return np.flatnonzero(keep)
