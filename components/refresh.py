"""How a page keeps itself new: a question at each interval, a button to pause, and how new the data is.

A page's callback takes `Input(tick_id(page), "n_intervals")`, gives `Output(answer_id(page), "data")` what `answer`
makes, and is declared with `running=waiting(page)`, which tells assets/shell/refresh.js when a question is open. What
else is asked at each tick is named in `refresh(page, ...)` and declared with `running=waiting(page, name)`.

The page asks again only when all answers have come: at the interval that the reader has chosen or an admin has set, and
less often where the server is slower than that. Dash drops the answer to a question that was asked anew meanwhile: a
callback that ticks overtake again and again would never be drawn.
"""

from datetime import datetime
from typing import Any

import dash_mantine_components as dmc
from dash import ALL, ClientsideFunction, Input, Output, clientside_callback, dcc, html
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


def _asking_id(page: str, also: str) -> dict[str, str]:
    return {"asking": page, "part": also}


def refresh(page: str, *also: str) -> Component:
    """What asks again, with the button that pauses it.

    `page` is its name in the settings (core.site_fields.PAGES), `also` names the callbacks that are waited for beside
    the one that gives the answer.
    """
    return html.Div(
        [
            # Never by its own timer: refresh.js moves n_intervals, at the interval that holds at that moment.
            dcc.Interval(id=tick_id(page), max_intervals=0),
            dcc.Store(id=answer_id(page)),
            *(dcc.Store(id=_asking_id(page, name), data=False) for name in also),
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
        **data(page=page),
    )


def waiting(page: str, also: str = "") -> list[Any]:
    """The `running` of a page's callback, or of one beside it: no new question before the answer to the last."""
    open_question = Output(_asking_id(page, also), "data") if also else Output(tick_id(page), "disabled")
    return [(open_question, True, False)]


def answer(as_of: datetime, newest: datetime | None) -> Answer:
    """What the indicator is told after a refresh; `newest` is the time of the newest data, None where there is none."""
    age_s = None if newest is None else max(0.0, round((as_of - newest).total_seconds(), 1))
    return {"asOf": iso_utc(as_of), "ageS": age_s, "failed": False}


def no_answer(as_of: datetime) -> Answer:
    """What it is told when the store could not be asked."""
    return {"asOf": iso_utc(as_of), "ageS": None, "failed": True}


clientside_callback(
    ClientsideFunction("waypostRefresh", "pause"),
    Input({"refresh": ALL, "part": "pause"}, "n_clicks"),
    prevent_initial_call=True,
)
clientside_callback(
    ClientsideFunction("waypostRefresh", "asks"),
    Input({"refresh": ALL, "part": "tick"}, "disabled"),
    Input({"asking": ALL, "part": ALL}, "data"),
)
clientside_callback(
    ClientsideFunction("waypostShell", "refreshed"),
    Input({"refresh": ALL, "part": "answer"}, "data"),
)
