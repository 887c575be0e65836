"""Summary: the fleet's mean, least and greatest value of each metric over a chosen window."""

from datetime import UTC, datetime
from typing import Any

import dash
from dash import Input, Output, callback, html, no_update
from dash.development.base_component import Component

from components.address import address, keep_in_url
from components.cards import card, figure_row
from components.charts import band_note, chart, cover_id, figure_id
from components.context import store
from components.download import download_id, download_menu, download_of, shown_unit
from components.fields import known_metric, metric_picker
from components.period import chosen_period, period_id, period_picker, span_of
from components.quantities import quantity
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.states import failed
from components.units import UNITS, chosen_units
from core.errors import BadPeriod, StoreUnavailable
from core.period import period_words
from db.queries.metrics import list_metrics
from db.queries.rows import Metric
from pages.summary import _figures as draw
from pages.summary import _ids as ids
from pages.summary._load import CHART_POINTS, TOP_AT_MOST, load

dash.register_page(__name__, path="/summary", name="Summary", title="Summary · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types

_DEFAULTS = {"metric": "speed"}


def layout(metric: object = None, **_other: object) -> Component:
    """The frame with skeletons; the first answer fills it."""
    metrics = _metrics()
    chosen = known_metric(metric, metrics)
    return html.Div(
        [
            address(ids.PAGE, _DEFAULTS),
            html.Div(
                [
                    metric_picker(ids.METRIC, metrics, chosen),
                    html.Div([period_picker(ids.PAGE), refresh(ids.PAGE)], className="wp-tools-right"),
                ],
                className="wp-tools",
            ),
            html.Div(id=ids.BANNER, className="wp-banner"),
            figure_row(draw.figure_skeletons(), ids.FIGURES),
            html.Div(
                [
                    card(
                        "Fleet over time",
                        chart(ids.CHART, "The fleet's mean over time on a band from min to max"),
                        aside=[html.Span(id=ids.CHART_NOTE), download_menu(ids.CHART, "Download this chart")],
                        class_name="wp-summary-chart",
                        heading_id=ids.CHART_HEADING,
                    ),
                    card(
                        "Highest mean",
                        html.Div(draw.top_skeleton(TOP_AT_MOST), id=ids.TOP),
                        aside=html.Span(id=ids.TOP_NOTE),
                        class_name="wp-summary-top",
                        heading_id=ids.TOP_HEADING,
                    ),
                ],
                className="wp-summary-middle",
            ),
            card(
                "All metrics",
                html.Div(draw.table_skeleton(len(metrics)), id=ids.TABLE, className="wp-scroll", tabIndex="0"),
                class_name="wp-summary-table",
            ),
        ],
        className="wp-page",
    )


def _metrics() -> list[Metric]:
    try:
        with store().connect() as connection:
            found = list_metrics(connection)
    except StoreUnavailable:
        found = []
    return found or [Metric(0, "speed", "m/s", "Speed", "position")]


keep_in_url(ids.PAGE, ids.METRIC)


@callback(
    output={
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "figures": Output(ids.FIGURES, "children"),
        "chart": Output(figure_id(ids.CHART), "data"),
        "cover": Output(cover_id(ids.CHART), "children"),
        "heading": Output(ids.CHART_HEADING, "children"),
        "note": Output(ids.CHART_NOTE, "children"),
        "download": Output(download_id(ids.CHART), "data"),
        "top": Output(ids.TOP, "children"),
        "top_note": Output(ids.TOP_NOTE, "children"),
        "table": Output(ids.TABLE, "children"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "metric": Input(ids.METRIC, "value"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "units": Input(UNITS, "data"),
    },
    running=waiting(ids.PAGE),
)
def show(_tick: int | None, metric: str, chosen: object, units: object) -> dict[str, Any]:
    """Ask for the fleet and draw it; while the database is away the last picture stays, under a banner."""
    now = datetime.now(UTC)
    kept: dict[str, Any] = dict.fromkeys(_DRAWN, no_update)
    try:
        period = chosen_period(chosen, now)
        with store().connect() as connection:
            fleet = load(connection, metric, span_of(period))
    except BadPeriod as bad:
        return kept | {"banner": failed(str(bad)), "answer": no_answer(now)}
    except StoreUnavailable:
        banner = failed("The database does not answer. What you see is the last picture; it is tried again by itself.")
        return kept | {"banner": banner, "answer": no_answer(now)}
    if fleet is None:
        return kept | {"banner": failed("There is no such metric any more. Choose another."), "answer": no_answer(now)}
    shown = quantity(fleet.metric, chosen_units(units))
    points = {"metric": fleet.metric.name, "points": CHART_POINTS}
    return {
        "banner": None,
        "answer": answer(now, fleet.newest),
        "figures": draw.figures(fleet, shown),
        "chart": draw.chart_figure(fleet, period, shown),
        "cover": draw.chart_cover(fleet, period),
        "heading": f"{shown.label} of the fleet, {period_words(period)}",
        "note": band_note(fleet.series, shown),
        "top": draw.top_list(fleet.top, shown),
        "top_note": f"{len(fleet.top)} of {draw.count(fleet.summary.devices)} devices",
        "table": draw.metric_table(fleet.all_metrics, fleet.metric.name, chosen_units(units)),
        "download": download_of("/api/v1/series", period, **points, **shown_unit(shown)),
    }


_DRAWN = ("banner", "answer", "figures", "chart", "cover", "heading", "note", "top", "top_note", "table", "download")
