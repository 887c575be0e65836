"""What lies on the live map: the panel, the card of the selected device, the empty state. Pure functions.

They return the parts without figures; `assets/live/*.js` fills these in, frame by frame, without the server.
"""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from core.text import NO_VALUE
from core.types import DeviceState
from pages.live import _ids as ids

SKELETON_ROWS: Final = 8
QUANTITIES: Final = (("speed", "Speed"), ("heading", "Heading"), ("altitude", "Altitude"))
EXAMPLE_SETTING: Final = "WAYPOST_SOURCES=zmq://127.0.0.1:5556"
HERE: Final = ("127.0.0.1", "localhost", "::1")


def aria(**names: str) -> dict[str, Any]:
    """Attributes of ARIA as Dash takes them: aria(label="Close") is {"aria-label": "Close"}."""
    return {f"aria-{name}": value for name, value in names.items()}


def panel() -> Component:
    """The left panel: how many devices, how new the data is, totals by state, search and the list."""
    return html.Section(
        [
            html.Button(
                html.Span(className="wp-handle-bar"),
                id=ids.HANDLE,
                type="button",
                className="wp-handle",
                **aria(expanded="false", controls=ids.PANEL_BODY, label="Search and list of devices"),
            ),
            _head(),
            _totals(),
            html.Div(
                [
                    dmc.TextInput(
                        id=ids.SEARCH,
                        placeholder="Search devices",
                        size="sm",
                        className="wp-search",
                        rightSection=html.Kbd("/", className="wp-key"),
                        rightSectionPointerEvents="none",
                        inputProps={"type": "search"},
                        autoComplete="off",
                        spellCheck=False,
                        **aria(label="Search devices by name"),
                    ),
                    html.Div("Loading", id=ids.LIST_NOTE, className="wp-list-note"),
                    html.Ul(id=ids.LIST, className="wp-list", **aria(label="Devices")),
                    _skeleton(),
                ],
                id=ids.PANEL_BODY,
                className="wp-panel-body",
            ),
        ],
        id=ids.PANEL,
        className="wp-panel wp-panel-left",
        **aria(label="Devices"),
    )


def _head() -> Component:
    return html.Div(
        [
            html.H2(
                [
                    html.Span(NO_VALUE, id=ids.TOTAL, className="wp-total"),
                    html.Span("devices", id=ids.TOTAL_WORD, className="wp-measure"),
                ],
                className="wp-panel-title",
            ),
            html.Div(
                [
                    html.Span(id=f"{ids.INDICATOR}-dot", className="wp-live-dot"),
                    html.Span("Connecting", id=f"{ids.INDICATOR}-text", className="wp-live-text"),
                ],
                id=ids.INDICATOR,
                className="wp-live",
            ),
        ],
        className="wp-panel-head",
    )


def _totals() -> Component:
    return html.Div(
        [_total(state.value) for state in DeviceState],
        className="wp-totals",
        role="group",
        **aria(label="Show only devices of one state"),
    )


def _total(state: str) -> Component:
    return html.Button(
        [
            html.Span(className=f"wp-glyph wp-glyph-{state}", **aria(hidden="true")),
            html.Span(NO_VALUE, id=ids.state_count(state), className="wp-filter-count"),
            html.Span(state.capitalize(), className="wp-filter-name"),
        ],
        id=ids.state_filter(state),
        type="button",
        className="wp-filter",
        **aria(pressed="false"),
    )


def _skeleton() -> Component:
    bones = [html.Span(className="wp-bone wp-bone-dot"), html.Span(className="wp-bone")]
    row = html.Div(bones, className="wp-bone-row")
    return html.Div([row] * SKELETON_ROWS, className="wp-list-skeleton", **aria(hidden="true"))


def card() -> Component:
    """The card of the selected device."""
    return html.Section(
        [
            html.Div(
                [
                    html.Div(
                        [
                            html.H2("", id=ids.card_part("name"), className="wp-device-name"),
                            html.Div("", id=ids.card_part("label"), className="wp-device-label"),
                        ],
                        className="wp-device-names",
                    ),
                    html.Button(
                        "",
                        id=ids.CARD_CLOSE,
                        type="button",
                        className="wp-close",
                        title="Close (Esc)",
                        **aria(label="Close"),
                    ),
                ],
                className="wp-device-head",
            ),
            html.Div(
                [
                    html.Span(id=ids.card_part("glyph"), className="wp-glyph"),
                    html.Span("", id=ids.card_part("state")),
                    html.Span("", id=ids.card_part("age"), className="wp-device-age"),
                ],
                className="wp-device-state",
            ),
            html.Dl([_quantity(part, label) for part, label in QUANTITIES], className="wp-quantities"),
            html.Div("", id=ids.card_part("place"), className="wp-device-place", title="Latitude, longitude"),
            html.Dl(id=ids.CARD_FACTS, className="wp-facts"),
            html.Div(
                [
                    dcc.Link("Open device", id=ids.CARD_OPEN, href="/", className="wp-action wp-action-first"),
                    html.Button(
                        ["Follow", html.Kbd("f", className="wp-key")],
                        id=ids.CARD_FOLLOW,
                        type="button",
                        className="wp-action",
                        **aria(pressed="false"),
                    ),
                ],
                className="wp-actions",
            ),
        ],
        id=ids.CARD,
        className="wp-panel wp-device",
        **aria(label="Selected device"),
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


def empty(sources: Sequence[str], *, demo: bool, python: str) -> Component:
    """What is shown while no device has sent anything: why, and a command that changes it.

    `sources` are the source URLs, `python` is how the interpreter is called in Waypost's folder.
    """
    title, text, command = _what_to_do([_bare(one) for one in sources], demo=demo, python=python)
    return html.Section(
        [
            html.H2(title, className="wp-empty-title"),
            html.P(text),
            *([] if command is None else _command(command)),
        ],
        className="wp-panel wp-empty-map",
        **aria(label="No data yet"),
    )


def _what_to_do(sources: Sequence[str], *, demo: bool, python: str) -> tuple[str, str, str | None]:
    """Title, text and command of the empty state."""
    nothing = "No device has sent anything yet"
    if demo:
        return nothing, "As soon as one does, it appears here by itself.", None
    if not sources:
        text = "Nothing can arrive without one. Stop Waypost, start it with one, and let your devices publish there:"
        return "No source is set", text, f"{EXAMPLE_SETTING} {python} app.py"
    listening = f"Waypost listens to {' and '.join(sources)}. What is sent there appears here by itself."
    here = next((one for one in sources if urlsplit(one).scheme == "zmq" and urlsplit(one).hostname in HERE), None)
    if here is None:
        return nothing, listening, None
    text = f"{listening} To see how, paste this into a terminal in Waypost's folder: it plays recorded buses."
    return nothing, text, f"{python} app.py publish transit-austin-2015 --start 11h --to {here}"


def _bare(source: str) -> str:
    """A source's transport, host and port: its options and passwords are not for everyone."""
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _command(command: str) -> list[Component]:
    copy = html.Button("Copy", id=ids.EMPTY_COPY, type="button", className="wp-action wp-action-first")
    return [
        html.Pre(command, id=ids.EMPTY_COMMAND, className="wp-command", tabIndex="0"),
        html.Div(copy, className="wp-actions"),
    ]
