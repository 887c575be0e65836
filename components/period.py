"""The time picker that all pages share, and what it has chosen.

`period_picker(page)` stands in a page's layout. The period is in the store `period_id(page)` as {"from", "to", "zone"},
which callbacks take as Input; it is None until the browser has read the address. Whatever writes the store (a callback,
or `set_props` after a zoom) changes the picker and the address with it. `from` and `to` are carried to other pages.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import dash_mantine_components as dmc
from dash import ALL, MATCH, ClientsideFunction, Input, Output, clientside_callback, dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import IconName, icon
from components.popover import popover
from core.errors import BadPeriod
from core.period import DEFAULT_FROM, DEFAULT_TO, Period, parse_period, zone_of
from db.queries.rows import Span

QUICK: Final[tuple[tuple[str, str, str], ...]] = (
    ("now-5m", "now", "Last 5 minutes"),
    ("now-15m", "now", "Last 15 minutes"),
    ("now-1h", "now", "Last hour"),
    ("now-6h", "now", "Last 6 hours"),
    ("now-24h", "now", "Last 24 hours"),
    ("now-7d", "now", "Last 7 days"),
    ("now-30d", "now", "Last 30 days"),
    ("now-1y", "now", "Last year"),
    ("now/d", "now", "Today so far"),
    ("now-1d/d", "now-1d/d", "Yesterday"),
    ("now/w", "now", "This week so far"),
    ("now/M", "now", "This month so far"),
)
"""Periods that one click chooses: from, to, and what the button says."""


_HINT: Final = ", as 2026-11-22 20:00, or counted from now: now-90m, now/d."


def period_id(page: str) -> dict[str, str]:
    """The store of the chosen period of a page."""
    return {"period": page, "part": "chosen"}


def chosen_period(chosen: object, now: datetime) -> Period:
    """The period that the store holds, at this moment. Raises BadPeriod: a browser may send anything."""
    if not isinstance(chosen, Mapping):
        raise BadPeriod("No period was chosen. Choose one above.")
    return parse_period(
        chosen.get("from", DEFAULT_FROM), chosen.get("to", DEFAULT_TO), now=now, zone=zone_of(chosen.get("zone"))
    )


def span_of(period: Period) -> Span:
    """The period as queries take it."""
    return Span(period.start, period.end)


def period_picker(page: str, *, from_: str = DEFAULT_FROM, to: str = DEFAULT_TO) -> Component:
    """The picker of `page`; without a period in the address it is from `from_` to `to`."""
    own = {"from": from_, "to": to}
    return html.Div(
        [
            dcc.Store(id={"period": page, "part": "own"}, data=own),
            dcc.Store(id=period_id(page)),
            html.Div(
                [
                    _button("chevron-left", "Back by one period", "[", step="-1"),
                    popover(
                        f"period-{page}-panel",
                        [
                            icon("clock"),
                            html.Span(className="wp-period-label"),
                            icon("chevron-down", "wp-chevron"),
                        ],
                        _panel(page),
                        label="Choose a period",
                        button_class="wp-period-open",
                    ),
                    _button("chevron-right", "Forward by one period", "]", step="1"),
                    _button("zoom-out", "Twice as long", "", zoom="out"),
                ],
                className="wp-period-tools",
                role="group",
                **aria(label="Period"),
            ),
            html.Div(className="wp-period-problem", role="alert"),
        ],
        className="wp-period",
        **data(page=page),
    )


def longer() -> Component:
    """A button for empty states: the page's period twice as long."""
    return html.Button("Show twice as long", type="button", className="wp-button", **data(period="longer"))


def _button(name: IconName, label: str, key: str, **attributes: str) -> Component:
    title = f"{label} ({key})" if key else label
    more = aria(label=label) | (aria(keyshortcuts=key) if key else {})
    return html.Button(icon(name), type="button", className="wp-tool", title=title, **more, **data(**attributes))


def _panel(page: str) -> list[Component]:
    fields = [
        dmc.TextInput(
            id={"period": page, "part": part}, label=label, size="sm", autoComplete="off", placeholder=hint, value=""
        )
        for part, label, hint in (("from", "From", "now-1h"), ("to", "To", "now"))
    ]
    quick = [
        html.Button(words, type="button", className="wp-choice", **data(**{"from": from_, "to": to}))
        for from_, to, words in QUICK
    ]
    return [
        html.Form(
            [
                *fields,
                html.P(
                    ["A moment of ", html.Span("your time zone", className="wp-period-zone"), _HINT],
                    className="wp-hint",
                ),
                html.Button("Apply", type="submit", className="wp-button wp-button-main"),
            ],
            className="wp-period-absolute",
        ),
        html.Div(quick, className="wp-period-quick", role="group", **aria(label="Quick periods")),
    ]


clientside_callback(
    ClientsideFunction("waypostPeriod", "arrive"),
    Output({"period": MATCH, "part": "chosen"}, "data"),
    Input({"period": MATCH, "part": "own"}, "data"),
)
clientside_callback(ClientsideFunction("waypostPeriod", "chose"), Input({"period": ALL, "part": "chosen"}, "data"))
