"""The map of spaces: where their sensors are, and how many people are in. Pure functions."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import dash_leaflet as dl
from dash.development.base_component import Component

from core.text import NO_VALUE, number
from db.queries.spaces import Sensor
from pages.spaces._load import Tile

_TILE_PX: Final = 256
_LETTER_PX: Final = 6.5
_AROUND_PX: Final = 26
_LINE_PX: Final = 24
"""About what a text takes on the map: of a letter, of the frame and its distance from the circle, of its height."""
_TIP_PX: Final = 4
"""Leaflet keeps some pixels for the tip of a tooltip, which ours has not."""
_SIDES: Final = ("right", "left", "top", "bottom")


class View(NamedTuple):
    """What a map shows at first."""

    center: tuple[float, float]
    zoom: float


def place_of(sensors: Sequence[Sensor]) -> tuple[float, float] | None:
    """The middle of the sensors whose place is known."""
    known = [(s.lat, s.lon) for s in sensors if s.lat is not None and s.lon is not None]
    if not known:
        return None
    return sum(lat for lat, _ in known) / len(known), sum(lon for _, lon in known) / len(known)


def view_of(tiles: Sequence[Tile]) -> View | None:
    """A view in which all spaces lie whose place is known; None where there is none."""
    places = [place for tile in tiles if (place := place_of(tile.described.sensors)) is not None]
    if not places:
        return None
    lats, lons = [lat for lat, _ in places], [lon for _, lon in places]
    wide = max(max(lons) - min(lons), 2 * (max(lats) - min(lats)), 0.002)
    zoom = min(18.0, max(2.0, math.floor(math.log2(360 / wide)) + 0.5))
    return View(((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2), zoom)


def markers(tiles: Sequence[Tile]) -> list[Component]:
    """A circle a space, the larger the more people are in, with its name and count on a side where there is room."""
    view = view_of(tiles)
    if view is None:
        return []
    spots = [_spot(tile, place, view) for tile in tiles if (place := place_of(tile.described.sensors)) is not None]
    return [
        dl.CircleMarker(
            dl.Tooltip(spot.text, permanent=True, direction=side, offset=spot.offset(side), className="wp-space-tip"),
            center=list(spot.place),
            radius=spot.radius,
            className="wp-space-place",
        )
        for spot, side in zip(spots, sides(spots), strict=True)
    ]


class Spot(NamedTuple):
    """A circle with its text; `x` and `y` are pixels at the view that is shown first."""

    text: str
    place: tuple[float, float]
    radius: float
    x: float
    y: float

    def offset(self, side: str) -> list[float]:
        """From the middle of the circle to where Leaflet puts a text on this side of it: at its edge."""
        x, y = {"right": (1, 0), "left": (-1, 0), "top": (0, -1), "bottom": (0, 1)}[side]
        away = self.radius - _TIP_PX
        return [x * away, y * away]

    def box(self, side: str | None = None) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the circle, or of the text on this side of it."""
        r, wide = self.radius, _LETTER_PX * len(self.text) + _AROUND_PX
        if side is None:
            return self.x - r, self.y - r, self.x + r, self.y + r
        at_x = {"right": self.x + r, "left": self.x - r - wide}.get(side, self.x - wide / 2)
        at_y = {"top": self.y - r - _LINE_PX, "bottom": self.y + r}.get(side, self.y - _LINE_PX / 2)
        return at_x, at_y, at_x + wide, at_y + _LINE_PX


def sides(spots: Sequence[Spot]) -> list[str]:
    """On which side of each circle its text stands: the first where it meets no circle and no text before it."""
    taken = [spot.box() for spot in spots]
    found = []
    for spot in spots:
        free = (side for side in _SIDES if not any(_meet(spot.box(side), other) for other in taken))
        side = next(free, _SIDES[0])
        taken.append(spot.box(side))
        found.append(side)
    return found


def _spot(tile: Tile, place: tuple[float, float], view: View) -> Spot:
    text = f"{tile.name}: {NO_VALUE if tile.count is None else number(tile.count)}"
    # Of longitude, by Mercator; of latitude more, the further from the equator.
    degree_px = _TILE_PX * 2**view.zoom / 360
    stretch = 1 / max(0.01, math.cos(math.radians(view.center[0])))
    radius = 8 + min(16.0, math.sqrt(tile.count or 0))
    return Spot(text, place, radius, place[1] * degree_px, -place[0] * degree_px * stretch)


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    # Sides that only touch do not meet: a text touches its own circle.
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
