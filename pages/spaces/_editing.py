"""Setting up spaces on the page: the form, its doors, counts made by hand, and the button that reconciles.

Each checks by itself who asks: a button that a browser shows proves nothing.
"""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import anyio.to_thread
from dash import ALL, Input, Output, Patch, State, callback, ctx, no_update
from sqlalchemy import Connection

from auth.callbacks import visitor
from auth.roles import Role, Visitor
from components.context import store
from components.states import NOT_DONE, failed
from core.errors import Overlapping, StoreUnavailable, UnknownDevice
from core.occupancy import LiveCount
from db import spaces as change
from db.queries import devices, spaces
from db.queries.spaces import Described, Space
from pages.spaces import _ids as ids
from pages.spaces import _parts as parts
from pages.spaces._form import Unusable, door_row, filled, form

_FIELDS: Final = ("name", "capacity", "zone", "opens", "closes", "empty_at")
_DOOR_FIELDS: Final = ("device", "sign", "from", "to")
_MOST_DEVICES: Final = 10_000
_ENDED: Final = "Your session has ended, or you may not do this. Load this page again and sign in."


@callback(
    Output(ids.DIALOG, "opened"),
    Output(ids.FORM, "children"),
    Output(ids.SAID, "children"),
    Input({"spaces-act": ALL}, "n_clicks"),
    State(ids.SPACE, "value"),
    prevent_initial_call=True,
)
def open_form(clicks: list[int | None], space: str) -> tuple[Any, Any, Any]:
    """Open the form, empty or with the chosen space."""
    what = _asked(clicks)
    if what not in {"new", "edit"}:
        return no_update, no_update, no_update
    try:
        if not visitor().may(Role.ADMIN):
            return no_update, no_update, failed(_ENDED)
        with store().connect() as connection:
            one = None if what == "new" else _described(connection, space)
            names = [device.name for device in devices.list_devices(connection, limit=_MOST_DEVICES)]
    except StoreUnavailable:
        return no_update, no_update, failed(NOT_DONE)
    return True, form(one, names), None


@callback(
    Output(ids.ROWS, "children"),
    Input(ids.ADD_DOOR, "n_clicks"),
    Input({"spaces-door": ALL, "field": "drop"}, "n_clicks"),
    State({"spaces-door": ALL, "field": "row"}, "id"),
    State(ids.field("zone"), "value"),
    prevent_initial_call=True,
)
def change_rows(_add: int | None, drops: list[int | None], rows: list[dict[str, Any]], zone: str) -> Any:
    """Add a row for a door, or take one away; what was put into the others stays."""
    patch = Patch()
    if ctx.triggered_id == ids.ADD_DOOR and _add:
        try:
            with store().connect() as connection:
                names = [device.name for device in devices.list_devices(connection, limit=_MOST_DEVICES)]
        except StoreUnavailable:
            return no_update
        patch.append(door_row(f"new {time.time_ns()}", names, None, zone or "UTC"))
        return patch
    if not any(drops) or not isinstance(ctx.triggered_id, dict):
        return no_update
    place = next((n for n, row in enumerate(rows) if row["spaces-door"] == ctx.triggered_id["spaces-door"]), None)
    if place is None:
        return no_update
    del patch[place]
    return patch


@callback(
    output={
        "problem": Output(ids.PROBLEM, "children"),
        "opened": Output(ids.DIALOG, "opened", allow_duplicate=True),
        "changed": Output(ids.CHANGED, "data"),
        "space": Output(ids.SPACE, "value"),
    },
    inputs={"clicks": Input(ids.SAVE, "n_clicks")},
    state={
        "fields": {name: State(ids.field(name), "value") for name in _FIELDS},
        "doors": {name: State({"spaces-door": ALL, "field": name}, "value") for name in _DOOR_FIELDS},
        "rows": State({"spaces-door": ALL, "field": "row"}, "id"),
        "is_new": State(ids.field("name"), "disabled"),
    },
    prevent_initial_call=True,
)
async def save(
    clicks: int | None, fields: Mapping[str, Any], doors: Mapping[str, list[Any]], rows: list[Any], is_new: bool | None
) -> dict[str, Any]:
    """Keep what the form says; where something cannot be used it stays open and says what."""
    stay = {"problem": None, "opened": no_update, "changed": no_update, "space": no_update}
    if not clicks:
        return stay
    try:
        wanted = filled(fields, [{name: doors[name][n] for name in _DOOR_FIELDS} for n in range(len(rows))])

        def work(connection: Connection, who: Visitor) -> list[LiveCount]:
            if not is_new and spaces.get_space(connection, wanted.name) is not None:
                raise Unusable(f"There is a space called {wanted.name} already. Choose another name.")
            change.put_space(connection, wanted.name, wanted.capacity, wanted.hours, who.name or "?")
            return [change.put_placements(connection, _space(connection, wanted.name), wanted.doors, who.name or "?")]

        await _done(Role.ADMIN, work)
    except (Unusable, Overlapping) as error:
        return stay | {"problem": str(error)}
    except UnknownDevice as error:
        return stay | {"problem": f"No sensor is called {error}: it must have sent something before it can be placed."}
    except StoreUnavailable:
        return stay | {"problem": NOT_DONE}
    return stay | {"opened": False, "changed": time.time(), "space": wanted.name}


