"""The map that every page with places shares: our own land and borders, and online tiles where they are set."""

from collections.abc import Sequence
from typing import Final

import dash_leaflet as dl
from dash.development.base_component import Component

LAND_URL: Final = "/assets/basemap/land-50m.json"
BORDERS_URL: Final = "/assets/basemap/borders-50m.json"
SOURCE: Final = "Natural Earth"
WORLD: Final = [[-85.06, -260], [85.06, 260]]
"""How far the map can be dragged: a little beyond the one world that is drawn."""


def base_map(
    *,
    map_id: str,
    layers: Sequence[Component],
    tiles_url: str | None = None,
    tiles_attribution: str = "",
    center: tuple[float, float] = (25.0, 5.0),
    zoom: float = 3,
) -> Component:
    """A Leaflet map of the whole world with zoom buttons, scale and attribution; `layers` lie above the ground.

    Colours come from `assets/20-live.css`, so that they follow the theme without a redraw.
    """
    container: Component = dl.MapContainer(
        [
            *_ground(tiles_url, tiles_attribution),
            *layers,
            # Leaflet puts each new control of a bottom corner above the ones that are there.
            dl.AttributionControl(position="bottomright", prefix="" if tiles_url else SOURCE),
            dl.ScaleControl(position="bottomright", metric=True, imperial=False, maxWidth=120),
            dl.ZoomControl(position="bottomright"),
        ],
        id=map_id,
        className="wp-map",
        center=list(center),
        zoom=zoom,
        minZoom=2,
        maxZoom=19,
        zoomSnap=0.5,
        wheelPxPerZoomLevel=100,
        zoomControl=False,
        attributionControl=False,
        maxBounds=WORLD,
        maxBoundsViscosity=0.8,
        trackViewport=False,  # nothing on the server listens to where people look
        renderer={"method": "svg", "options": {"padding": 0.4}},  # land beyond the edge, seen while dragging
    )
    return container


def _ground(tiles_url: str | None, tiles_attribution: str) -> list[Component]:
    """Land and borders by url; with tiles only these, which say more."""
    if tiles_url:
        return [dl.TileLayer(url=tiles_url, attribution=tiles_attribution, maxZoom=19, className="wp-tiles")]
    return [
        dl.GeoJSON(url=LAND_URL, interactive=False, style={"className": "wp-land"}),
        dl.Pane(  # of its own, since whichever file arrives last would lie on top
            dl.GeoJSON(url=BORDERS_URL, interactive=False, style={"className": "wp-frontier", "fill": False}),
            name="wp-borders",
            style={"zIndex": 405},
        ),
    ]
