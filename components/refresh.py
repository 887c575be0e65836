"""How a page keeps itself new: an interval that waits for the answer, a button to pause it, and how new the data is.

A page's callback takes `Input(tick_id(page), "n_intervals")`, gives `Output(answer_id(page), "data")` what `answer`
makes, and is declared with `running=waiting(page)`: the interval stands still until the answer has come, so that a
slow server is asked less often instead of never being heard (dash#1613). Dash leaves the interval standing where the
server could not be reached at all; assets/shell/shell.js starts it again.
"""

from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, MATCH, ClientsideFunction, Input, Output, State, clientside_callback, dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import icon
from core.text import iso_utc

Answer = dict[str, Any]


def tick_id(page: str) -> dict[str, str]:
    """The interval of a page."""
    return {"refresh": page, "part": "tick"}


def answer_id(page: str) -> dict[str, str]:
    """The store that says how new a page's data is."""
    return {"refresh": page, "part": "answer"}


def refresh(page: str, every_s: int = 5) -> Component:
    """The interval and its store, with the button that pauses it."""
    return html.Div(
        [
            dcc.Interval(id=tick_id(page), interval=every_s * 1000),
            dcc.Store(id=answer_id(page)),
            dmc.ActionIcon(
                [icon("pause", "wp-when-running"), icon("play", "wp-when-paused")],
                id={"refresh": page, "part": "pause"},
                variant="subtle",
                color="gray",
                size=30,
                className="wp-pause",
                **aria(label="Pause refreshing", pressed="false"),
            ),
        ],
        className="wp-refresh",
        **data(page=page, every=str(every_s)),
    )


def waiting(page: str) -> list[Any]:
    """The `running` of a page's callback: no new question before the answer to the last."""
    return [(Output(tick_id(page), "disabled"), True, False)]


def answer(as_of: datetime, newest: datetime | None, every_s: int = 5) -> Answer:
    """What the indicator is told after a refresh; `newest` is the time of the newest data, None where there is none."""
    age_s = None if newest is None else max(0.0, round((as_of - newest).total_seconds(), 1))
    return {"asOf": iso_utc(as_of), "everyS": every_s, "ageS": age_s, "failed": False}


def no_answer(as_of: datetime, every_s: int = 5) -> Answer:
    """What it is told when the store could not be asked."""
    return {"asOf": iso_utc(as_of), "everyS": every_s, "ageS": None, "failed": True}


clientside_callback(
    ClientsideFunction("waypostShell", "pause"),
    Output({"refresh": MATCH, "part": "tick"}, "max_intervals"),
    Output({"refresh": MATCH, "part": "pause"}, "aria-pressed"),
    Output({"refresh": MATCH, "part": "pause"}, "aria-label"),
    Input({"refresh": MATCH, "part": "pause"}, "n_clicks"),
    State({"refresh": MATCH, "part": "tick"}, "max_intervals"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("waypostShell", "refreshed"),
    Input({"refresh": ALL, "part": "answer"}, "data"),
    Input({"refresh": ALL, "part": "tick"}, "max_intervals"),
)
