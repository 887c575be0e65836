"""Downloads of what is shown: a menu with CSV, Parquet and PNG.

`download_menu(name)` stands beside a card's heading; a callback gives the store `download_id(name)` what `download_of`
makes: the question to the API whose answer is what the card shows. The browser asks it with the format chosen, shows
how much has come, and tells what the server says where it refuses (assets/shell/download.js).
"""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from dash import ALL, ClientsideFunction, Input, State, clientside_callback, dcc, html
from dash.development.base_component import Component

from components.attributes import data
from components.icons import icon
from components.popover import popover
from components.quantities import Quantity
from core.period import Period
from core.text import iso_utc

FORMATS: Final = (
    ("csv", "CSV", "a table for any program"),
    ("parquet", "Parquet", "for pandas, DuckDB, Spark"),
    ("png", "PNG", "the picture"),
)


def download_id(name: str) -> dict[str, str]:
    """The store that says what the menu called `name` downloads (property `data`)."""
    return {"download": name, "part": "question"}


def download_of(path: str, period: Period, **parameters: object) -> dict[str, Any]:
    """The question to the API at `path`, with the two moments that `period` is now, not with words that move on.

    A parameter that is None is left out; a list or tuple is sent as several.
    """
    sent = {"from": iso_utc(period.start), "to": iso_utc(period.end)}
    given = {name: value for name, value in parameters.items() if value is not None}
    return {"url": f"{path}?{urlencode(sent | given, doseq=True)}"}


def download_menu(name: str, label: str, *, picture: bool = True) -> Component:
    """The menu; `label` says in its tip what is downloaded. Without `picture` there is no chart to take one of."""
    choices = [
        html.Button(
            [html.Span(words, className="wp-download-format"), html.Span(meaning, className="wp-hint")],
            type="button",
            className="wp-choice",
            **data(download=name, format=kind),
        )
        for kind, words, meaning in FORMATS
        if picture or kind != "png"
    ]
    progress = html.Div(className="wp-download-said", role="status", **data(said=name))
    return html.Div(
        [
            dcc.Store(id=download_id(name)),
            popover(
                f"download-{name}", icon("download"), [*choices, progress], label=label, button_class="wp-tool-quiet"
            ),
        ],
        className="wp-download",
    )


def shown_unit(shown: Quantity) -> Mapping[str, str]:
    """The parameter that asks the API for the unit shown; none where values are shown as they are stored."""
    return {} if shown.factor == 1.0 else {"unit": shown.unit}


clientside_callback(
    ClientsideFunction("waypostDownload", "keep"),
    Input({"download": ALL, "part": "question"}, "data"),
    State({"download": ALL, "part": "question"}, "id"),
)
