"""Distances and bearings on the sphere, in metres and degrees true.

Formulas: R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984), and the forward azimuth
of the same great circle. The mean earth radius is that of IUGG (6371008.8 m); the error against the
ellipsoid is below 0.6 %.
"""

import math
from typing import Final

EARTH_RADIUS_M: Final = 6371008.8


def distance_m(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Great-circle distance in metres between two points in degrees."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    h = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def bearing_deg(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Initial bearing in degrees true, 0 <= bearing < 360, from the first point to the second."""
    p1, p2, dl = math.radians(lat1), math.radians(lat2), math.radians(lon2 - lon1)
    y = math.sin(dl) * math.cos(p2)
    x = math.cos(p1) * math.sin(p2) - math.sin(p1) * math.cos(p2) * math.cos(dl)
    # Twice: a hair's breadth west of north is 360.0 after the first, by rounding.
    return math.degrees(math.atan2(y, x)) % 360.0 % 360.0
