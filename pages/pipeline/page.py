"""Pipeline: where messages come from, what became of each, what could not be used, and how the jobs go."""

import time
from datetime import UTC, datetime
from typing import Any

import anyio.to_thread
import dash
from dash import ALL, ClientsideFunction, Input, Output, State, callback, clientside_callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from auth.callbacks import known_visitor, visitor
from auth.roles import ANYONE, Role
from components.address import address, keep_in_url
from components.attributes import aria
from components.cards import card, figure_row
from components.context import ingest_status, store
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.states import NOT_DONE, failed
from core.errors import StoreUnavailable
from db.again import ask_again
from pages.pipeline import _figures as figures
from pages.pipeline import _ids as ids
from pages.pipeline import _panel as panels
from pages.pipeline import _parts as draw
from pages.pipeline._load import KEPT_AT_MOST, KEPT_AT_ONCE, View, group_of, load, load_kept, longer, rates_of
from pages.pipeline._settling import settled_group

dash.register_page(__name__, path="/pipeline", name="Pipeline", title="Pipeline · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types

_DEFAULTS = {"group": ""}
_NOTHING = "Neither the database nor Redis answers. What you see is the last picture; it is tried again by itself."


def layout(group: object = None, **_other: object) -> Component:
    """The frame with skeletons; the first answer fills it."""
    opened = group if isinstance(group, str) else ""
    return html.Div(
        [
            address(ids.PAGE, _DEFAULTS),
            html.Data(id=ids.GROUP, value=opened, hidden=True),
            *(dcc.Store(id=name) for name in (ids.HISTORY, ids.ASKED, ids.SETTLED, ids.SHOWN)),
            html.Div(id=ids.NOTICES, className="wp-notices"),
            html.Div(id=ids.BANNER, className="wp-banner"),
            card(
                "The way of a message",
                html.Div(figures.flow_skeleton(), id=ids.FLOW, className="wp-flow-frame"),
                aside=refresh(ids.PAGE),
                class_name="wp-flow-card",
            ),
            figure_row(figures.figure_skeletons(), ids.FIGURES),
            _table_card("Sources", ids.SOURCES, ids.SOURCES_NOTE, draw.SOURCE_COLUMNS),
            _table_card("Ledger", ids.LEDGER, ids.LEDGER_NOTE, draw.LEDGER_COLUMNS, aside=draw.account_key()),
            card(
                "Quarantine",
                html.Div(
                    [
                        html.Div(draw.table_skeleton(draw.GROUP_COLUMNS, 2), id=ids.GROUPS, className="wp-q-groups"),
                        html.Div(
                            [
                                html.Div(id=ids.SAID, className="wp-said", role="status"),
                                html.Div(id=ids.PANEL),
                                html.Button(
                                    f"Show {KEPT_AT_ONCE} more",
                                    id=ids.MORE,
                                    type="button",
                                    className="wp-button wp-q-more",
                                    hidden=True,
                                ),
                            ],
                            className="wp-q-side",
                            role="region",
                            **aria(label="Messages of the open group"),
                        ),
                    ],
                    className="wp-q",
                ),
                aside=html.Span(id=ids.GROUPS_NOTE),
            ),
            _table_card("Jobs", ids.JOBS, ids.JOBS_NOTE, draw.JOB_COLUMNS, rows=6),
        ],
        className="wp-page",
    )


def _table_card(
    heading: str, table_id: str, note_id: str, columns: tuple[str, ...], *, aside: Any = None, rows: int = 2
) -> Component:
    note = html.Span(id=note_id)
    return card(
        heading,
        html.Div(draw.table_skeleton(columns, rows), id=table_id, className="wp-scroll"),
        aside=note if aside is None else [aside, note],
    )


keep_in_url(ids.PAGE, ids.GROUP)
clientside_callback(ClientsideFunction("waypostPipeline", "reveal"), Input(ids.PANEL, "children"))


@callback(
    output={
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "notices": Output(ids.NOTICES, "children"),
        "figures": Output(ids.FIGURES, "children"),
        "flow": Output(ids.FLOW, "children"),
        "sources": Output(ids.SOURCES, "children"),
        "sources_note": Output(ids.SOURCES_NOTE, "children"),
        "ledger": Output(ids.LEDGER, "children"),
        "ledger_note": Output(ids.LEDGER_NOTE, "children"),
        "groups": Output(ids.GROUPS, "children"),
        "groups_note": Output(ids.GROUPS_NOTE, "children"),
        "jobs": Output(ids.JOBS, "children"),
        "jobs_note": Output(ids.JOBS_NOTE, "children"),
        "history": Output(ids.HISTORY, "data"),
        "settled": Output(ids.SETTLED, "data"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "opened": Input(ids.GROUP, "value"),
        "asked": Input(ids.ASKED, "data"),
        "history": State(ids.HISTORY, "data"),
        "settled": State(ids.SETTLED, "data"),
    },
    running=waiting(ids.PAGE),
)
async def show(_tick: int | None, opened: str, asked: Any, history: Any, settled: Any) -> dict[str, Any]:
    """Ask how the messages fare and draw it; what cannot be known keeps its last picture, and that is said."""
    now = datetime.now(UTC)
    pipeline, missing, groups = await load(store(), ingest_status())
    if pipeline.processes is None and not pipeline.has_ledger:
        return _KEPT | {"banner": failed(_NOTHING), "answer": no_answer(now)}
    samples = longer(history, time.time(), pipeline)
    view = View(pipeline, missing, groups, rates_of(samples))
    limit = store().settings.journal_max_mb << 20
    is_admin = (await anyio.to_thread.run_sync(known_visitor) or ANYONE).may(Role.ADMIN)
    several = len(pipeline.processes or ()) > 1
    newest = [line.last_at for line in pipeline.sources if line.last_at is not None]
    newest += [line.account.updated_at for line in pipeline.sources if line.account is not None]
    stale = view.lacks("database") or view.lacks("redis")
    drawn: dict[str, Any] = {
        "banner": None,
        "answer": no_answer(now) if stale else answer(now, max(newest, default=None)),
        "notices": draw.notices(missing),
        "figures": figures.figures(view, limit),
        "flow": figures.flow(view, now, limit),
        "sources": draw.source_table(view, now),
        "sources_note": "Messages a second over the last half minute",
        "ledger": draw.ledger_table(view),
        "ledger_note": None,
        "groups": no_update if groups is None else draw.group_table(groups, opened, now),
        "groups_note": no_update if groups is None else draw.groups_note(groups),
        "jobs": draw.job_table(pipeline.jobs, now, several=several, full=is_admin),
        "jobs_note": " · ".join(process.name for process in pipeline.processes or ()),
        "history": samples,
        "settled": no_update
        if groups is None
        else settled_group(view, opened, settled, time.time(), is_waited_for=bool(asked)) or no_update,
    }
    if not pipeline.has_ledger:
        drawn["ledger"] = no_update if history else draw.not_known("The ledger")
    if groups is None and not history:
        drawn["groups"] = draw.not_known("The quarantine")
    return drawn


@callback(
    output={
        "panel": Output(ids.PANEL, "children"),
        "no_more": Output(ids.MORE, "hidden"),
        "shown": Output(ids.SHOWN, "data"),
    },
    inputs={
        "opened": Input(ids.GROUP, "value"),
        "_more": Input(ids.MORE, "n_clicks"),
        "_settled": Input(ids.SETTLED, "data"),
        "shown": State(ids.SHOWN, "data"),
    },
)
def open_group(opened: str, _more: int | None, _settled: Any, shown: int | None) -> dict[str, Any]:
    """The messages of the open group. They are asked for when it is opened and when some were decoded again, not at
    each refresh: who reads a payload is not disturbed."""
    if not opened:
        return {"panel": None, "no_more": True, "shown": None}
    if ctx.triggered_id == ids.GROUP or shown is None:
        shown = KEPT_AT_ONCE
    elif ctx.triggered_id == ids.MORE:
        shown = min(KEPT_AT_MOST, shown + KEPT_AT_ONCE)
    try:
        kept = load_kept(store(), opened, shown)
    except StoreUnavailable:
        text = "The database does not answer, so these messages cannot be shown now."
        return {"panel": failed(text), "no_more": True, "shown": shown}
    no_more = len(kept) <= shown or shown >= KEPT_AT_MOST
    return {"panel": panels.panel(opened, kept, shown, known_visitor()), "no_more": no_more, "shown": shown}


@callback(
    Output(ids.SAID, "children"),
    Output(ids.ASKED, "data"),
    Input({"pipeline": ALL}, "n_clicks"),
    Input(ids.SETTLED, "data"),
    Input(ids.GROUP, "value"),
    State(ids.ASKED, "data"),
    prevent_initial_call=True,
)
def decode_again(clicks: list[int | None], settled: Any, opened: str, asked: Any) -> tuple[Any, Any]:
    """Have the open group decoded again, for an admin; and say when that is done."""
    if ctx.triggered_id == ids.AGAIN:
        return _ask(opened) if any(clicks) else (no_update, no_update)
    if ctx.triggered_id == ids.GROUP:  # what was said is about another group
        return None, None if asked else no_update
    of_this = bool(asked and settled) and asked["group"] == settled["group"] == opened
    if ctx.triggered_id == ids.SETTLED and of_this and settled["again"] == 0 and settled["at"] > asked["at"]:
        return panels.settled(settled["count"]), None
    return no_update, no_update


def _ask(opened: str) -> tuple[Any, Any]:
    try:
        who = visitor()
        if not who.may(Role.ADMIN):
            return failed("Your session has ended. Load this page again and sign in."), no_update
        source, reason = group_of(opened)
        with store().connect() as connection, connection.begin():
            asked = ask_again(connection, source, reason, str(who.name))
    except StoreUnavailable:
        return failed(NOT_DONE), no_update
    return panels.asked(asked), {"group": opened, "at": time.time()} if asked else no_update


_KEPT = dict.fromkeys(
    (
        "banner", "answer", "notices", "figures", "flow", "sources", "sources_note", "ledger", "ledger_note",
        "groups", "groups_note", "jobs", "jobs_note", "history", "settled",
    ),
    no_update,
)  # fmt: skip
