"""Alerts: what is wrong now and what was, the rules that say so, and the areas that they watch."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

import dash
import dash_mantine_components as dmc
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from auth.callbacks import known_visitor, visitor
from auth.roles import Visitor
from components.address import address
from components.alert_words import Words
from components.attributes import aria
from components.cards import card, figure_row
from components.context import site, store
from components.paging import pager, place_of
from components.period import chosen_period, period_id, period_picker
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.states import UNAVAILABLE, failed
from components.units import UNITS, chosen_units
from core.errors import BadPeriod, StoreUnavailable
from db.queries.latest import newest_places
from pages.alerts import (
    _drawing,  # noqa: F401 - its callbacks
    _editing,  # noqa: F401 - its callbacks
)
from pages.alerts import _fences as fences
from pages.alerts import _ids as ids
from pages.alerts import _parts as draw
from pages.alerts import _rules as rules
from pages.alerts._filled import KINDS
from pages.alerts._filters import DEFAULTS, filters
from pages.alerts._load import load
from pages.alerts._seeing import see_dialog

dash.register_page(__name__, path="/alerts", name="Alerts", title="Alerts · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types

_MOST_PLACES = 1000
"""Devices that the map of geofences shows as dots, so that who draws sees where they are."""


def layout(
    *,
    state: object = "open",
    rule: object = "",
    severity: object = "",
    subject: object = "",
    new: object = "",
    space: object = "",
    device: object = "",
    **_other: object,
) -> Component:
    """The frame with skeletons; the first answer fills it. With `new` the dialog of rules opens at once."""
    who = known_visitor()
    begun = ids.asking(new=new, space=space, device=device) if new in KINDS else ""
    return html.Div(
        [
            address(ids.PAGE, DEFAULTS),
            *_memory(begun),
            html.Div(
                [
                    html.Div(filters(draw.known_state(state), rule, severity, subject), className="wp-event-filters"),
                    html.Div(
                        [
                            html.Div(
                                period_picker(ids.PAGE, from_="now-7d"),
                                id=ids.PERIOD,
                                hidden=draw.known_state(state) == "open",
                            ),
                            refresh(ids.PAGE),
                        ],
                        className="wp-tools-right",
                    ),
                ],
                className="wp-tools",
            ),
            html.Div(id=ids.PROBLEMS, className="wp-notices", role="status"),
            html.Div(id=ids.SAID, className="wp-notices", role="status"),
            html.Div(id=ids.BANNER, className="wp-banner"),
            figure_row(draw.figure_skeletons(), ids.FIGURES),
            *_cards(who, _then(new, space, device)),
            dmc.Modal(
                html.Div(id=ids.FORM),
                id=ids.DIALOG,
                title="Set up a rule",
                size="xl",
                centered=True,
                closeButtonProps={"aria-label": "Close"},
            ),
            see_dialog(),
        ],
        className="wp-page",
    )


_NOTHING_YET: Final = (ids.NEW, ids.SPACE, ids.DEVICE, ids.TURN, ids.SEE, ids.FENCE_OPEN)


def _memory(begun: str) -> list[Component]:
    """What the page remembers, and what its buttons set; `begun` is the rule that the dialog opens with at once."""
    return [
        *(html.Data(id=one, value="", hidden=True) for one in _NOTHING_YET),
        html.Data(id=ids.OPEN, value=begun, hidden=True),
        *(dcc.Store(id=one) for one in (ids.CHANGED, ids.NEXT, ids.DRAFT)),
        dcc.Store(id=ids.BEHIND, data=[]),
        dcc.Store(id=ids.FENCES, data={"fences": [], "places": _places()}),
    ]


def _cards(who: Visitor | None, then: str) -> list[Component]:
    """Alerts, rules and geofences; `then` is where somebody comes back to who signs in to set up a rule."""
    new_rule = rules.asks_for("New rule", ids.OPEN, ids.asking(new="space"), **aria(haspopup="dialog"))
    new_fence = rules.asks_for("Draw a geofence", ids.FENCE_OPEN, ids.asking(fence=None))
    said = [html.Span(id=one) for one in (ids.LOOKED, ids.SEE_ALL, ids.NOTE)]
    return [
        card(
            "Open alerts",
            html.Div(draw.table_skeleton(), id=ids.TABLE, className="wp-scroll", tabIndex="0"),
            aside=[*said, pager(ids.NEWER, ids.OLDER, "alerts")],
            class_name="wp-alerts-card",
            heading_id=ids.HEADING,
        ),
        card(
            "Rules",
            html.Div(rules.rules_skeleton(), id=ids.RULES, className="wp-scroll", tabIndex="0"),
            aside=rules.who_may(who, then, new_rule),
            class_name="wp-rules-card",
        ),
        fences.fence_card(site().tiles, rules.who_may(who, "/alerts", new_fence)),
    ]


def _then(new: object, space: object, device: object) -> str:
    """Where somebody comes back to who has to sign in first."""
    given = {"new": new, "space": space, "device": device} if new in KINDS else {}
    query = urlencode({name: value for name, value in given.items() if isinstance(value, str) and value})
    return f"/alerts?{query}" if query else "/alerts"


def _places() -> list[tuple[float, float]]:
    try:
        with store().connect() as connection:
            return newest_places(connection, _MOST_PLACES)
    except StoreUnavailable:
        return []


@callback(
    output={
        "problems": Output(ids.PROBLEMS, "children"),
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "figures": Output(ids.FIGURES, "children"),
        "heading": Output(ids.HEADING, "children"),
        "table": Output(ids.TABLE, "children"),
        "note": Output(ids.NOTE, "children"),
        "see_all": Output(ids.SEE_ALL, "children"),
        "looked": Output(ids.LOOKED, "children"),
        "next": Output(ids.NEXT, "data"),
        "no_newer": Output(ids.NEWER, "disabled"),
        "no_older": Output(ids.OLDER, "disabled"),
        "choices": Output(ids.RULE, "data"),
        "rules": Output(ids.RULES, "children"),
        "fence_list": Output(ids.FENCE_LIST, "children"),
        "fences": Output(ids.FENCES, "data"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "_changed": Input(ids.CHANGED, "data"),
        "state": Input(ids.STATE, "value"),
        "rule": Input(ids.RULE, "value"),
        "severity": Input(ids.SEVERITY, "value"),
        "subject": Input(ids.SUBJECT, "value"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "behind": Input(ids.BEHIND, "data"),
        "units": Input(UNITS, "data"),
        "_site": Input("site", "data"),
        "drawn": State(ids.FENCES, "data"),
    },
    running=waiting(ids.PAGE),
)
def show(
    *,
    _tick: int | None,
    _changed: object,
    state: object,
    rule: object,
    severity: object,
    subject: object,
    chosen: object,
    behind: Any,
    units: object,
    _site: object,
    drawn: Any,
) -> dict[str, Any]:
    """Ask what is open and what is watched; while the database is away the last picture stays, under a banner."""
    if chosen is None:
        raise PreventUpdate  # the browser has not read the address yet
    now = datetime.now(UTC)
    kept: dict[str, Any] = dict.fromkeys(_DRAWN, no_update)
    try:
        period = chosen_period(chosen, now)
    except BadPeriod as error:
        return kept | {"problems": html.P(str(error), className="wp-notice"), "answer": answer(now, None)}
    asked = draw.asked_for(state, rule, severity, subject, period)
    turned, after = place_of(behind)
    try:
        who = visitor()
        with store().connect() as connection:
            one = load(connection, asked, after)
    except StoreUnavailable:
        return kept | {"banner": failed(UNAVAILABLE), "answer": no_answer(now)}
    words = Words(one.metrics, chosen_units(units))
    outlines = fences.outlines(one.fences)
    return {
        "problems": draw.nobody_watches(one, now),
        "banner": None,
        "answer": answer(now, one.watching.turned_at if one.watching else None),
        "figures": draw.figures(one),
        "heading": draw.heading(asked, period),
        "table": draw.table(one, asked, period, words, who=who, now=now),
        "note": draw.note(one.page.items, turned, more=one.page.next is not None),
        "see_all": draw.see_all(one.page.items, who),
        "looked": draw.looked(one.watching, now),
        "next": None if one.page.next is None else str(one.page.next),
        "no_newer": not turned,
        "no_older": one.page.next is None,
        "choices": rules.rule_choices(one.rules, rule),
        "rules": rules.rules_table(one.rules, words, who, "/alerts"),
        "fence_list": fences.fence_list(one.fences, one.rules, who),
        # The map is not drawn anew, and what somebody points at there stays, as long as nothing has changed.
        "fences": no_update if drawn and drawn.get("fences") == outlines else (drawn or {}) | {"fences": outlines},
    }


_DRAWN = (
    "problems", "banner", "answer", "figures", "heading", "table", "note", "see_all", "looked", "next", "no_newer",
    "no_older", "choices", "rules", "fence_list", "fences",
)  # fmt: skip
