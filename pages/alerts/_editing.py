"""Setting up rules on the page: the dialog, what it says meanwhile, and the switch in the table.

Each checks by itself who asks.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from dash import Input, Output, State, callback, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from components.alert_words import Words
from components.context import site, store
from components.states import NOT_DONE, failed
from components.units import UNITS, chosen_units
from core.errors import StoreUnavailable
from db.alert_rules import put_rule, remove_rule
from db.queries.alerts import StoredRule, get_rule, list_rules
from db.queries.metrics import list_metrics
from db.watching import holds_now
from pages.alerts import _ids as ids
from pages.alerts._changing import done, must_be_own
from pages.alerts._filled import FIELDS, Unusable, begun, condition_of, fields_of, filled
from pages.alerts._form import form, hidden_groups, holds_for, options
from pages.alerts._load import load_choices, offered

_LOOKED_FOR: Final = tuple(
    name for name in FIELDS if name not in {"hold", "hold_unit", "over", "over_unit", "severity", "enabled", "name"}
)
"""The fields that make the condition."""
_GROUPS: Final = tuple(hidden_groups(None, None))


@callback(
    Output(ids.DIALOG, "opened"),
    Output(ids.FORM, "children"),
    Output(ids.SAID, "children"),
    Output(ids.OPEN, "value"),
    Output(ids.NEW, "value"),
    Input(ids.OPEN, "value"),
    State(UNITS, "data"),
)
def open_form(value: object, units: object) -> tuple[Any, ...]:
    """Open the dialog, with a rule that there is or one that is begun; the address asks for it no more."""
    asked = ids.asked(value)
    if not asked:
        raise PreventUpdate
    made: list[Any] = []
    edited = asked.get("edit")

    def work(connection: Connection, _who: str) -> None:
        choices = load_choices(connection)
        words = Words(choices.metrics, chosen_units(units))
        if isinstance(edited, str):
            one = _known(connection, edited)
            must_be_own(one.author)
            fields = fields_of(one.rule, words)
        else:
            fields = begun(asked.get("new"), asked.get("space"), asked.get("device"), choices.metrics)
        made.extend(form(fields, choices, site().rules.machines, edited if isinstance(edited, str) else None))

    try:
        done(work)
    except Unusable as error:
        return no_update, no_update, failed(str(error)), "", ""
    except StoreUnavailable:
        return no_update, no_update, failed(NOT_DONE), "", ""
    return True, made, None, "", ""


@callback(
    output={name: Output(ids.group(name), "hidden") for name in _GROUPS},
    inputs={"kind": Input(ids.field("kind"), "value"), "whom": Input(ids.field("whom"), "value")},
    prevent_initial_call=True,
)
def show_group(kind: object, whom: object) -> dict[str, bool]:
    """Show the fields of what was chosen."""
    return hidden_groups(kind, whom)


@callback(
    Output(ids.field("device"), "data"),
    Input(ids.field("device"), "searchValue"),
    State(ids.field("device"), "value"),
    prevent_initial_call=True,
)
def search_device(search: str | None, chosen: object) -> Any:
    """Offer the devices that are called like what was typed."""
    if not isinstance(search, str) or "\0" in search or search == chosen:
        raise PreventUpdate
    try:
        with store().connect() as connection:
            return options((one.name for one in offered(connection, search.strip())), chosen)
    except StoreUnavailable:
        return no_update


@callback(
    output={
        "preview": Output(ids.PREVIEW, "children"),
        "proposed": Output(ids.field("name"), "placeholder"),
        "unit": Output(ids.UNIT, "children"),
    },
    inputs={
        "fields": {name: Input(ids.field(name), "value") for name in _LOOKED_FOR},
        "units": Input(UNITS, "data"),
    },
    state={"edited": State(ids.EDITED, "data")},
)
def preview(fields: Mapping[str, Any], units: object, edited: str | None) -> dict[str, Any]:
    """Say what the rule would find now, and how it could be called."""
    said: dict[str, Any] = {"preview": None, "proposed": "", "unit": ""}
    try:
        with store().connect() as connection:
            words = Words(list_metrics(connection), chosen_units(units))
            shown = words.shown(str(fields.get("metric") or ""))
            said["unit"] = shown.unit
            condition = condition_of(fields, words)
            said["proposed"] = words.proposed(condition, _other_names(connection, edited))
            return said | {"preview": holds_for(*holds_now(connection, condition))}
    except Unusable as error:
        return said | {"preview": str(error)}
    except StoreUnavailable:
        return said | {"preview": NOT_DONE}


@callback(
    output={
        "problem": Output(ids.PROBLEM, "children"),
        "opened": Output(ids.DIALOG, "opened", allow_duplicate=True),
        "changed": Output(ids.CHANGED, "data"),
    },
    inputs={"clicks": Input(ids.SAVE, "n_clicks")},
    state={
        "fields": {name: State(ids.field(name), "checked" if name == "enabled" else "value") for name in FIELDS},
        "edited": State(ids.EDITED, "data"),
        "units": State(UNITS, "data"),
    },
    prevent_initial_call=True,
)
def save(clicks: int | None, fields: Mapping[str, Any], edited: str | None, units: object) -> dict[str, Any]:
    """Keep what the form says; where it cannot be kept it stays open and says why."""
    if not clicks:
        raise PreventUpdate
    stay = {"problem": None, "opened": no_update, "changed": no_update}

    def work(connection: Connection, who: str) -> None:
        words = Words(list_metrics(connection), chosen_units(units))
        proposed = words.proposed(condition_of(fields, words), _other_names(connection, edited))
        rule = filled(fields, words, proposed)
        if edited is not None:
            must_be_own(_known(connection, edited).author)
        elif get_rule(connection, rule.name) is not None:
            raise Unusable(f"There is a rule called {rule.name} already. Choose another name.")
        put_rule(connection, rule, who, rename=edited)

    try:
        done(work)
    except ValueError as error:  # Unusable is one
        return stay | {"problem": str(error)}
    except StoreUnavailable:
        return stay | {"problem": NOT_DONE}
    return stay | {"opened": False, "changed": time.time()}


@callback(
    Output(ids.REMOVE, "children"),
    Output(ids.PROBLEM, "children", allow_duplicate=True),
    Output(ids.DIALOG, "opened", allow_duplicate=True),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Input(ids.REMOVE, "n_clicks"),
    State(ids.EDITED, "data"),
    prevent_initial_call=True,
)
def remove(clicks: int | None, edited: str | None) -> tuple[Any, Any, Any, Any]:
    """Remove the rule: once it was asked for twice."""
    if not clicks or edited is None:
        raise PreventUpdate
    if clicks == 1:
        return "Remove it for good and close its alerts", no_update, no_update, no_update

    def work(connection: Connection, who: str) -> None:
        must_be_own(_known(connection, edited).author)
        remove_rule(connection, edited, who)

    try:
        done(work)
    except Unusable as error:
        return no_update, str(error), no_update, no_update
    except StoreUnavailable:
        return no_update, NOT_DONE, no_update, no_update
    return no_update, None, False, time.time()


@callback(
    Output(ids.SAID, "children", allow_duplicate=True),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Output(ids.TURN, "value"),
    Input(ids.TURN, "value"),
    prevent_initial_call=True,
)
def turn(value: object) -> tuple[Any, Any, Any]:
    """Switch a rule on or off."""
    asked = ids.asked(value)
    name = asked.get("rule")
    if not isinstance(name, str):
        raise PreventUpdate

    def work(connection: Connection, who: str) -> None:
        one = _known(connection, name)
        must_be_own(one.author)
        put_rule(connection, replace(one.rule, enabled=bool(asked.get("on"))), who)

    try:
        done(work)
    except ValueError as error:
        return failed(str(error)), no_update, ""
    except StoreUnavailable:
        return failed(NOT_DONE), no_update, ""
    return None, time.time(), ""


def _known(connection: Connection, name: str) -> StoredRule:
    found = None if "\0" in name else get_rule(connection, name)
    if found is None:
        raise Unusable(f"There is no rule called {name} any more.")
    return found


def _other_names(connection: Connection, edited: str | None) -> set[str]:
    return {one.rule.name for one in list_rules(connection)} - {edited or ""}
