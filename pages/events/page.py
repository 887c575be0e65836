"""Events: what happens to all devices, the newest first."""

from datetime import UTC, datetime
from typing import Any

import dash
import dash_mantine_components as dmc
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from components.address import address, keep_in_url
from components.attributes import aria
from components.cards import card
from components.context import store
from components.paging import PAGE_SIZE, pager, place_of, shown_note, turned_over
from components.period import chosen_period, period_id, period_picker
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.states import UNAVAILABLE, failed
from core.errors import BadPeriod, StoreUnavailable
from db.queries.events import list_events, list_types
from pages.events import _ids as ids
from pages.events import _parts as draw

dash.register_page(__name__, path="/events", name="Events", title="Events · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types

_DEFAULTS = {"type": "", "search": "", "mark": ""}


def layout(type: object = "", search: object = "", mark: object = "", **_other: object) -> Component:  # noqa: A002 - as the URL calls it
    """The frame with a skeleton; the first answer fills it."""
    kind = type if isinstance(type, str) else ""
    return html.Div(
        [
            address(ids.PAGE, _DEFAULTS),
            dcc.Store(id=ids.BEHIND, data=[]),
            dcc.Store(id=ids.NEXT),
            html.Div(
                [
                    html.Div(_filters(kind, search, mark), className="wp-event-filters"),
                    html.Div([period_picker(ids.PAGE, from_="now-24h"), refresh(ids.PAGE)], className="wp-tools-right"),
                ],
                className="wp-tools",
            ),
            html.Div(id=ids.PROBLEMS, className="wp-notices", role="status"),
            html.Div(id=ids.BANNER, className="wp-banner"),
            card(
                "Events of all devices",
                html.Div(draw.table_skeleton(), id=ids.TABLE, className="wp-scroll", tabIndex="0"),
                aside=[html.Span(id=ids.NOTE), pager(ids.NEWER, ids.OLDER, "events")],
                class_name="wp-events-card",
            ),
        ],
        className="wp-page",
    )


def _filters(kind: str, search: object, mark: object) -> list[Component]:
    return [
        dmc.Select(
            id=ids.TYPE,
            value=kind or None,
            data=draw.type_choices(_types(), kind),
            placeholder="All types",
            searchable=True,
            clearable=True,
            nothingFoundMessage="No event has that type",
            size="sm",
            className="wp-select",
            **aria(label="Type of event"),
        ),
        dmc.TextInput(
            id=ids.SEARCH,
            value=search if isinstance(search, str) else "",
            placeholder="Any device",
            debounce=300,
            size="sm",
            className="wp-select",
            **aria(label="Part of a device's name"),
        ),
        dmc.Select(
            id=ids.MARK,
            value=mark if isinstance(mark, str) and mark in draw.MARKS else "",
            data=[{"value": name, "label": words} for name, words in draw.MARKS.items()],
            allowDeselect=False,
            size="sm",
            className="wp-select",
            **aria(label="Marks"),
        ),
    ]


def _types() -> list[str]:
    try:
        with store().connect() as connection:
            return list_types(connection)
    except StoreUnavailable:
        return []


keep_in_url(ids.PAGE, ids.TYPE, ids.SEARCH, ids.MARK)


@callback(
    Output(ids.BEHIND, "data"),
    Input(ids.NEWER, "n_clicks"),
    Input(ids.OLDER, "n_clicks"),
    Input(ids.TYPE, "value"),
    Input(ids.SEARCH, "value"),
    Input(ids.MARK, "value"),
    Input(period_id(ids.PAGE), "data"),
    State(ids.BEHIND, "data"),
    State(ids.NEXT, "data"),
    prevent_initial_call=True,
)
def turn(*given: Any) -> Any:
    """Turn to newer or older events."""
    return turned_over(ids.NEWER, ids.OLDER, *given[-2:])


@callback(
    Output(ids.TYPE, "value"),
    Output(ids.SEARCH, "value"),
    Output(ids.MARK, "value"),
    Input({"events": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def clear(clicks: list[int | None]) -> tuple[Any, ...]:
    """Show all events."""
    if not any(clicks):
        raise PreventUpdate
    return None, "", ""


@callback(
    output={
        "problems": Output(ids.PROBLEMS, "children"),
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "table": Output(ids.TABLE, "children"),
        "note": Output(ids.NOTE, "children"),
        "next": Output(ids.NEXT, "data"),
        "no_newer": Output(ids.NEWER, "disabled"),
        "no_older": Output(ids.OLDER, "disabled"),
        "types": Output(ids.TYPE, "data"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "kind": Input(ids.TYPE, "value"),
        "search": Input(ids.SEARCH, "value"),
        "mark": Input(ids.MARK, "value"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "behind": Input(ids.BEHIND, "data"),
    },
    running=waiting(ids.PAGE),
)
def show(
    *, _tick: int | None, kind: object, search: object, mark: object, chosen: object, behind: Any
) -> dict[str, Any]:
    """Ask for a page of events; while the database is away the last picture stays, under a banner."""
    if chosen is None:
        raise PreventUpdate  # the browser has not read the address yet
    now = datetime.now(UTC)
    kept: dict[str, Any] = dict.fromkeys(_DRAWN, no_update)
    try:
        period = chosen_period(chosen, now)
    except BadPeriod as error:
        return kept | {"problems": html.P(str(error), className="wp-notice"), "answer": answer(now, None)}
    asked = draw.asked_for(kind, search, mark, period)
    turned, after = place_of(behind)
    try:
        with store().connect() as connection:
            page = list_events(connection, asked, limit=PAGE_SIZE, after=after)
            types = list_types(connection)
    except StoreUnavailable:
        return kept | {"banner": failed(UNAVAILABLE), "answer": no_answer(now)}
    return {
        "problems": None,
        "banner": None,
        "answer": answer(now, page.items[0].ts if page.items else None),
        "table": draw.table(page, asked, period, now, any_at_all=bool(types), origin=_origin()),
        "note": shown_note(page.items, turned, more=page.next is not None),
        "next": None if page.next is None else str(page.next),
        "no_newer": not turned,
        "no_older": page.next is None,
        "types": draw.type_choices(types, kind),
    }


def _origin() -> str:
    """The address under which the browser has this page open: it says so itself, also from behind a proxy."""
    headers = ctx.headers
    return str(headers.get("origin") or f"http://{headers.get('host')}")


_DRAWN = ("problems", "banner", "answer", "table", "note", "next", "no_newer", "no_older", "types")
