"""The units that a user sees: a menu in the header, kept in this browser, and followed by every open page.

Callbacks take `Input(UNITS, "data")` and ask `chosen_units(data)`; None until somebody has chosen.
"""

from typing import Final

import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, clientside_callback, dcc, html
from dash.development.base_component import Component

from components.attributes import aria
from components.context import site
from components.icons import icon
from components.popover import popover
from core.units import LENGTH_UNITS, SPEED_UNITS, Units, known_units

UNITS: Final = "units"
_SPEED: Final = "units-speed"
_LENGTH: Final = "units-length"
_LABELS: Final = {"m": "Metres", "ft": "Feet"}


def chosen_units(chosen: object) -> Units:
    """The units of the store, or those of the site."""
    return known_units(chosen, site().units)


def units_menu(units: Units) -> Component:
    """The button in the header with its panel, and the store; `units` are those of the site."""
    fields = [
        _field("Speed", _SPEED, units.speed, {unit: unit for unit in SPEED_UNITS}),
        _field("Height and length", _LENGTH, units.length, {unit: _LABELS[unit] for unit in LENGTH_UNITS}),
        html.P("Kept in this browser. Downloads come in the same units.", className="wp-hint"),
    ]
    return html.Div(
        [
            dcc.Store(id=UNITS, storage_type="local"),
            popover("units-panel", icon("ruler"), fields, label="Units", button_class="wp-tool-quiet"),
        ],
        id="units-menu",
    )


def _field(label: str, control_id: str, value: str, labels: dict[str, str]) -> Component:
    control: Component = dmc.SegmentedControl(
        id=control_id,
        value=value,
        data=[{"value": unit, "label": words} for unit, words in labels.items()],
        size="xs",
        fullWidth=True,
        withItemsBorders=False,
        className="wp-windows",
        **aria(label=label),
    )
    return html.Div([html.Div(label, className="wp-field-label"), control], className="wp-field")


clientside_callback(
    ClientsideFunction("waypostUnits", "choose"),
    Input(_SPEED, "value"),
    Input(_LENGTH, "value"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("waypostUnits", "show"),
    Output(_SPEED, "value"),
    Output(_LENGTH, "value"),
    Input(UNITS, "data"),
    Input("site", "data"),
)
