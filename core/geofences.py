"""Geofences: simple polygons, plane in latitude and longitude. One over the date line goes on beyond 180 degrees."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from core.alert_conditions import LONGEST_NAME

Corner = tuple[float, float]
"""Latitude and longitude in degrees; longitudes go from -180 to 540."""

MOST_CORNERS: Final = 500


def check_corners(name: str, corners: Sequence[Corner]) -> None:
    """Raise ValueError, in words for people, where these are no corners of a geofence, or the name is none."""
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise ValueError(f"Give the geofence a name of 1 to {LONGEST_NAME} characters in one line.")
    if not 3 <= len(corners) <= MOST_CORNERS:
        raise ValueError(f"A geofence has 3 to {MOST_CORNERS} corners; this one has {len(corners)}.")
    for lat, lon in corners:
        if not (math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 540):
            raise ValueError(f"No corner can be at latitude {lat:g}, longitude {lon:g}.")
    if area(corners) == 0:
        raise ValueError("All corners are on one line: there is nothing inside.")


def area(corners: Sequence[Corner]) -> float:
    """The area that the corners enclose, in square degrees (shoelace formula)."""
    ring = [*corners, corners[0]]
    return abs(sum(x1 * y2 - x2 * y1 for (y1, x1), (y2, x2) in pairwise(ring))) / 2
