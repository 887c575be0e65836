"""The live map: every device, where it is now. Drawn in the browser from the socket (docs/live-protocol.md)."""

import sys
from pathlib import Path

import dash_leaflet as dl
from dash import dcc, html, register_page
from dash.development.base_component import Component

from components.attributes import aria, data
from components.context import site, store
from components.map import base_map
from pages.live import _ids as ids
from pages.live._card import card
from pages.live._empty import empty
from pages.live._panel import panel
from pages.live._time_machine import time_machine
from pages.live._tools import keys, legend, message, tools, wall

register_page(__name__, path="/", name="Live map", title="Live map · Waypost", order=0)  # type: ignore[no-untyped-call]  # Dash gives it no types


def layout(**_query: str) -> Component:
    """The page. Its address (docs/live-map.md) is read and kept by the browser."""
    configured, tiles = store().settings, site().tiles
    kept = data(phase="loading", tiles="on" if tiles.url else "off")
    return html.Div(
        [
            base_map(
                map_id=ids.MAP,
                layers=[dl.LayerGroup(id=ids.LAYER, eventHandlers={"add": {"variable": "waypost.live.mount"}})],
                tiles_url=tiles.url,
                tiles_attribution=tiles.attribution,
            ),
            panel(),
            tools(),
            card(),
            legend(),
            time_machine(),
            message(),
            wall(),
            keys(),
            empty(configured.source_urls(), demo=configured.demo, python=_python()),
            html.Div(id=ids.ANNOUNCER, className="wp-unseen", role="status", **aria(live="polite")),
            dcc.Store(id=ids.SELECTED),
        ],
        id=ids.PAGE,
        className="wp-map-page",
        **kept,
    )


def _python() -> str:
    """How this interpreter is called in Waypost's folder."""
    here, used = Path.cwd(), Path(sys.executable)
    return str(used.relative_to(here)) if used.is_relative_to(here) else "python"
