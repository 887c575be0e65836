"""Writing and removing annotations on the History page, for those who may."""

from datetime import datetime
from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, no_update
from dash.exceptions import PreventUpdate

from auth.callbacks import visitor
from auth.roles import Role
from components.context import store
from core.errors import StoreUnavailable
from core.log import get_logger
from db.annotations import add_annotation, remove_annotation
from db.queries.annotations import get_annotation
from db.queries.devices import get_device
from pages.history import _ids as ids
from pages.history._asked import zoom_of


@callback(
    Output(ids.WRITTEN, "data"),
    Output(ids.DRAFT_SAID, "children"),
    Output(ids.DRAFT_TEXT, "value"),
    Input(ids.DRAFT_SAVE, "n_clicks"),
    State(ids.DRAFT, "data"),
    State(ids.DRAFT_TEXT, "value"),
    State(ids.DRAFT_DEVICE, "value"),
    State(ids.WRITTEN, "data"),
    prevent_initial_call=True,
)
def write(_clicks: int, drafted: object, text: object, device: object, count: int | None) -> tuple[Any, Any, Any]:
    """Keep an annotation, for somebody who may write."""
    try:
        who = visitor()
        if not who.may(Role.ANALYST):
            return no_update, "Only analysts and admins can annotate. Sign in first.", no_update
        about = _drafted(drafted)
        if about is None:
            return no_update, "Say when: drag over a span of the chart, or click a moment.", no_update
        with store().connect() as connection, connection.begin():
            found = get_device(connection, device) if isinstance(device, str) and device else None
            added = add_annotation(
                connection,
                start=about[0],
                end=about[1],
                device_id=None if found is None else found.id,
                text=text if isinstance(text, str) else "",
                author=who.name or "",
            )
    except (ValueError, StoreUnavailable) as error:
        return no_update, str(error), no_update
    get_logger("audit").info("annotated", user=who.name, annotation=added)
    return (count or 0) + 1, "", ""


def _drafted(drafted: object) -> tuple[datetime, datetime | None] | None:
    """The span or moment of a draft."""
    if not isinstance(drafted, dict):
        return None
    if drafted.get("to") is not None:
        span = zoom_of(drafted)
        return None if span is None else (span.start, span.end)
    span = zoom_of({"from": drafted.get("from"), "to": _later(drafted.get("from"))})
    return None if span is None else (span.start, None)


def _later(moment: object) -> object:
    return moment + 10_000 if isinstance(moment, (int, float)) else None


@callback(
    Output(ids.WRITTEN, "data", allow_duplicate=True),
    Output(ids.MARKS_SAID, "children"),
    Input(ids.remove_id(ALL), "n_clicks"),
    State(ids.WRITTEN, "data"),
    prevent_initial_call=True,
)
def remove(clicks: list[int], count: int | None) -> tuple[Any, Any]:
    """Remove an annotation: one's own, or any as an admin."""
    asked = ctx.triggered_id
    if not any(clicks) or not isinstance(asked, dict):
        raise PreventUpdate
    number = asked.get("history-remove")
    try:
        who = visitor()
        with store().connect() as connection, connection.begin():
            found = get_annotation(connection, number) if isinstance(number, int) else None
            if found is None:
                return (count or 0) + 1, ""
            if not who.may(Role.ADMIN) and not (who.may(Role.ANALYST) and who.name == found.author):
                return no_update, "Only who wrote it, or an admin, can remove it."
            remove_annotation(connection, found.id)
    except StoreUnavailable as error:
        return no_update, str(error)
    get_logger("audit").info("removed an annotation", user=who.name, annotation=number)
    return (count or 0) + 1, ""
