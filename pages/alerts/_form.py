"""The form in which a rule is set up, and what it says while it is filled in. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from components.alert_words import SEVERITIES
from components.attributes import aria
from components.icons import icon
from components.quantities import quantity
from core.alert_conditions import OPS
from core.alerts import Found, Severity
from core.machines import Machine
from core.text import number, shorten
from db.watching_sql import MOST
from pages.alerts import _ids as ids
from pages.alerts._filled import KINDS, Fields, state_value
from pages.alerts._load import Choices

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "space": ("Space count", "How many people are in a space, or how full it is."),
    "metric": ("Metric", "The newest value of speed, battery or any other metric."),
    "silence": ("Silence", "Nothing was received for a while."),
    "geofence": ("Geofence", "The newest place is inside an area, or outside of it."),
    "state": ("State", "An event has led to this state, such as a door that is open."),
}
"""Name and meaning of each kind."""
OF_DEVICES: Final = tuple(kind for kind in KINDS if kind != "space")
_UNITS: Final = (("s", "s"), ("min", "min"), ("h", "h"))
_NAMED: Final = 8


def form(fields: Fields, choices: Choices, machines: Sequence[Machine], edited: str | None) -> list[Component]:
    """All fields, filled; those of another kind than the chosen one are hidden. `edited` is the rule to change."""
    buttons = [html.Button("Save", id=ids.SAVE, type="button", className="wp-button wp-button-main")]
    if edited is not None:
        buttons.append(html.Button("Remove this rule", id=ids.REMOVE, type="button", className="wp-button"))
    hidden = hidden_groups(fields["kind"], fields["whom"])
    groups: dict[str, Sequence[Component]] = {
        "space": _of_space(fields, choices),
        "metric": _of_metric(fields, choices),
        "silence": _length("silence", "Nothing sent for", fields),
        "geofence": _of_geofence(fields, choices),
        "state": _of_state(fields, machines),
        "whom": _whom(fields),
        "fleet": [_select("fleet", "Fleet", fields, choices.fleets)],
        "device": [_device(fields, choices)],
    }
    return [
        dcc.Store(id=ids.EDITED, data=edited),
        dmc.RadioGroup(
            html.Div([_kind(one) for one in KINDS], className="wp-rule-kinds"),
            id=ids.field("kind"),
            value=fields["kind"],
            label="What to look for",
            size="sm",
        ),
        *(_group(name, children, hidden=hidden[name]) for name, children in groups.items()),
        html.Div(id=ids.PREVIEW, className="wp-rule-preview", role="status"),
        html.Div(
            [
                *_length("hold", "Must hold for", fields),
                *_length("over", "Must be over for", fields),
            ],
            className="wp-form-grid wp-rule-waits",
        ),
        html.P(
            "An alert opens once it has held for so long, and closes once it has been over for so long: a value that"
            " swings around its limit makes one alert.",
            className="wp-hint",
        ),
        _last(fields),
        html.Div(id=ids.PROBLEM, role="alert", className="wp-form-problem"),
        html.Div(buttons, className="wp-form-buttons"),
    ]


def _last(fields: Fields) -> Component:
    """What does not belong to the condition: name, severity, and whether it is looked at."""
    return html.Div(
        [
            dmc.TextInput(
                id=ids.field("name"),
                label="Name",
                description="Left empty, it is called as proposed.",
                value=fields["name"],
                size="sm",
                className="wp-rule-name-field",
            ),
            _labelled(
                "Severity",
                dmc.SegmentedControl(
                    id=ids.field("severity"),
                    value=fields["severity"],
                    data=[{"value": one.value, "label": SEVERITIES[one]} for one in Severity],
                    size="xs",
                    className="wp-windows",
                    **aria(label="Severity"),
                ),
            ),
            dmc.Switch(id=ids.field("enabled"), label="Watch", checked=bool(fields["enabled"]), size="sm"),
        ],
        className="wp-rule-last",
    )


def hidden_groups(kind: object, whom: object) -> dict[str, bool]:
    """Which groups of fields are not shown."""
    shown = {kind}
    if kind in OF_DEVICES:
        shown |= {"whom", whom}
    return {name: name not in shown for name in (*KINDS, "whom", "fleet", "device")}


def _kind(kind: str) -> Component:
    label, description = _SAID[kind]
    made: Component = dmc.Radio(label=label, description=description, value=kind, size="sm", className="wp-rule-kind")
    return made


def _group(name: str, children: Sequence[Component], *, hidden: bool) -> Component:
    return html.Div(list(children), id=ids.group(name), hidden=hidden, className="wp-form-grid wp-rule-group")


def _of_space(fields: Fields, choices: Choices) -> list[Component]:
    return [
        _select("space", "Space", fields, choices.spaces, placeholder="Every space", clearable=True),
        _op("count_op", fields),
        dmc.NumberInput(
            id=ids.field("count_limit"), label="Limit", value=fields["count_limit"], min=0, size="sm", debounce=250
        ),
        _labelled(
            "Of",
            dmc.SegmentedControl(
                id=ids.field("count_of"),
                value=fields["count_of"],
                data=[{"value": "people", "label": "people"}, {"value": "percent", "label": "% of capacity"}],
                size="xs",
                className="wp-windows",
                **aria(label="People, or percent of capacity"),
            ),
        ),
    ]


def _of_metric(fields: Fields, choices: Choices) -> list[Component]:
    labels = {one.name: quantity(one).label for one in choices.metrics}
    return [
        _select("metric", "Metric", fields, labels, labels=labels),
        _op("metric_op", fields),
        html.Div(
            [
                dmc.NumberInput(
                    id=ids.field("metric_limit"), label="Limit", value=fields["metric_limit"], size="sm", debounce=250
                ),
                html.Span(id=ids.UNIT, className="wp-rule-unit"),
            ],
            className="wp-rule-length",
        ),
    ]


def _of_geofence(fields: Fields, choices: Choices) -> list[Component]:
    return [
        _select(
            "geofence",
            "Geofence",
            fields,
            choices.fences,
            placeholder="Choose one" if choices.fences else "None is drawn yet",
        ),
        _labelled(
            "Its newest place is",
            dmc.SegmentedControl(
                id=ids.field("where"),
                value=fields["where"],
                data=[{"value": "inside", "label": "inside"}, {"value": "outside", "label": "outside"}],
                size="xs",
                className="wp-windows",
                **aria(label="Inside or outside"),
            ),
        ),
    ]


def _of_state(fields: Fields, machines: Sequence[Machine]) -> list[Component]:
    labels = {
        state_value(one.name, state): f"{one.name} is {state}"
        for one in machines
        for state in dict.fromkeys(step.to for step in one.events.values())
    }
    return [_select("state", "State", fields, labels, labels=labels)]


def _whom(fields: Fields) -> list[Component]:
    return [
        _labelled(
            "Whom",
            dmc.SegmentedControl(
                id=ids.field("whom"),
                value=fields["whom"],
                data=[
                    {"value": "every", "label": "Every device"},
                    {"value": "fleet", "label": "A fleet"},
                    {"value": "device", "label": "One device"},
                ],
                size="xs",
                className="wp-windows",
                **aria(label="Whom"),
            ),
        )
    ]


def _device(fields: Fields, choices: Choices) -> Component:
    return _select("device", "Device", fields, choices.devices, placeholder="Type a part of its name")


def _select(
    name: str,
    label: str,
    fields: Fields,
    values: Iterable[str],
    *,
    labels: Mapping[str, str] | None = None,
    placeholder: str = "Choose one",
    clearable: bool = False,
) -> Component:
    chosen = fields[name]
    control: Component = dmc.Select(
        id=ids.field(name),
        label=label,
        value=chosen,
        data=options(values, chosen, labels),
        placeholder=placeholder,
        searchable=True,
        clearable=clearable,
        allowDeselect=clearable,
        nothingFoundMessage="None is called so",
        size="sm",
        **({"clearButtonProps": {"aria-label": "Every space"}} if clearable else {}),
    )
    return control


def options(values: Iterable[str], chosen: object, labels: Mapping[str, str] | None = None) -> list[dict[str, str]]:
    """What a list offers; what is chosen is among it, though there is none of that name any more."""
    names = dict.fromkeys(values)
    if isinstance(chosen, str) and chosen:
        names.setdefault(chosen)
    return [{"value": name, "label": shorten((labels or {}).get(name, name), 48)} for name in names]


def _op(name: str, fields: Fields) -> Component:
    control: Component = dmc.Select(
        id=ids.field(name),
        label="Is",
        value=fields[name],
        data=[{"value": op, "label": words} for op, words in OPS.items()],
        allowDeselect=False,
        size="sm",
    )
    return control


def _length(name: str, label: str, fields: Fields) -> list[Component]:
    return [
        html.Div(
            [
                dmc.NumberInput(id=ids.field(name), label=label, value=fields[name], min=0, size="sm", debounce=250),
                dmc.Select(
                    id=ids.field(f"{name}_unit"),
                    value=fields[f"{name}_unit"],
                    data=[{"value": unit, "label": words} for unit, words in _UNITS],
                    allowDeselect=False,
                    size="sm",
                    **aria(label=f"{label}: unit"),
                ),
            ],
            className="wp-rule-length",
        )
    ]


def _labelled(label: str, control: Any) -> Component:
    return html.Div([html.Div(label, className="wp-rule-label"), control], className="wp-rule-labelled")


def holds_for(found: Sequence[Found], missing: str | None) -> list[Any]:
    """What a rule would find now."""
    if missing is not None:
        return [icon("triangle-alert"), html.Span(missing)]
    if not found:
        return [icon("check"), html.Span("Holds for nobody now.")]
    count = f"more than {number(MOST)}" if len(found) > MOST else number(len(found))
    names = ", ".join(shorten(one.name, 28) for one in found[:_NAMED])
    return [icon("eye"), html.Span(f"Holds now for {count}: {names}{', …' if len(found) > _NAMED else ''}")]
