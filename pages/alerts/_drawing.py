"""Drawing geofences on the page. The browser draws (assets/alerts/); what it has drawn is the text of the corners.

Each checks by itself who asks.
"""

import time
from typing import Any

from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, no_update
from dash.exceptions import PreventUpdate
from sqlalchemy import Connection

from components.states import NOT_DONE, failed
from core.errors import StoreUnavailable
from db.alert_rules import put_geofence, remove_geofence
from db.queries.alerts import Fence, get_geofence
from pages.alerts import _ids as ids
from pages.alerts._changing import done, must_be_own
from pages.alerts._fences import corners_of, corners_text
from pages.alerts._filled import Unusable

_FORM = {
    "draft": Output(ids.DRAFT, "data", allow_duplicate=True),
    "problem": Output(ids.FENCE_PROBLEM, "children", allow_duplicate=True),
    "changed": Output(ids.CHANGED, "data", allow_duplicate=True),
}


@callback(
    output={
        "draft": Output(ids.DRAFT, "data"),
        "name": Output(ids.FENCE_NAME, "value"),
        "fixed": Output(ids.FENCE_NAME, "disabled"),
        "corners": Output(ids.CORNERS, "value"),
        "no_remove": Output(ids.FENCE_REMOVE, "hidden"),
        "remove": Output(ids.FENCE_REMOVE, "children"),
        "clicks": Output(ids.FENCE_REMOVE, "n_clicks"),
        "problem": Output(ids.FENCE_PROBLEM, "children"),
        "said": Output(ids.SAID, "children", allow_duplicate=True),
        "open": Output(ids.FENCE_OPEN, "value"),
    },
    inputs={"value": Input(ids.FENCE_OPEN, "value")},
    prevent_initial_call=True,
)
def open_fence(value: object) -> dict[str, Any]:
    """Begin to draw a geofence, or to change one."""
    asked = ids.asked(value)
    if not asked:
        raise PreventUpdate
    name = asked.get("fence")
    corners = ""

    def work(connection: Connection, _who: str) -> None:
        nonlocal corners
        if isinstance(name, str):
            one = _known(connection, name)
            must_be_own(one.author)
            corners = corners_text(one.corners)

    kept = dict.fromkeys(("draft", "name", "fixed", "corners", "no_remove", "remove", "clicks", "problem"), no_update)
    try:
        done(work)
    except Unusable as error:
        return kept | {"said": failed(str(error)), "open": ""}
    except StoreUnavailable:
        return kept | {"said": failed(NOT_DONE), "open": ""}
    old = isinstance(name, str)
    return {
        "draft": {"name": name if old else None, "at": time.time()},
        "name": name if old else "",
        "fixed": old,
        "corners": corners,
        "no_remove": not old,
        "remove": "Remove",
        "clicks": 0,
        "problem": None,
        "said": None,
        "open": "",
    }


@callback(
    output=_FORM,
    inputs={"clicks": Input(ids.FENCE_SAVE, "n_clicks")},
    state={
        "name": State(ids.FENCE_NAME, "value"),
        "corners": State(ids.CORNERS, "value"),
        "draft": State(ids.DRAFT, "data"),
    },
    prevent_initial_call=True,
)
def save_fence(clicks: int | None, name: object, corners: object, draft: object) -> dict[str, Any]:
    """Keep the outline; where it is none the form stays and says why."""
    if not clicks or not isinstance(draft, dict):
        raise PreventUpdate
    old = draft.get("name")

    def work(connection: Connection, who: str) -> None:
        called = old if isinstance(old, str) else str(name or "").strip()
        known = get_geofence(connection, called) if called and "\0" not in called else None
        if isinstance(old, str):
            must_be_own(_known(connection, old).author)
        elif known is not None:
            raise Unusable(f"There is a geofence called {called} already. Choose another name.")
        put_geofence(connection, called, corners_of(corners), who)

    return _answer(work)


@callback(
    output=_FORM | {"remove": Output(ids.FENCE_REMOVE, "children", allow_duplicate=True)},
    inputs={"clicks": Input(ids.FENCE_REMOVE, "n_clicks")},
    state={"draft": State(ids.DRAFT, "data")},
    prevent_initial_call=True,
)
def remove_fence(clicks: int | None, draft: object) -> dict[str, Any]:
    """Remove the geofence: once it was asked for twice."""
    name = draft.get("name") if isinstance(draft, dict) else None
    if not clicks or not isinstance(name, str):
        raise PreventUpdate
    if clicks == 1:
        kept = dict.fromkeys(_FORM, no_update)
        return kept | {"remove": "Remove it for good"}

    def work(connection: Connection, who: str) -> None:
        must_be_own(_known(connection, name).author)
        remove_geofence(connection, name, who)

    return _answer(work) | {"remove": no_update}


def _answer(work: Any) -> dict[str, Any]:
    stay = {"draft": no_update, "problem": None, "changed": no_update}
    try:
        done(work)
    except ValueError as error:  # Unusable is one
        return stay | {"problem": str(error)}
    except StoreUnavailable:
        return stay | {"problem": NOT_DONE}
    return stay | {"draft": None, "changed": time.time()}


def _known(connection: Connection, name: str) -> Fence:
    found = None if "\0" in name else get_geofence(connection, name)
    if found is None:
        raise Unusable(f"There is no geofence called {name} any more.")
    return found


clientside_callback(
    ClientsideFunction("waypostFences", "show"),
    Output(ids.FENCE_FORM, "hidden"),
    Output(ids.FENCE_LIST, "hidden"),
    Input(ids.FENCES, "data"),
    Input(ids.DRAFT, "data"),
    State(ids.CORNERS, "value"),
)
clientside_callback(
    ClientsideFunction("waypostFences", "cancel"),
    Output(ids.DRAFT, "data", allow_duplicate=True),
    Input(ids.FENCE_CANCEL, "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("waypostFences", "close"), Input(ids.FENCE_CLOSE, "n_clicks"), prevent_initial_call=True
)
clientside_callback(
    ClientsideFunction("waypostFences", "undo"), Input(ids.FENCE_UNDO, "n_clicks"), prevent_initial_call=True
)
