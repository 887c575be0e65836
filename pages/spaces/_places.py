"""The map of spaces: where their sensors are, and how many people are in. Pure functions."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import dash_leaflet as dl
from dash.development.base_component import Component

from core.text import NO_VALUE, number
from db.queries.spaces import Sensor
from pages.spaces._load import Tile


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
    """A circle a space, the larger the more people are in, with its name and count beside it."""
    found = []
    for tile in tiles:
        place = place_of(tile.described.sensors)
        if place is not None:
            text = f"{tile.name}: {NO_VALUE if tile.count is None else number(tile.count)}"
            found.append(
                dl.CircleMarker(
                    dl.Tooltip(text, permanent=True, direction="right", className="wp-space-tip"),
                    center=list(place),
                    radius=8 + min(16.0, math.sqrt(tile.count or 0)),
                    className="wp-space-place",
                )
            )
    return found
