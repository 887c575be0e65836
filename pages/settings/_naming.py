"""The callbacks of the table of devices, and how names are taken back."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from dash import Input, Output, State, callback, no_update, set_props

from components.context import store
from components.states import NOT_DONE
from core.errors import StoreUnavailable
from db.naming import GIVEN, check_given, name_devices
from db.queries.naming import get_named, list_named
from pages.settings import _devices as devices
from pages.settings import _ids as ids
from pages.settings._changes import admin, of_devices, pushed

_MOST_AT_ONCE: Final = 1000
"""Devices put into a fleet at once."""


@callback(Output(ids.GRID, "rowData"), Output(ids.GRID_NOTE, "children"), Input(ids.SEARCH, "value"))
def search(given: Any) -> tuple[Any, Any]:
    """The devices that have the text in their name, label or fleet."""
    text = given.replace("\0", "").strip() if isinstance(given, str) else ""
    try:
        with store().connect() as connection:
            total, found = list_named(connection, search=text or None, limit=devices.AT_MOST)
    except StoreUnavailable:
        return no_update, NOT_DONE
    return [devices.row(device) for device in found], devices.note(total, len(found), text)


@callback(
    Output(ids.GRID_PROBLEM, "children"),
    Input(ids.GRID, "cellValueChanged"),
    State(ids.STACK, "data"),
    prevent_initial_call=True,
)
def edit(cells: Any, stack: Any) -> str | None:
    """Keep what was typed into a cell; where it cannot be, put back what was there and say why."""
    changed = [one for one in cells or [] if one.get("colId") in GIVEN]
    if not changed:
        return None
    problem = None
    for one in changed:
        problem, stack = _name([one["data"]["device"]], one["colId"], one.get("value"), stack)
    return problem


@callback(
    Output(ids.GRID_PROBLEM, "children", allow_duplicate=True),
    Input(ids.PUT, "n_clicks"),
    State(ids.GRID, "selectedRows"),
    State(ids.FLEET, "value"),
    State(ids.STACK, "data"),
    prevent_initial_call=True,
)
def put_into_fleet(_clicks: int | None, selected: Any, fleet: Any, stack: Any) -> str | None:
    """Put the selected devices into a fleet."""
    names = [one["device"] for one in selected or []]
    if not names:
        return "Select devices first, with the boxes at their left."
    if len(names) > _MOST_AT_ONCE:
        return f"{len(names)} devices are selected; at most {_MOST_AT_ONCE} can be put into a fleet at once."
    return _name(names, "fleet", fleet, stack)[0]


def take_back(entries: Iterable[Sequence[Any]], who: str) -> None:
    """Give devices what they had been given before. Raises StoreUnavailable."""
    alike: dict[tuple[str, str | None], list[str]] = {}
    for name, key, given in entries:
        if key in GIVEN:
            alike.setdefault((key, check_given(given)), []).append(str(name))
    for (key, text), names in alike.items():
        name_devices(store(), names, {key: text}, who)
        _show(names)


def _name(names: list[str], key: str, given: Any, stack: Any) -> tuple[str | None, Any]:
    """Call devices so; what to say where that cannot be, and the stack of changes."""
    try:
        who = admin()
        renamed = name_devices(store(), names, {key: check_given(given)}, str(who.name))
    except (PermissionError, ValueError) as refused:
        problem = str(refused)
    except StoreUnavailable:
        return NOT_DONE, stack
    else:
        problem = "" if renamed else "There is no such device any more."
        real = [one for one in renamed if one.before != one.after]
        if real:
            stack = pushed(stack, of_devices(real))
            set_props(ids.STACK, {"data": stack})
    _show(names)
    return problem or None, stack


def _show(names: Sequence[str]) -> None:
    try:
        with store().connect() as connection:
            rows = [devices.row(found) for found in get_named(connection, names)]
    except StoreUnavailable:
        return
    set_props(ids.GRID, {"rowTransaction": {"update": rows}})
