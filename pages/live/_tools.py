"""What else lies on the live map: toolbar, menus, legend, keys, wall screen. `assets/live/*.js` gives them life."""

from typing import Final

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from components.icons import IconName
from core.text import NO_VALUE
from core.types import DeviceState
from pages.live import _ids as ids
from pages.live._fields import select, switch, tool

TOOLS: Final[tuple[tuple[str, IconName, str, str], ...]] = (
    ("layers", "layers", "Layers and colours", "l"),
    ("fit", "scan", "Show all devices", "a"),
    ("jump", "crosshair", "Jump to a place", "j"),
    ("measure", "ruler", "Measure a distance", "m"),
    ("locate", "locate-fixed", "Where am I", "w"),
    ("full", "maximize-2", "Full screen", "x"),
    ("keys", "keyboard", "Keys", "?"),
)
MENUS: Final = {"layers": ids.LAYERS, "jump": ids.JUMP, "keys": ids.KEYS}
SWITCHES: Final = (
    ("names", "Names when close", "n", True),
    ("glide", "Smooth movement", "s", True),
    ("density", "Density when crowded", "d", True),
    ("heat", "Heat map of the last hour", "h", False),
)
COLOURS: Final = (("state", "State"), ("fleet", "Fleet"), ("kind", "Kind"), ("value", "Speed"))
TRAILS: Final = (("all", "All devices"), ("selected", "Selected devices"), ("none", "None"))


def tools() -> Component:
    """The toolbar, with the menus that its buttons open."""
    return html.Div(
        [
            html.Div(
                [_tool(*one) for one in TOOLS], className="wp-map-toolbar", role="toolbar", **aria(label="Map tools")
            ),
            _layers(),
            _jump(),
        ],
        id=ids.TOOLS,
        className="wp-map-tools",
    )


def _tool(name: str, icon: IconName, label: str, letter: str) -> Component:
    if name in MENUS:
        return tool(ids.tool(name), icon, label, letter, haspopup="dialog", expanded="false", controls=MENUS[name])
    return tool(ids.tool(name), icon, label, letter, pressed="false")


def _layers() -> Component:
    return html.Div(
        [
            select(ids.COLOUR, "Colour by", COLOURS),
            select(ids.TRAILS, "Trails", TRAILS),
            *(switch(ids.shows(name), label, letter, on=on) for name, label, letter, on in SWITCHES),
        ],
        id=ids.LAYERS,
        className="wp-panel wp-map-menu",
        hidden=True,
        role="dialog",
        **aria(label="Layers and colours"),
    )


def _jump() -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id=ids.JUMP_FIELD,
                placeholder="30.27, -97.74",
                size="sm",
                autoComplete="off",
                spellCheck=False,
                **aria(label="Latitude and longitude", describedby=ids.JUMP_NOTE),
            ),
            html.Div(
                "Decimal degrees or 30°16′N 97°44′W, then Enter",
                id=ids.JUMP_NOTE,
                className="wp-map-menu-note",
                role="status",
            ),
        ],
        id=ids.JUMP,
        className="wp-panel wp-map-menu",
        hidden=True,
        role="dialog",
        **aria(label="Jump to a place"),
    )


def keys() -> Component:
    """The overlay that lists all keys; the browser fills it in from the one table that it obeys."""
    return html.Div(
        html.Div(
            [html.H2("Keys", className="wp-map-keys-title"), html.Dl(id=ids.KEYS_LIST, className="wp-map-keys-list")],
            className="wp-map-keys-sheet",
        ),
        id=ids.KEYS,
        className="wp-map-keys",
        hidden=True,
        tabIndex="-1",
        role="dialog",
        **aria(label="Keys", modal="true"),
    )


def legend() -> Component:
    """What the colours mean; empty where the totals of the panel say it."""
    return html.Div(id=ids.LEGEND, className="wp-panel wp-map-legend", hidden=True, role="img")


def message() -> Component:
    """A line that appears for some seconds: what was done, or why not."""
    return html.Div(id=ids.MESSAGE, className="wp-panel wp-map-message", hidden=True, role="status")


def wall() -> Component:
    """What a wall screen shows beside the map (?kiosk=1): a clock and counts that can be read across a room."""
    return html.Div(
        [
            html.Div(
                [
                    html.Div("", id=ids.kiosk_part("clock"), className="wp-wall-clock"),
                    html.Div("", id=ids.kiosk_part("date"), className="wp-wall-date"),
                ]
            ),
            html.Div(
                [*(_wall_count(state.value) for state in DeviceState), _wall_alerted()], className="wp-wall-counts"
            ),
            html.Div(
                [
                    html.Span(id="live-kiosk-indicator-dot", className="wp-live-dot"),
                    html.Span("", id="live-kiosk-indicator-text", className="wp-live-text"),
                ],
                id="live-kiosk-indicator",
                className="wp-live wp-wall-live",
            ),
        ],
        id=ids.KIOSK,
        className="wp-panel wp-wall",
    )


def _wall_alerted() -> Component:
    return html.Div(
        [
            html.Span(className="wp-mark-alert", **aria(hidden="true")),
            html.Span(NO_VALUE, id=ids.kiosk_part("alerted"), className="wp-wall-number"),
            html.Span("In alert", className="wp-measure"),
        ],
        className="wp-wall-count",
        hidden=True,
    )


def _wall_count(state: str) -> Component:
    return html.Div(
        [
            html.Span(className=f"wp-glyph wp-glyph-{state}", **aria(hidden="true")),
            html.Span(NO_VALUE, id=ids.kiosk_part(state), className="wp-wall-number"),
            html.Span(state.capitalize(), className="wp-measure"),
        ],
        className="wp-wall-count",
    )
