"""The card of geofences: a map with their outlines, a list, and the form in which one is drawn. Pure functions."""

import re
from collections.abc import Sequence
from typing import Any, Final

import dash_leaflet as dl
import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from auth.roles import Visitor
from components.attributes import aria, data
from components.cards import card
from components.map import base_map
from components.states import empty, skeleton
from core.alert_conditions import Geofence
from core.geofences import MOST_CORNERS, Corner
from core.site import Tiles
from core.text import number, shorten
from db.queries.alerts import Fence, StoredRule
from pages.alerts import _ids as ids
from pages.alerts._filled import Unusable
from pages.alerts._rules import asks_for, may_change

_CORNER: Final = re.compile(r"\s*([-+]?\d{1,3}(?:\.\d+)?)\s*[,;\s]\s*([-+]?\d{1,3}(?:\.\d+)?)\s*")
_LONGEST: Final = 64 * MOST_CORNERS
_ORDER: Final = "Latitude, longitude: one corner a line, in the order of the outline."


def fence_card(tiles: Tiles, aside: Sequence[Component]) -> Component:
    """The card; assets/alerts/ draws the outlines and lets people draw one."""
    shown = base_map(
        map_id=ids.MAP,
        layers=[dl.LayerGroup(id=ids.LAYER, eventHandlers={"add": {"variable": "waypost.fences.mount"}})],
        tiles_url=tiles.url,
        tiles_attribution=tiles.attribution,
    )
    return card(
        "Geofences",
        html.Div(
            [
                html.Div(shown, className="wp-fence-map"),
                html.Div([html.Div(list_skeleton(), id=ids.FENCE_LIST), _form()], className="wp-fence-side"),
            ],
            className="wp-fences",
        ),
        aside=list(aside),
        class_name="wp-fence-card",
    )


def _form() -> Component:
    """Always in the page, hidden until somebody draws: what is drawn lives in its text of corners."""
    return html.Div(
        [
            dmc.TextInput(id=ids.FENCE_NAME, label="Name", value="", size="sm"),
            html.P(id=ids.FENCE_HINT, className="wp-hint wp-fence-hint", role="status"),
            html.Div(
                [
                    _small("Close the outline", ids.FENCE_CLOSE),
                    _small("Undo the last corner", ids.FENCE_UNDO),
                ],
                className="wp-fence-tools",
            ),
            html.Label("Corners", htmlFor=ids.CORNERS, className="wp-rule-label"),
            html.P(_ORDER, className="wp-hint"),
            # Not the one of Mantine: it gives late values of its own back while another is written into it.
            dcc.Textarea(
                id=ids.CORNERS,
                value="",
                rows=6,
                maxLength=_LONGEST,
                spellCheck=False,
                className="wp-fence-corners",
                title=_ORDER,
            ),
            html.Div(id=ids.FENCE_PROBLEM, role="alert", className="wp-form-problem"),
            html.Div(
                [
                    html.Button("Save", id=ids.FENCE_SAVE, type="button", className="wp-button wp-button-main"),
                    html.Button("Cancel", id=ids.FENCE_CANCEL, type="button", className="wp-button"),
                    html.Button("Remove", id=ids.FENCE_REMOVE, type="button", className="wp-button", hidden=True),
                ],
                className="wp-fence-buttons",
            ),
        ],
        id=ids.FENCE_FORM,
        hidden=True,
        role="group",
        className="wp-fence-form",
        **aria(label="Draw a geofence"),
    )


def _small(label: str, button: str) -> Component:
    # Disabled by the browser, which knows what is drawn: one that is so here would hear no click ever after.
    return html.Button(label, id=button, type="button", className="wp-button wp-button-flat")


def fence_list(fences: Sequence[Fence], rules: Sequence[StoredRule], who: Visitor | None) -> Component:
    """All geofences by name, or what one is for."""
    if not fences:
        return empty(
            "No geofence is drawn yet",
            "It is an area on the map. A rule tells when a device is inside of it, or outside.",
            picture="scan",
        )
    return html.Ul([_item(one, rules, who) for one in fences], className="wp-fence-items")


def _item(one: Fence, rules: Sequence[StoredRule], who: Visitor | None) -> Component:
    watching = sum(
        isinstance(rule.rule.condition, Geofence) and rule.rule.condition.geofence == one.name for rule in rules
    )
    watched = f"watched by {number(watching)} rule{'s' if watching > 1 else ''}" if watching else "no rule watches it"
    edit = (
        [asks_for("Edit", ids.FENCE_OPEN, ids.asking(fence=one.name), **aria(label=f"Edit {one.name}"))]
        if may_change(one.author, who)
        else []
    )
    return html.Li(
        [
            html.Button(
                [html.Span(shorten(one.name, 32), className="wp-fence-name"), html.Span(watched, className="wp-hint")],
                type="button",
                title=f"{one.name}, by {one.author}: show it on the map",
                className="wp-fence-item",
                **data(fence=one.name),
            ),
            *edit,
        ]
    )


def list_skeleton() -> Component:
    """The list before the first answer."""
    return html.Div([skeleton(width, "32px") for width in ("100%", "100%")], className="wp-fence-waiting")


def outlines(fences: Sequence[Fence]) -> list[dict[str, Any]]:
    """The geofences as the map draws them."""
    return [{"name": one.name, "corners": [list(corner) for corner in one.corners]} for one in fences]


def corners_text(corners: Sequence[Corner]) -> str:
    """Corners as people write them, one a line; 6 decimals are a decimetre."""
    return "\n".join(f"{_degrees(lat)}, {_degrees(lon)}" for lat, lon in corners)


def _degrees(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")


def corners_of(text: object) -> list[Corner]:
    """The corners that were written or drawn. Raises Unusable that says in which line something is wrong."""
    if not isinstance(text, str) or len(text) > _LONGEST:
        raise Unusable(f"Draw an outline, or write 3 to {MOST_CORNERS} corners.")
    found = []
    for place, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        match = _CORNER.fullmatch(line)
        if match is None:
            raise Unusable(f"Line {place} is no corner: write latitude and longitude as 48.15, 11.57.")
        found.append((float(match[1]), float(match[2])))
    return found
