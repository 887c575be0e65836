"""Acknowledging alerts, one or several at once: a small dialog with a note."""

import re
import time
from collections.abc import Sequence
from typing import Any, Final

import dash_mantine_components as dmc
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from components.alert_words import Words
from components.context import store
from components.paging import PAGE_SIZE
from components.states import NOT_DONE
from components.units import UNITS, chosen_units
from core.errors import StoreUnavailable
from core.text import number, shorten
from db.alert_rules import acknowledge
from db.queries.alerts import Alert, get_alert
from db.queries.metrics import list_metrics
from pages.alerts import _ids as ids
from pages.alerts._changing import done
from pages.alerts._filled import Unusable

_LONGEST_NOTE: Final = 500
_GONE: Final = "There is no such alert any more."
_IDS: Final = re.compile(rf"[0-9]{{1,18}}(,[0-9]{{1,18}}){{0,{PAGE_SIZE - 1}}}")
_NAMED: Final = 5


def see_dialog() -> Component:
    """The dialog, closed."""
    dialog: Component = dmc.Modal(
        [
            dcc.Store(id=ids.SEEN),
            html.P(id=ids.SEE_WHAT, className="wp-see-what"),
            dmc.Textarea(
                id=ids.SEE_NOTE,
                label="Note",
                description="What is done about it. It may stay empty.",
                value="",
                autosize=True,
                minRows=2,
                maxRows=8,
                size="sm",
            ),
            html.Div(id=ids.SEE_PROBLEM, role="alert", className="wp-form-problem"),
            html.Div(
                html.Button("Acknowledge", id=ids.SEE_SAVE, type="button", className="wp-button wp-button-main"),
                className="wp-form-buttons",
            ),
        ],
        id=ids.SEE_DIALOG,
        title="Acknowledge",
        size="md",
        centered=True,
        keepMounted=True,
        closeButtonProps={"aria-label": "Close"},
    )
    return dialog


@callback(
    Output(ids.SEE_DIALOG, "opened"),
    Output(ids.SEEN, "data"),
    Output(ids.SEE_WHAT, "children"),
    Output(ids.SEE_NOTE, "value"),
    Output(ids.SEE_PROBLEM, "children"),
    Output(ids.SEE, "value"),
    Input(ids.SEE, "value"),
    State(UNITS, "data"),
    prevent_initial_call=True,
)
def open_dialog(value: object, units: object) -> tuple[Any, ...]:
    """Open it for the alerts whose button was pressed."""
    if not isinstance(value, str) or not _IDS.fullmatch(value):
        raise PreventUpdate
    try:
        with store().connect() as connection:
            found = [one for one in (get_alert(connection, int(part)) for part in value.split(",")) if one is not None]
            words = Words(list_metrics(connection), chosen_units(units))
    except StoreUnavailable:
        return True, None, "", "", NOT_DONE, ""
    if not found:
        return True, None, "", "", _GONE, ""
    return True, [one.id for one in found], which(found, words), "", None, ""


def which(found: Sequence[Alert], words: Words) -> str:
    """Which alerts are acknowledged, in a line."""
    if len(found) == 1:
        return f"{found[0].subject}: {words.happened(found[0])}"
    subjects = list(dict.fromkeys(one.subject for one in found))
    named = ", ".join(shorten(name) for name in subjects[:_NAMED])
    return f"{number(len(found))} alerts, of {named}{', …' if len(subjects) > _NAMED else ''}"


@callback(
    Output(ids.SEE_DIALOG, "opened", allow_duplicate=True),
    Output(ids.SEE_PROBLEM, "children", allow_duplicate=True),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Input(ids.SEE_SAVE, "n_clicks"),
    State(ids.SEEN, "data"),
    State(ids.SEE_NOTE, "value"),
    prevent_initial_call=True,
)
def see(clicks: int | None, chosen: object, note: object) -> tuple[Any, Any, Any]:
    """Keep who has seen it, and the note."""
    alert_ids = [one for one in chosen if type(one) is int] if isinstance(chosen, list) else []
    if not clicks or not 0 < len(alert_ids) <= PAGE_SIZE:
        raise PreventUpdate
    text = note.strip() if isinstance(note, str) else ""
    if len(text) > _LONGEST_NOTE or "\0" in text:
        return no_update, f"A note has at most {_LONGEST_NOTE} characters; this one has {len(text)}.", no_update

    def work(connection: Connection, who: str) -> None:
        found = [alert_id for alert_id in alert_ids if acknowledge(connection, alert_id, who, text or None)]
        if not found:
            raise Unusable(_GONE)

    try:
        done(work)
    except Unusable as error:
        return no_update, str(error), no_update
    except StoreUnavailable:
        return no_update, NOT_DONE, no_update
    return False, None, time.time()
