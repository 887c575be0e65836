"""Small fields that the live page is made of: native selects, switches, keys."""

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from components.icons import IconName, icon


def key(letter: str) -> Component:
    """The key that does the same as the button it stands on."""
    return html.Kbd(letter, className="wp-key", **aria(hidden="true"))


def select(select_id: str, label: str, options: Sequence[tuple[str, str]], class_name: str = "") -> Component:
    """A native select with its label; `options` are (value, text). The browser may add more."""
    return html.Label(
        [
            html.Span(label, className="wp-map-field-label"),
            html.Select(
                [html.Option(text, value=value) for value, text in options], id=select_id, className="wp-map-select"
            ),
        ],
        className=f"wp-map-field {class_name}".strip(),
    )


def number(field_id: str, label: str, placeholder: str) -> Component:
    """A field for a number; what it holds is read by the browser alone."""
    field: Component = dmc.TextInput(
        id=field_id,
        placeholder=placeholder,
        size="xs",
        className="wp-map-bound",
        inputProps={"inputMode": "decimal"},
        autoComplete="off",
        **aria(label=label),
    )
    return field


def switch(switch_id: str, label: str, letter: str | None = None, *, on: bool = False) -> Component:
    """A switch that says what it is of, with its key."""
    return html.Button(
        [
            html.Span(className="wp-map-switch-track", **aria(hidden="true")),
            html.Span(label, className="wp-map-switch-label"),
            *([] if letter is None else [key(letter)]),
        ],
        id=switch_id,
        type="button",
        role="switch",
        className="wp-map-switch",
        **aria(checked=str(on).lower()),
    )


def tool(button_id: str, name: IconName, label: str, letter: str, **names: str) -> Component:
    """A button of the toolbar: an icon, and its key beside it."""
    attributes: dict[str, Any] = aria(label=label, keyshortcuts=letter, **names)
    return html.Button(
        [icon(name), key(letter)],
        id=button_id,
        type="button",
        className="wp-map-tool",
        title=f"{label} ({letter})",
        **attributes,
    )
