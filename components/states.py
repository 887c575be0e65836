"""What stands where there is nothing to show: empty, failed, or not there yet. Each looks different."""

from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import IconName, icon

UNAVAILABLE: Final = "The database does not answer. What you see is the last picture; it is tried again by itself."
"""Said by a page that asks again."""
NOT_DONE: Final = "The database does not answer. Try it again in a moment."
"""Said of something that somebody wanted to change."""


def empty(title: Any, text: str, action: Component | None = None, *, picture: IconName = "inbox") -> Component:
    """Nothing to show, and that is no fault: `text` says why and what to do next."""
    return html.Div(
        [
            icon(picture, "wp-blank-icon"),
            html.P(title, className="wp-blank-title"),
            html.P(text, className="wp-blank-text"),
            *([action] if action is not None else []),
        ],
        className="wp-blank",
    )


def failed(text: str) -> Component:
    """A banner: what failed and that it is tried again. The last picture stays below it."""
    return html.Div(
        [icon("triangle-alert"), html.Span(text)],
        className="wp-failed",
        role="alert",
    )


def skeleton(width: str = "100%", height: str = "1em") -> Component:
    """A grey block in the place and of the size of what comes."""
    return html.Span(className="wp-skeleton", style={"width": width, "height": height}, **aria(hidden="true"))


def choose(label: str, target: str, value: str) -> Component:
    """A button that sets the control `target` to `value` (assets/shell/controls.js)."""
    return html.Button(label, type="button", className="wp-button", **data(target=target, choose=value))
