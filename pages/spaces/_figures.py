"""The Spaces page's chart and heat map: pure functions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from components.charts import Figure, time_axis
from components.states import empty
from core.text import number
from core.types import to_micros
from db.queries.occupancy import Counted
from db.queries.rows import Span
from pages.spaces._load import WEEKS, Heat

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_CLASSES: Final = 5


def day_figure(history: Sequence[Counted], span: Span, capacity: int | None, revision: str, now: datetime) -> Figure:
    """The reconciled count as steps on its error band, and the count as it was reported at the time."""
    history = _held(history, min(span.end, now))
    x = [to_micros(one.at) // 1000 for one in history]
    band: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "hoverinfo": "skip",
        "line": {"width": 0, "shape": "hv"},
        "meta": {"tone": 0, "part": "band"},
    }
    reported = {
        "type": "scatter",
        "name": "as reported",
        "mode": "lines",
        "x": x,
        "y": [one.reported for one in history],
        "line": {"width": 1.25, "shape": "hv", "dash": "dot"},
        "hovertemplate": "<b>%{y}</b> as reported<extra></extra>",
        "meta": {"tone": 1, "part": "line"},
    }
    count = {
        "type": "scatter",
        "name": "reconciled",
        "mode": "lines",
        "x": x,
        "y": [one.count for one in history],
        "customdata": [
            [one.low, one.high, "reconciled" if one.reconciled else "not yet reconciled"] for one in history
        ],
        "line": {"width": 2, "shape": "hv"},
        "hovertemplate": "<b>%{y}</b> %{customdata[2]}, %{customdata[0]} to %{customdata[1]}<extra></extra>",
        "meta": {"tone": 0, "part": "line"},
    }
    most = max([one.high for one in history] + [one.reported for one in history], default=0)
    shows_capacity = capacity is not None and most > capacity / 2
    limit = {
        "type": "scatter",
        "name": "capacity",
        "mode": "lines",
        "x": [to_micros(span.start) // 1000, to_micros(span.end) // 1000],
        "y": [capacity, capacity],
        "hoverinfo": "skip",
        "line": {"width": 1, "dash": "dash"},
        "meta": {"tone": 3, "part": "line"},
    }
    traces = [
        band | {"name": "least", "y": [one.low for one in history]},
        band | {"name": "most", "y": [one.high for one in history], "fill": "tonexty"},
        *([limit] if shows_capacity else []),
        reported,
        count,
    ]
    return {"data": traces, "layout": _layout(span, max(4, most, (capacity or 0) if shows_capacity else 0), revision)}


def _held(history: Sequence[Counted], until: datetime) -> Sequence[Counted]:
    """With the last count once more at `until`: it holds as long, and a line of one point could not be seen."""
    if not history or history[-1].at >= until:
        return history
    return [*history, replace(history[-1], at=until)]


def _layout(span: Span, most: int, revision: str) -> Figure:
    return {
        "uirevision": revision,
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": "zoom",
        "margin": {"l": 56, "r": 12, "t": 8, "b": 40},
        "xaxis": time_axis(span, 60),
        "yaxis": {"fixedrange": True, "nticks": 6, "title": {"text": "People"}, "range": [0, most * 1.06]},
    }


def chart_key() -> Component:
    """How to read the chart: its lines, in the colours that charts.js gives them."""
    return html.Span(
        [
            html.Span("Reconciled, in its error band", className="wp-key wp-key-0"),
            html.Span("As reported", className="wp-key wp-key-1"),
        ],
        className="wp-keys",
    )


def heat_map(heat: Heat | None) -> Component:
    """Mean counts by weekday and hour, as a table whose cells are coloured by five classes."""
    values = [value for row in heat or () for value in row if value is not None]
    if heat is None or not values:
        return empty(
            "Nothing to average yet",
            f"Counts of the {WEEKS} weeks to the end of the period show here by weekday and hour.",
        )
    most = max(values) or 1.0
    head = html.Tr(
        [
            html.Th(html.Span("Day", className="wp-unseen"), scope="col"),
            *(html.Th(f"{hour:02}" if hour % 3 == 0 else "", scope="col") for hour in range(24)),
        ]
    )
    rows = [
        html.Tr([html.Th(day, scope="row"), *(_cell(day, hour, value, most) for hour, value in enumerate(row))])
        for day, row in zip(DAYS, heat, strict=True)
    ]
    return html.Div(
        [
            html.Div(
                html.Table([html.Thead(head), html.Tbody(rows)], className="wp-heat"),
                className="wp-scroll",
                tabIndex="0",
                role="region",
                **aria(label="Mean count by weekday and hour"),
            ),
            _legend(most),
        ],
        className="wp-heat-frame",
    )


def _cell(day: str, hour: int, value: float | None, most: float) -> Component:
    if value is None:
        return html.Td(html.Span("not known", className="wp-unseen"), className="wp-heat-none")
    shade = 0 if value < 0.05 else min(_CLASSES, 1 + int(_CLASSES * value / most))
    text = number(value, 2 if value < 100 else 3)
    return html.Td(
        html.Span(text, className="wp-unseen"),
        className=f"wp-heat-{shade}",
        title=f"{day} {hour:02}:00 to {hour + 1:02}:00: {text} people",
    )


def _legend(most: float) -> Component:
    steps = [html.Span(className=f"wp-heat-step wp-heat-{shade}") for shade in range(_CLASSES + 1)]
    return html.Div(
        [html.Span("0"), *steps, html.Span(number(most, 2 if most < 100 else 3))], className="wp-heat-legend"
    )
