"""What the Settings page shows: sections of plain sentences, and a control for each setting."""

import json
from collections.abc import Mapping
from typing import Any, Final

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import icon
from components.states import empty
from core.site_fields import FIELDS, PAGES, Field, Value
from pages.settings import _ids as ids
from pages.settings import _words as words

SECTIONS: Final = (
    ("refreshing", "Refreshing"),
    ("display", "Display"),
    ("map", "Map"),
    ("devices", "Devices"),
    ("events", "Events"),
    ("alerts", "Alerts"),
    ("audit", "Audit"),
)
"""Anchor and heading of each section, in order."""

_HOLDS: Final = {
    "display": ("top.n", "units."),
    "map": ("map.",),
    "events": ("event_types", "timelines."),
    "alerts": ("alerts.webhook_url", "alerts.keep_days"),
}
"""The settings of a section, by name or by how their names begin."""

_COLUMNS: Final = (("interval_s", "Refresh every"), ("floor_s", "Floor"), ("mode", "Mode"))


def only_for_admins(user: str | None) -> Component:
    """What somebody sees who may not change settings."""
    if user is None:
        link = dcc.Link("Sign in", href="/sign-in?next=/settings", className="wp-button wp-button-main")
        return empty("Settings ask for an admin", "Sign in with the password that the first start printed.", link)
    text = f"You are signed in as {user}, who may look at everything but not change settings. Ask an admin."
    return empty("Settings ask for an admin", text)


def navigation() -> Component:
    """Links to the sections."""
    return html.Nav(
        [html.A(heading, href=f"#{anchor}") for anchor, heading in SECTIONS],
        className="wp-settings-nav",
        **aria(label="Sections"),
    )


def section(anchor: str, text: str, *body: Any) -> Component:
    """A section: its heading, a sentence or two, and its controls."""
    return html.Section(
        [html.H2(dict(SECTIONS)[anchor]), html.P(text, className="wp-settings-text"), *body],
        id=anchor,
        className="wp-box wp-settings-section",
    )


def refreshing(values: Mapping[str, Value], initial: Mapping[str, Value]) -> Component:
    """A row a page, a column a setting of it."""
    head = html.Tr([html.Th("Page", scope="col"), *(html.Th(label, scope="col") for _, label in _COLUMNS)])
    rows = [
        html.Tr(
            [
                html.Th(called, scope="row"),
                *(
                    html.Td(
                        _cell(FIELDS[f"{page}.{column}"], f"{label}, {called}", values, initial),
                        **data(label=label),
                    )
                    for column, label in _COLUMNS
                ),
            ]
        )
        for page, called in PAGES.items()
    ]
    return html.Table([html.Thead(head), html.Tbody(rows)], className="wp-settings-pages")


def _cell(field: Field, label: str, values: Mapping[str, Value], initial: Mapping[str, Value]) -> list[Component]:
    control = _control(field, values[field.name], **aria(label=label))
    return [control, default_button(field, values[field.name], initial[field.name]), _known(field, values[field.name])]


def fields(anchor: str, values: Mapping[str, Value], initial: Mapping[str, Value]) -> Component:
    """The controls of a section one below the other, each with what it changes, its limits and its default."""
    names = [
        name
        for held in _HOLDS[anchor]
        for name in FIELDS
        if name == held or (held[-1] == "." and name.startswith(held))
    ]
    return html.Div(
        [_field(FIELDS[name], values[name], initial[name]) for name in names], className="wp-settings-fields"
    )


def _field(field: Field, value: Value, initial: Value) -> Component:
    said = " ".join(filter(None, (field.says, words.limits(field))))
    return html.Div(
        [
            _control(field, value, label=field.label, description=said),
            default_button(field, value, initial),
            _known(field, value),
        ],
        className=f"wp-settings-field wp-settings-field-{field.kind}",
    )


def default_button(field: Field, value: Value, initial: Value) -> Component:
    """Says the default, and puts it back (assets/shell/settings.js)."""
    return html.Button(
        f"Default: {words.text(field.name, initial)}",
        id=ids.default(field.name),
        type="button",
        value=json.dumps(words.typed(field, initial)),
        className=default_class(value == initial),
        title=f"Put it back to {words.text(field.name, initial)}",
    )


def default_class(is_default: bool) -> str:
    """It stands back where there is nothing to put back."""
    return "wp-default" if is_default else "wp-default wp-default-differs"


def _known(field: Field, value: Value) -> Component:
    return dcc.Store(id=ids.known(field.name), data=words.typed(field, value))


def _control(field: Field, value: Value, **more: Any) -> Component:
    shown = words.typed(field, value)
    known: dict[str, Any] = {"id": ids.field(field.name), "value": shown, "size": "sm"} | more
    control: Component
    if field.kind == "number":
        # Not clamped: what is out of the limits is refused and told, not quietly made something else.
        control = dmc.NumberInput(
            **known,
            suffix="" if field.unit == "devices" else f" {field.unit}",
            decimalScale=1,
            allowNegative=False,
            clampBehavior="none",
            hideControls=True,
            debounce=True,
            className="wp-settings-number",
        )
    elif field.kind == "choice":
        options = [
            {"value": choice, "label": choice.capitalize() if choice in ("live", "interval") else choice}
            for choice in field.choices
        ]
        control = dmc.Select(**known, data=options, allowDeselect=False, className="wp-settings-choice")
    elif field.kind == "json":
        control = dmc.Textarea(
            **known, debounce=True, autosize=True, minRows=6, maxRows=24, className="wp-settings-json"
        )
    else:
        control = dmc.TextInput(**known, debounce=True, className="wp-settings-wide")
    return control


def bar() -> Component:
    """What was changed last, with the way back; hidden until something was."""
    return html.Div(
        [
            html.Span(id=ids.BAR_TEXT, className="wp-settings-bar-text", role="status"),
            html.Button("Undo", id=ids.UNDO, type="button", className="wp-button"),
            dmc.ActionIcon(icon("x"), id=ids.CLOSE, variant="subtle", color="gray", size=28, **aria(label="Close")),
        ],
        id=ids.BAR,
        className="wp-settings-bar",
        hidden=True,
    )


def said(what: str, before: Any, after: Any) -> str:
    """A change in one line."""
    return f"{words.called(what)}: {words.text(what, after)} now, was {words.text(what, before)}."
