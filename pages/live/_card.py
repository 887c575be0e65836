"""The card of the selected device on the live map. `assets/live/78-card.js` fills it in."""

from typing import Final

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import aria
from components.icons import icon
from core.text import NO_VALUE
from pages.live import _ids as ids
from pages.live._fields import key

QUANTITIES: Final = (("speed", "Speed"), ("heading", "Heading"), ("altitude", "Altitude"))


def card() -> Component:
    """Its name, state and age; speed, heading, altitude; the last hour; values and words; what can be done with it."""
    return html.Section(
        [
            html.Div(id=ids.CARD_SEVERAL, className="wp-map-several", role="group", **aria(label="Selected devices")),
            _head(),
            html.Div(
                [
                    html.Span(id=ids.card_part("glyph"), className="wp-glyph"),
                    html.Span("", id=ids.card_part("state")),
                    html.Span("", id=ids.card_part("age"), className="wp-device-age"),
                ],
                className="wp-device-state",
            ),
            html.Div(
                [
                    icon("bell"),
                    html.Span("In alert"),
                    dcc.Link("Show its alerts", id=ids.CARD_ALERT, href="/alerts", className="wp-device-alert-link"),
                ],
                id=ids.card_part("in-alert"),
                className="wp-device-alert",
                hidden=True,
            ),
            html.Dl([_quantity(part, label) for part, label in QUANTITIES], className="wp-quantities"),
            html.Figure(
                [
                    html.Div(id=ids.CARD_SPARK, className="wp-map-spark"),
                    html.Figcaption("", id=ids.card_part("spark-text"), className="wp-map-spark-text"),
                ],
                className="wp-map-spark-box",
            ),
            html.Div("", id=ids.card_part("place"), className="wp-device-place", title="Latitude, longitude"),
            html.Dl(id=ids.CARD_FACTS, className="wp-facts", tabIndex="0", **aria(label="Values")),
            _actions(),
        ],
        id=ids.CARD,
        className="wp-panel wp-device",
        **aria(label="Selected device"),
    )


def _head() -> Component:
    return html.Div(
        [
            html.Div(
                [
                    html.H2("", id=ids.card_part("name"), className="wp-device-name"),
                    html.Div("", id=ids.card_part("label"), className="wp-device-label"),
                ],
                className="wp-device-names",
            ),
            html.Button(
                "", id=ids.CARD_CLOSE, type="button", className="wp-close", title="Close (Esc)", **aria(label="Close")
            ),
        ],
        className="wp-device-head",
    )


def _actions() -> Component:
    return html.Div(
        [
            dcc.Link(
                "Open",
                id=ids.CARD_OPEN,
                href="/",
                className="wp-action wp-action-first",
                title="The page of this device",
            ),
            html.Button(
                ["Follow", key("f")], id=ids.CARD_FOLLOW, type="button", className="wp-action", **aria(pressed="false")
            ),
            html.Button(
                [icon("eye"), key("i")],
                id=ids.CARD_ISOLATE,
                type="button",
                className="wp-action",
                title="Show it alone (i)",
                **aria(label="Show it alone", pressed="false"),
            ),
            html.Button(
                icon("share-2"),
                id=ids.CARD_SHARE,
                type="button",
                className="wp-action",
                title="Copy a link to this view",
                **aria(label="Copy a link to this view"),
            ),
        ],
        className="wp-actions",
    )


def _quantity(part: str, label: str) -> Component:
    return html.Div(
        [
            html.Dt(label),
            html.Dd(
                [
                    html.Span(NO_VALUE, id=ids.card_part(part), className="wp-value"),
                    html.Span("", id=ids.card_part(f"{part}-unit"), className="wp-measure"),
                ]
            ),
        ]
    )
