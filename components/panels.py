"""Stacked panels on one axis of time: a panel a metric, a line a device, each on a band from its least to its greatest.

The figure is one of Plotly's with its lines kept small, as assets/shell/panels.js expects them: a line says in which
buckets of its grid it has values, not when each of them is, and a band is not there where it has no height.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from statistics import median
from typing import Final

from dash import MATCH, ClientsideFunction, Input, Output, State, clientside_callback, dcc, html
from dash.development.base_component import Component

from components.attributes import aria
from components.charts import Figure, time_axis
from components.quantities import Quantity
from components.states import skeleton
from core.text import shorten
from core.types import to_micros
from db.queries.annotations import Annotation
from db.queries.rows import Bucket, Series, Span

_PANEL_PX: Final = (300, 220)
"""Of one panel alone, and of each of two."""
_PANEL_OF_MANY_PX: Final = 168
_BETWEEN_PX: Final = 30
_FOOT_PX: Final = 44
_GAP_OF_USUAL: Final = 2.5
"""So many times the usual distance between values without one is a gap; jitter alone may leave out one bucket."""
_ALONE_PX: Final = 5
_CLEAR: Final[Figure] = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}


@dataclass(frozen=True, slots=True)
class PanelLine:
    """A line of a panel. `tone` is the place of its colour; `later_s` moves it, and dashes it, to compare."""

    name: str
    tone: int
    series: Series
    later_s: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """A metric and the lines drawn of it."""

    quantity: Quantity
    lines: tuple[PanelLine, ...]


def panels_height(count: int) -> int:
    """How high so many panels are together, in pixels."""
    return max(1, count) * (_panel_px(count) + _BETWEEN_PX) + _FOOT_PX


def _panel_px(count: int) -> int:
    return _PANEL_PX[max(1, count) - 1] if count <= len(_PANEL_PX) else _PANEL_OF_MANY_PX


def panels_id(name: str, part: str) -> dict[str, str]:
    """`figure` is the store that a callback writes to, `cover` what lies over it, `box` what gives it its height."""
    return {"panels": name, "part": part}


def panels(name: str, label: str, count: int, *, cover: Component | None = None) -> Component:
    """A chart called `name`, as high as `count` panels; `label` says to a screen reader what it shows.

    `cover` is what lies over it at first instead of a skeleton.
    """
    over = skeleton("100%", "100%") if cover is None else cover
    return html.Div(
        [
            dcc.Store(id=panels_id(name, "figure")),
            dcc.Graph(
                id=panels_id(name, "graph"),
                figure={"layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}, **_CLEAR}},
                config={"displayModeBar": False, "responsive": True, "doubleClick": False},
                className="wp-graph",
            ),
            html.Div(over, id=panels_id(name, "cover"), className="wp-chart-cover"),
        ],
        id=panels_id(name, "box"),
        className="wp-chart wp-panels",
        style={"height": f"{panels_height(count)}px"},
        role="img",
        **aria(label=label),
    )


clientside_callback(
    ClientsideFunction("waypostPanels", "dress"),
    Output(panels_id(MATCH, "graph"), "figure"),  # type: ignore[arg-type]  # MATCH stands for a name
    Input(panels_id(MATCH, "figure"), "data"),  # type: ignore[arg-type]
    Input("color-scheme", "data"),
    State("chart-theme", "data"),
    State(panels_id(MATCH, "graph"), "id"),  # type: ignore[arg-type]
)


def panels_figure(shown: Sequence[Panel], span: Span, *, revision: str, marks: Sequence[Annotation] = ()) -> Figure:
    """The panels from above to below, over `span`. While `revision` stays, so does what Plotly keeps of the user."""
    count = max(1, len(shown))
    data = [
        _trace(line, panel.quantity, span, axis=place + 1)
        for place, panel in enumerate(shown)
        for line in panel.lines
        if line.series.points
    ]
    layout: Figure = {
        "uirevision": revision,
        "showlegend": False,
        "hovermode": "x unified",
        "hoversubplots": "axis",
        "dragmode": "zoom",
        "margin": {"l": 56, "r": 12, "t": _BETWEEN_PX, "b": _FOOT_PX},
        "xaxis": _time_axis(span, shown, last=count),
        "annotations": [_title(panel.quantity, place + 1) for place, panel in enumerate(shown)],
        "shapes": [_mark(mark) for mark in marks],
    }
    for place in range(count):
        quantity = shown[place].quantity if shown else None
        layout[f"yaxis{_number(place + 1)}"] = _value_axis(quantity, place, count)
    return {"data": data, "layout": layout}


def gap_of(buckets: Sequence[int]) -> float:
    """From more than this many buckets between two values on, nobody knows what was in between."""
    apart = [later - earlier for earlier, later in pairwise(buckets)]
    return _GAP_OF_USUAL * median(apart) if apart else _GAP_OF_USUAL


def _trace(line: PanelLine, quantity: Quantity, span: Span, *, axis: int) -> Figure:
    step_us = line.series.bucket_s * 1_000_000
    first_us = to_micros(line.series.points[0].ts)
    at: list[int | None] = []
    values: dict[str, list[float | None]] = {"y": [], "low": [], "high": []}
    for run in _runs(line.series, first_us, step_us):
        if at:
            at.append(None)
            for column in values.values():
                column.append(None)
        at += [place for place, _ in run]
        values["y"] += [four_digits(quantity.shown(bucket.mean)) for _, bucket in run]
        values["low"] += [four_digits(quantity.shown(bucket.min)) for _, bucket in run]
        values["high"] += [four_digits(quantity.shown(bucket.max)) for _, bucket in run]
    unit = quantity.unit if quantity.unit in {"", "°", "%"} else f" {quantity.unit}"
    if quantity.circular:  # its axis has the unit already, and what is pointed at is written as there
        unit = ""
    name = escape(shorten(line.name, 24)).replace("%{", "% {")
    before = " before" if line.later_s else ""
    meta: Figure = {
        "tone": line.tone,
        "at": at,
        "x0": (first_us // 1000) + line.later_s * 1000,
        "dx": line.series.bucket_s * 1000,
        "span": [to_micros(span.start) // 1000, to_micros(span.end) // 1000],
        "alone": _ALONE_PX,
        "unit": unit,
    }
    if not quantity.circular and (values["low"] != values["y"] or values["high"] != values["y"]):
        meta |= {"low": values["low"], "high": values["high"]}
    made: Figure = {
        "type": "scatter",
        "name": f"{name}{before}",
        "mode": "markers" if quantity.circular else "lines",
        "y": values["y"],
        "yaxis": f"y{_number(axis)}",
        "line": {"width": 1.25, "dash": "dash"} if line.later_s else {"width": 1.75},
        "connectgaps": False,
        "meta": meta,
    }
    if quantity.circular:  # a line from 350° to 10° would cross the whole panel, and so would a band
        made["marker"] = {"size": 4, "opacity": 0.5 if line.later_s else 1}
    return made


def _runs(series: Series, first_us: int, step_us: int) -> Iterator[list[tuple[int, Bucket]]]:
    """Buckets that follow each other without a gap, each with its place on the grid."""
    places = [(to_micros(bucket.ts) - first_us) // step_us for bucket in series.points]
    longest = gap_of(places)
    run: list[tuple[int, Bucket]] = []
    for place, bucket in zip(places, series.points, strict=True):
        if run and place - run[-1][0] > longest:
            yield run
            run = []
        run.append((place, bucket))
    yield run


def _time_axis(span: Span, shown: Sequence[Panel], *, last: int) -> Figure:
    steps = [line.series.bucket_s for panel in shown for line in panel.lines]
    return time_axis(span, min(steps, default=1)) | {
        "anchor": f"y{_number(last)}",
        "showspikes": True,
        "spikemode": "across",
        "spikesnap": "cursor",
        "spikethickness": 1,
        "spikedash": "solid",
    }


def _value_axis(quantity: Quantity | None, place: int, count: int) -> Figure:
    high = _panel_px(count)
    whole = count * (high + _BETWEEN_PX) - _BETWEEN_PX
    top = 1 - place * (high + _BETWEEN_PX) / whole
    axis: Figure = {
        "domain": [max(0.0, top - high / whole), min(1.0, top)],
        "fixedrange": True,
        "nticks": 5,
        "anchor": "x",
    }
    if quantity is None:
        return axis | {"visible": False}
    return axis | {name: value for name, value in quantity.axis().items() if name != "title"}


def _title(quantity: Quantity, axis: int) -> Figure:
    """What a panel shows, above its left corner: upright it would need a wide margin."""
    words = f"{quantity.label} ({quantity.unit})" if quantity.unit else quantity.label
    return {
        "text": escape(words),
        "xref": "paper",
        "x": 0,
        "xanchor": "left",
        "yref": f"y{_number(axis)} domain",
        "y": 1,
        "yanchor": "bottom",
        "yshift": 4,
        "showarrow": False,
        "align": "left",
    }


def _mark(mark: Annotation) -> Figure:
    """An annotation, as a band or a line through all panels."""
    start = to_micros(mark.start) // 1000
    end = start if mark.end is None else to_micros(mark.end) // 1000
    return {
        "type": "line" if mark.end is None else "rect",
        "xref": "x",
        "yref": "paper",
        "x0": start,
        "x1": end,
        "y0": 0,
        "y1": 1,
        "layer": "below",
        "label": {"text": escape(shorten(mark.text, 28)), "textposition": "start" if mark.end is None else "top left"},
        "name": str(mark.id),
    }


def _number(axis: int) -> str:
    """How Plotly counts axes: y, y2, y3."""
    return "" if axis == 1 else str(axis)


def four_digits(value: float | None) -> float | None:
    """Four significant digits: more cannot be seen in a chart, and each is sent to every viewer."""
    return None if value is None else float(f"{value:.4g}")


def panels_note(steps_s: Sequence[int]) -> str:
    """How to read panels whose buckets are so long."""
    return f"Mean on a band from min to max, every {step_words(max(steps_s, default=1))}"


def step_words(seconds: int) -> str:
    """The length of a bucket: 15 min, 1 h, 30 s."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
