"""Charts over time. A figure is a plain dict without colours; assets/shell/charts.js dresses it for the scheme.

So a page's callback need not know the colour scheme, a switch of it asks the server nothing, and the template is sent
once instead of with each figure. Times are milliseconds of UTC, and the browser shows them in its own zone.
"""

from collections.abc import Iterator
from typing import Any, Final

from dash import MATCH, ClientsideFunction, Input, Output, State, clientside_callback, dcc, html
from dash.development.base_component import Component

from components.attributes import aria
from components.quantities import Quantity
from components.states import skeleton
from core.types import to_micros
from db.queries.rows import Bucket, Series, Span

Figure = dict[str, Any]


def figure_id(name: str) -> dict[str, str]:
    """The store that a callback writes a chart's figure to (property `data`)."""
    return {"chart": name, "part": "figure"}


def cover_id(name: str) -> dict[str, str]:
    """What lies over a chart: its skeleton at first, an empty state where there is nothing to draw (`children`)."""
    return {"chart": name, "part": "cover"}


def chart(name: str, label: str) -> Component:
    """A chart called `name`; `label` says to a screen reader what it shows."""
    return html.Div(
        [
            dcc.Store(id=figure_id(name)),
            dcc.Graph(
                id={"chart": name, "part": "graph"},
                figure={"layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}, **_CLEAR}},
                config={"displayModeBar": False, "responsive": True, "doubleClick": "reset"},
                className="wp-graph",
            ),
            html.Div(skeleton("100%", "100%"), id=cover_id(name), className="wp-chart-cover"),
        ],
        className="wp-chart",
        role="img",
        **aria(label=label),
    )


_TICKS: Final[list[Figure]] = [
    {"dtickrange": [None, 60_000], "value": "%H:%M:%S"},
    {"dtickrange": [60_000, 43_200_000], "value": "%H:%M\n%a %-d %b"},
    {"dtickrange": [43_200_000, None], "value": "%a %-d %b"},
]
_CLEAR: Figure = {"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)"}

clientside_callback(
    ClientsideFunction("waypostCharts", "dress"),
    Output({"chart": MATCH, "part": "graph"}, "figure"),
    Input({"chart": MATCH, "part": "figure"}, "data"),
    Input("color-scheme", "data"),
    State("chart-theme", "data"),
)


def band_figure(series: Series, span: Span, shown: Quantity, *, revision: str, tone: int = 0) -> Figure:
    """The mean over time as a line on a band from the least to the greatest value of each bucket.

    Where buckets are missing the line and the band stop and start anew. `revision` names what is shown: while it
    stays, the zoom of the user stays.
    """
    band: dict[str, list[float | None]] = {"x": [], "y": []}
    line: dict[str, list[Any]] = {"x": [], "y": [], "customdata": [], "sizes": []}
    for run in _runs(series):
        if line["x"]:
            for key in ("x", "y"):
                band[key].append(None)
            _append(line, line["x"][-1] + series.bucket_s * 1000, None, None, 0)
        times = [_middle_ms(bucket, series.bucket_s, span) for bucket in run]
        for moment, bucket in zip(times, run, strict=True):
            extremes = [_round(shown.shown(bucket.min)), _round(shown.shown(bucket.max))]
            _append(line, moment, _round(shown.shown(bucket.mean)), extremes, 5 if len(run) == 1 else 0)
        band["x"] += [*times, *reversed(times)]
        band["y"] += [_round(shown.shown(bucket.max)) for bucket in run]
        band["y"] += [_round(shown.shown(bucket.min)) for bucket in reversed(run)]
    unit = f" {shown.unit}" if shown.unit and shown.unit != "°" else shown.unit
    mean: Figure = {
        "type": "scatter",
        "name": "mean",
        "mode": "lines",
        "x": line["x"],
        "y": line["y"],
        "customdata": line["customdata"],
        "hovertemplate": f"<b>%{{y}}{unit}</b> mean<br>%{{customdata[0]}} to %{{customdata[1]}}{unit}<extra></extra>",
        "line": {"width": 1.75},
        "connectgaps": False,
        "meta": {"tone": tone, "part": "line"},
    }
    if shown.circular:  # a line from 350° to 10° would cross the whole chart, and so would a band
        mean |= {"mode": "markers", "marker": {"size": 4, "line": {"width": 0}}}
        return {"data": [mean], "layout": _layout(series, span, shown, revision)}
    if any(line["sizes"]):  # a bucket alone has no line: it is drawn as a dot
        mean |= {"mode": "lines+markers", "marker": {"size": line["sizes"], "line": {"width": 0}}}
    extent: Figure = {
        "type": "scatter",
        "name": "min to max",
        "mode": "lines",
        "x": band["x"],
        "y": band["y"],
        "fill": "toself",
        "hoverinfo": "skip",
        "line": {"width": 0.5},
        "meta": {"tone": tone, "part": "band"},
    }
    return {"data": [extent, mean], "layout": _layout(series, span, shown, revision)}


def time_axis(span: Span, bucket_s: float) -> Figure:
    """An axis with as many ticks as its width has room for; hovering tells seconds where buckets are below a minute."""
    return {
        "type": "date",
        "range": [to_micros(span.start) // 1000, to_micros(span.end) // 1000],
        "hoverformat": "%a %-d %b, %H:%M:%S" if bucket_s < 60 else "%a %-d %b, %H:%M",
        "tickangle": 0,
        "tickformatstops": _TICKS,
    }


def _layout(series: Series, span: Span, shown: Quantity, revision: str) -> Figure:
    return {
        "uirevision": revision,
        "showlegend": False,
        "hovermode": "x unified",
        "dragmode": "zoom",
        "margin": {"l": 56, "r": 12, "t": 8, "b": 40},
        "xaxis": time_axis(span, series.bucket_s),
        "yaxis": {"fixedrange": True, "nticks": 6} | shown.axis(),
    }


def _append(line: dict[str, list[Any]], moment: float, value: float | None, extremes: Any, size: int) -> None:
    for key, one in (("x", moment), ("y", value), ("customdata", extremes), ("sizes", size)):
        line[key].append(one)


def _runs(series: Series) -> Iterator[list[Bucket]]:
    """Buckets that follow each other without a gap, together."""
    run: list[Bucket] = []
    for bucket in series.points:
        if run and (bucket.ts - run[-1].ts).total_seconds() > series.bucket_s * 1.5:
            yield run
            run = []
        run.append(bucket)
    if run:
        yield run


def _middle_ms(bucket: Bucket, bucket_s: int, span: Span) -> int:
    """The middle of that part of a bucket which lies within the span: the newest has only just begun."""
    start, end = to_micros(bucket.ts), to_micros(bucket.ts) + bucket_s * 1_000_000
    return (max(start, to_micros(span.start)) + min(end, to_micros(span.end))) // 2000


def _round(value: float | None) -> float | None:
    """Four significant digits: more cannot be seen in a chart, and each is sent to every viewer."""
    return None if value is None else float(f"{value:.4g}")


def band_note(series: Series, shown: Quantity) -> str:
    """How to read a band chart."""
    every = _step_words(series.bucket_s)
    return f"Mean of every {every}" if shown.circular else f"Mean on a band from min to max, every {every}"


def _step_words(bucket_s: int) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if bucket_s % size == 0:
            return f"{bucket_s // size} {unit}"
    return f"{bucket_s} s"