@callback(
    Output(ids.REMOVE, "children"),
    Output(ids.DIALOG, "opened", allow_duplicate=True),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Output(ids.SPACE, "value", allow_duplicate=True),
    Input(ids.REMOVE, "n_clicks"),
    State(ids.field("name"), "value"),
    prevent_initial_call=True,
)
async def remove(clicks: int | None, name: str) -> tuple[Any, Any, Any, Any]:
    """Forget the space: once it was asked for twice."""
    if not clicks:
        return no_update, no_update, no_update, no_update
    if clicks == 1:
        return "Remove it and its history for good", no_update, no_update, no_update
    try:

        def work(connection: Connection, who: Visitor) -> list[LiveCount]:
            change.remove_space(connection, _space(connection, name), who.name or "?")
            return []

        await _done(Role.ADMIN, work)
    except (StoreUnavailable, Unusable) as error:
        return str(error), no_update, no_update, no_update
    with contextlib.suppress(StoreUnavailable):
        await store().live.forget_count(name)
    return no_update, False, time.time(), ""


@callback(
    Output(ids.SAID, "children", allow_duplicate=True),
    Output(ids.CHANGED, "data", allow_duplicate=True),
    Input({"spaces-act": ALL}, "n_clicks"),
    State(ids.CHOSEN_NAME, "data"),
    State({"spaces-counted": ALL}, "value"),
    prevent_initial_call=True,
)
async def correct(clicks: list[int | None], name: str | None, counted: list[Any]) -> tuple[Any, Any]:
    """Take a count made by hand, or have the history made anew."""
    what = _asked(clicks)
    if what not in {"count", "reconcile"} or not name:
        return no_update, no_update
    number = next(iter(counted), None)
    try:
        if what == "count" and not (type(number) is int and 0 <= number <= 1_000_000):
            raise Unusable("Write how many people you have counted, as a whole number.")

        def work(connection: Connection, who: Visitor) -> list[LiveCount]:
            space, by = _space(connection, name), who.name or "?"
            if what == "count":
                return [change.note_count(connection, space, datetime.now(UTC), number or 0, by)]
            change.ask_to_reconcile(connection, space, by)
            return []

        await _done(Role.ANALYST, work)
    except (Unusable, StoreUnavailable) as error:
        return failed(NOT_DONE if isinstance(error, StoreUnavailable) else str(error)), no_update
    done = f"{name} holds {number} now." if what == "count" else f"The history of {name} is being made anew."
    return parts.said(done), time.time()


async def _done(role: Role, work: Callable[[Connection, Visitor], Sequence[LiveCount]]) -> None:
    """Do it in one transaction, for somebody who may, and let Redis have the counts.

    Raises Unusable where the visitor may not, StoreUnavailable, and what `work` raises.
    """

    def transact() -> Sequence[LiveCount]:
        who = visitor()
        if not who.may(role):
            raise Unusable(_ENDED)
        with store().connect() as connection, connection.begin():
            return work(connection, who)

    for count in await anyio.to_thread.run_sync(transact):
        with contextlib.suppress(StoreUnavailable):  # the ingest does it a second later
            await store().live.keep_count(count)


def _asked(clicks: Sequence[int | None]) -> str | None:
    """Which button was pressed; buttons that were only drawn have no click yet."""
    triggered: Any = ctx.triggered_id
    if not any(clicks) or not isinstance(triggered, dict) or not ctx.triggered[0]["value"]:
        return None
    return str(triggered.get("spaces-act"))


def _space(connection: Connection, name: str) -> Space:
    found = spaces.get_space(connection, name)
    if found is None:
        raise Unusable(f"There is no space called {name} any more.")
    return found


def _described(connection: Connection, name: str) -> Described | None:
    found = spaces.get_space(connection, name)
    chosen = [found] if found is not None else spaces.list_spaces(connection)[:1]
    return spaces.describe(connection, chosen, {}, datetime.now(UTC))[0] if chosen else None
