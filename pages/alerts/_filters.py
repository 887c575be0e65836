"""Which alerts the page shows: the filters, the pages that are turned over, and both in the address."""

from typing import Any

import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, callback
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from components.address import keep_in_url
from components.alert_words import SEVERITIES
from components.attributes import aria
from components.context import store
from components.paging import turned_over
from components.period import period_id
from core.alerts import Severity
from core.errors import StoreUnavailable
from db.queries.alerts import list_rules
from pages.alerts import _ids as ids
from pages.alerts import _parts as draw
from pages.alerts import _rules as rules

DEFAULTS = {"state": "open", "rule": "", "severity": "", "subject": "", "new": "", "space": "", "device": ""}
"""The names of what stands in the address, each with the value that need not stand there."""


def filters(state: str, rule: object, severity: object, subject: object) -> list[Component]:
    """The controls; each may hold anything that an address says."""
    return [
        dmc.SegmentedControl(
            id=ids.STATE,
            value=state,
            data=[{"value": name, "label": words} for name, words in draw.STATES.items()],
            size="xs",
            withItemsBorders=False,
            className="wp-windows",
            **aria(label="Which alerts"),
        ),
        dmc.Select(
            id=ids.RULE,
            value=rule if isinstance(rule, str) and rule else None,
            data=rules.rule_choices(_known_rules(), rule),
            placeholder="All rules",
            searchable=True,
            clearable=True,
            nothingFoundMessage="No rule is called so",
            size="sm",
            className="wp-select",
            **aria(label="Rule"),
        ),
        dmc.Select(
            id=ids.SEVERITY,
            value=severity if severity in list(Severity) else None,
            data=[{"value": one.value, "label": words} for one, words in SEVERITIES.items()],
            placeholder="Any severity",
            clearable=True,
            size="sm",
            className="wp-select",
            **aria(label="Severity"),
        ),
        dmc.TextInput(
            id=ids.SUBJECT,
            value=subject if isinstance(subject, str) else "",
            placeholder="Any device or space",
            debounce=300,
            size="sm",
            className="wp-select",
            **aria(label="Part of the name of a device or space"),
        ),
    ]


def _known_rules() -> list[Any]:
    try:
        with store().connect() as connection:
            return list(list_rules(connection))
    except StoreUnavailable:
        return []


keep_in_url(ids.PAGE, ids.STATE, ids.RULE, ids.SEVERITY, ids.SUBJECT, ids.NEW, ids.SPACE, ids.DEVICE)


@callback(
    Output(ids.BEHIND, "data"),
    Input(ids.NEWER, "n_clicks"),
    Input(ids.OLDER, "n_clicks"),
    Input(ids.STATE, "value"),
    Input(ids.RULE, "value"),
    Input(ids.SEVERITY, "value"),
    Input(ids.SUBJECT, "value"),
    Input(period_id(ids.PAGE), "data"),
    State(ids.BEHIND, "data"),
    State(ids.NEXT, "data"),
    prevent_initial_call=True,
)
def turn_over(*given: Any) -> Any:
    """Turn to newer or older alerts."""
    return turned_over(ids.NEWER, ids.OLDER, *given[-2:])


@callback(
    Output(ids.RULE, "value"),
    Output(ids.SEVERITY, "value"),
    Output(ids.SUBJECT, "value"),
    Input({"alerts": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def clear(clicks: list[int | None]) -> tuple[Any, ...]:
    """Show the alerts of all rules, severities and subjects."""
    if not any(clicks):
        raise PreventUpdate
    return None, None, ""


@callback(Output(ids.PERIOD, "hidden"), Input(ids.STATE, "value"))
def show_period(state: object) -> bool:
    """What is open is shown whenever it opened: a period is asked for of the others."""
    return draw.known_state(state) == "open"
