"""The time machine under the live map, folded away at first. `assets/live/96-time-machine.js` gives it life."""

from typing import Final

from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from components.icons import IconName, icon
from pages.live import _ids as ids

SPEEDS: Final = (1, 2, 5, 10, 20, 50, 100)
"""As in assets/live/94-player.js."""
SPANS: Final = ((1, "1 hour"), (6, "6 hours"), (24, "1 day"), (168, "7 days"))
"""Hours, as in assets/live/96-time-machine.js."""


def time_machine() -> Component:
    """The button that opens it, and the bar: what is played, how fast, and the slider over its activity."""
    return html.Section(
        [
            html.Button(
                [icon("clock"), html.Span("Time machine"), html.Kbd("b", className="wp-key")],
                id=ids.machine("toggle"),
                type="button",
                className="wp-machine-toggle",
                **aria(expanded="false", controls=ids.machine("body")),
            ),
            html.Div(
                [_controls(), _strip()],
                id=ids.machine("body"),
                className="wp-machine-body",
                hidden=True,
                role="group",
                **aria(label="Time machine"),
            ),
        ],
        id=ids.MACHINE,
        className="wp-machine",
        **aria(label="Time machine"),
    )


def _controls() -> Component:
    return html.Div(
        [
            html.Button(
                [icon("play", "wp-when-still"), icon("pause", "wp-when-playing")],
                id=ids.machine("play"),
                type="button",
                className="wp-machine-play",
                title="Play or pause (space)",
                **{"data-playing": "false"},  # type: ignore[arg-type]  # Dash types data-* as a float
                **aria(label="Play"),
            ),
            html.Output("", id=ids.machine("moment"), className="wp-machine-moment"),
            html.Span("", id=ids.machine("note"), className="wp-machine-note", role="status"),
            _button("earlier", "chevron-left", "Event before this (E)"),
            _button("later", "chevron-right", "Next event (e)"),
            _select("speed", "Speed", [(str(speed), f"{speed}×") for speed in SPEEDS]),
            _select("span", "Length of the window", [(str(hours), text) for hours, text in SPANS]),
            html.Div(id=ids.machine("goto"), className="wp-machine-goto"),
            html.Button(
                "Back to live", id=ids.machine("close"), type="button", className="wp-machine-close", title="b"
            ),
        ],
        className="wp-machine-controls",
    )


def _strip() -> Component:
    return html.Div(
        [
            html.Canvas(id=ids.machine("activity"), className="wp-machine-activity", **aria(hidden="true")),
            html.Div(
                [html.Span("", id=ids.machine("from")), html.Span("", id=ids.machine("to"))],
                className="wp-machine-ends",
                **aria(hidden="true"),
            ),
        ],
        id=ids.machine("strip"),
        className="wp-machine-strip",
        title="Bars: devices that moved, and that stood still. Marks: events",
    )


def _button(name: str, picture: IconName, label: str) -> Component:
    return html.Button(
        icon(picture),
        id=ids.machine(name),
        type="button",
        className="wp-machine-step",
        title=label,
        **aria(label=label),
    )


def _select(name: str, label: str, options: list[tuple[str, str]]) -> Component:
    return html.Select(
        [html.Option(text, value=value) for value, text in options],
        id=ids.machine(name),
        className="wp-machine-select",
        title=label,
        **aria(label=label),
    )
