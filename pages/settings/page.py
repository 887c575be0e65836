"""Settings: what admins change for everyone while Waypost runs, the names of devices, and the audit of both.

Every callback that changes something, and the audit, asks who it is that calls: what a browser shows proves nothing.
"""

from typing import Any

import dash
from dash import (
    ALL,
    MATCH,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    dcc,
    html,
    no_update,
    set_props,
)
from dash.development.base_component import Component

from auth.callbacks import visitor
from auth.roles import Role
from components.context import store
from components.states import NOT_DONE, failed
from core.errors import StoreUnavailable
from core.site import InvalidSetting
from core.site_fields import FIELDS
from db.queries.audit import list_changes
from pages.settings import _audit as audit
from pages.settings import _devices as devices
from pages.settings import _ids as ids
from pages.settings import _parts as draw
from pages.settings import _words as words
from pages.settings._changes import admin, of_setting, pushed
from pages.settings._naming import take_back

dash.register_page(__name__, path="/settings", name="Settings", title="Settings · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types


def layout(**_query: object) -> Component:
    """The sections for an admin; for anyone else where to sign in."""
    try:
        who = visitor()
        if not who.may(Role.ADMIN):
            return html.Div(draw.only_for_admins(who.name), className="wp-page")
        site = store().site
        site.refresh()
    except StoreUnavailable:
        text = "The database does not answer, so settings cannot be shown now. Load this page again in a moment."
        return html.Div(failed(text), className="wp-page")
    values, initial = site.values(), site.initial
    return html.Div(
        [
            dcc.Store(id=ids.STACK),
            dcc.Store(id=ids.SHOWN, data=audit.AT_ONCE),
            draw.navigation(),
            html.Div(
                [
                    draw.section(
                        "refreshing",
                        "Each page asks for newer data at its interval. Who looks at it may choose another one for"
                        " oneself in the menu of the live indicator, but none below the floor. A change holds at once,"
                        " in every page that is open. Intervals and floors go from 0.5 to 3600 s.",
                        draw.refreshing(values, initial),
                    ),
                    draw.section(
                        "display",
                        "What people see until they choose otherwise.",
                        draw.fields("display", values, initial),
                    ),
                    draw.section(
                        "map",
                        "What lies under the devices.",
                        draw.fields("map", values, initial),
                    ),
                    draw.section(
                        "devices",
                        "Give a device a label, or put it into a fleet: click a cell and type. What you give wins over"
                        " what the device sends of itself, and is marked; empty the cell to show that again.",
                        *devices.table(),
                    ),
                    draw.section(
                        "events",
                        "Events move devices from state to state, such as a door from closed to open.",
                        draw.fields("events", values, initial),
                    ),
                    draw.section(
                        "alerts",
                        "Whom Waypost calls when an alert opens or closes, and how long alerts are kept. Rules are set"
                        " up on the page Alerts.",
                        draw.fields("alerts", values, initial),
                    ),
                    draw.section(
                        "audit",
                        "Who changed what, newest first.",
                        html.Div(id=ids.AUDIT),
                        html.Button("Show more", id=ids.MORE, type="button", className="wp-button", hidden=True),
                    ),
                ],
                className="wp-settings-body",
            ),
            draw.bar(),
        ],
        className="wp-page wp-settings",
    )


clientside_callback(
    ClientsideFunction("waypostSettings", "differs"),
    Output(ids.default(MATCH), "className"),
    Input(ids.field(MATCH), "value"),
    State(ids.default(MATCH), "value"),
)
clientside_callback(
    ClientsideFunction("waypostSettings", "putBack"),
    Output(ids.field(MATCH), "value"),
    Input(ids.default(MATCH), "n_clicks"),
    State(ids.default(MATCH), "value"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("waypostSettings", "showBar"), Input(ids.STACK, "data"), Input(ids.CLOSE, "n_clicks")
)
clientside_callback(ClientsideFunction("waypostSettings", "localise"), Input(ids.AUDIT, "children"))


@callback(
    Output(ids.field(MATCH), "error"),
    Input(ids.field(MATCH), "value"),
    State(ids.field(MATCH), "id"),
    State(ids.known(MATCH), "data"),
    State(ids.STACK, "data"),
    prevent_initial_call=True,
)
def save(given: Any, which: dict[str, str], known: Any, stack: Any) -> str | None:
    """Set what a control says, for everyone; or say beside it why not."""
    name = which["setting"]
    if given == known:  # told to this page by `follow`: saving it would undo what was set elsewhere meanwhile
        return None
    try:
        who = admin()
        changed = store().site.change(name, words.read(FIELDS[name], given), str(who.name))
    except PermissionError as refused:
        return str(refused)
    except StoreUnavailable:
        return NOT_DONE
    except (InvalidSetting, ValueError) as error:
        return f"{error} It stays {words.text(name, store().site.values()[name])}."
    if changed.before != changed.after:
        set_props(ids.STACK, {"data": pushed(stack, of_setting(name, changed))})
    shown = words.typed(FIELDS[name], changed.after)
    set_props(ids.known(name), {"data": shown})
    if shown != given:  # kept in one form: 2.54 as 2.5
        set_props(ids.field(name), {"value": shown})
    return None


@callback(Input(ids.UNDO, "n_clicks"), State(ids.STACK, "data"), prevent_initial_call=True)
def undo(_clicks: int | None, stack: Any) -> None:
    """Take the newest change back."""
    if not stack:
        return
    *rest, last = stack
    try:
        who = admin()
        if "setting" in last:
            name = last["setting"]
            changed = store().site.change(name, last["before"], str(who.name))
            shown = words.typed(FIELDS[name], changed.after)
            set_props(ids.known(name), {"data": shown})
            set_props(ids.field(name), {"value": shown, "error": None})
        else:
            take_back(last["devices"], str(who.name))
    except PermissionError as refused:
        set_props(ids.BAR_TEXT, {"children": str(refused)})
    except StoreUnavailable:
        set_props(ids.BAR_TEXT, {"children": NOT_DONE})
    except (InvalidSetting, KeyError) as error:
        set_props(ids.BAR_TEXT, {"children": f"It cannot be taken back: {error}"})
    else:
        set_props(ids.STACK, {"data": rest})


@callback(
    Output(ids.field(ALL), "value"),
    Output(ids.known(ALL), "data"),
    Input("site", "data"),
    State(ids.field(ALL), "id"),
    State(ids.field(ALL), "value"),
    State(ids.field(ALL), "error"),
    prevent_initial_call=True,
)
def follow(_site: Any, which: list[dict[str, str]], shown: list[Any], errors: list[Any]) -> tuple[list[Any], list[Any]]:
    """What another admin has changed is shown here, too; what was refused here stays to be corrected."""
    try:
        admin()  # some settings are secret
    except PermissionError:
        return [no_update] * len(which), [no_update] * len(which)
    values = store().site.values()
    wanted = [words.typed(FIELDS[one["setting"]], values[one["setting"]]) for one in which]
    fields = [
        no_update if error or value == now else value for value, now, error in zip(wanted, shown, errors, strict=True)
    ]
    return fields, wanted


@callback(
    Output(ids.AUDIT, "children"),
    Output(ids.MORE, "hidden"),
    Output(ids.SHOWN, "data"),
    Input(ids.STACK, "data"),
    Input("site", "data"),
    Input(ids.MORE, "n_clicks"),
    State(ids.SHOWN, "data"),
)
def show_audit(_stack: Any, _site: Any, _more: int | None, shown: int) -> tuple[Any, bool, int]:
    """The newest entries of the audit, and more of them each time that is asked for."""
    if ctx.triggered_id == ids.MORE:
        shown = min(audit.AT_MOST, shown + audit.AT_ONCE)
    try:
        admin()
        with store().connect() as connection:
            changes = list_changes(connection, limit=shown + 1)
    except (PermissionError, StoreUnavailable) as error:
        return failed(str(error)), True, shown
    return audit.table(changes[:shown]), len(changes) <= shown or shown >= audit.AT_MOST, shown
