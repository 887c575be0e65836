"""Summary: how the fleet is, by every metric at a glance and by one closely, over a chosen period."""

from datetime import UTC, datetime
from typing import Any, Literal

import dash
import dash_mantine_components as dmc
from dash import Input, Output, callback, html, no_update
from dash.development.base_component import Component

from components.address import address, keep_in_url
from components.attributes import aria
from components.cards import card, figure_row
from components.charts import band_note, chart, cover_id, figure_id
from components.context import shared, store
from components.download import download_id, download_menu, download_of, shown_unit
from components.fields import fleet_picker, known_fleet, known_metric, metric_picker
from components.period import period_id, period_picker, span_of
from components.quantities import quantity
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.shared import shared_period
from components.spread import spread_note
from components.states import UNAVAILABLE, failed
from components.units import UNITS, chosen_units
from core.errors import BadPeriod, StoreUnavailable
from core.period import Period, period_words, zone_name
from core.units import Units
from db.queries.devices import list_fleets
from db.queries.metrics import list_metrics
from db.queries.rows import Metric
from pages.summary import _figures as draw
from pages.summary import _ids as ids
from pages.summary._load import CHART_POINTS, Close, Glance, load_close, load_glance

dash.register_page(__name__, path="/summary", name="Summary", title="Summary · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types

_DEFAULTS = {"metric": "speed", "fleet": ""}


def layout(metric: object = None, fleet: object = None, **_other: object) -> Component:
    """The frame with skeletons; the first answers fill it."""
    metrics, fleets = _registry()
    chosen = known_metric(metric, metrics)
    unknown = isinstance(metric, str) and metric != chosen
    return html.Div(
        [
            address(ids.PAGE, _DEFAULTS),
            html.Div(
                [
                    metric_picker(ids.METRIC, metrics, chosen),
                    html.Div(
                        [
                            fleet_picker(ids.FLEET, fleets, known_fleet(fleet)),
                            period_picker(ids.PAGE),
                            refresh(ids.PAGE, "closely"),
                        ],
                        className="wp-tools-right",
                    ),
                ],
                className="wp-tools",
            ),
            *([_unknown_metric(str(metric), quantity(metrics[0]).label)] if unknown else []),
            html.Div(id=ids.BANNER, className="wp-banner"),
            figure_row(draw.figure_skeletons(), ids.FIGURES),
            html.Div([_over_time(), _spread()], className="wp-summary-row wp-summary-charts"),
            html.Div([_hours(), _groups()], className="wp-summary-row"),
            card(
                "All metrics",
                html.Div(
                    draw.table_skeleton(draw.TABLE_COLUMNS, len(metrics)),
                    id=ids.TABLE,
                    className="wp-scroll",
                    tabIndex="0",
                ),
                aside=download_menu(ids.EVERY, "Download the chosen metric by device", picture=False),
                class_name="wp-summary-table",
            ),
        ],
        className="wp-page",
    )


def _over_time() -> Component:
    return card(
        "Over time",
        chart(ids.CHART, "The fleet's mean over time on a band from min to max"),
        aside=[html.Span(id=ids.CHART_NOTE), download_menu(ids.CHART, "Download this chart")],
        heading_id=ids.CHART_HEADING,
    )


def _spread() -> Component:
    return card(
        "Distribution",
        chart(ids.SPREAD, "How many values fall into each part of the range"),
        aside=[html.Span(id=ids.SPREAD_NOTE), download_menu(ids.SPREAD, "Download this chart")],
    )


def _hours() -> Component:
    return card(
        "By hour and weekday",
        chart(ids.HOURS, "The mean of each hour of the week as a colour"),
        aside=[html.Span(id=ids.HOURS_NOTE), download_menu(ids.HOURS, "Download this chart")],
        class_name="wp-summary-hours",
    )


def _groups() -> Component:
    choice = dmc.SegmentedControl(
        id=ids.BY,
        value="fleet",
        data=[{"value": "fleet", "label": "Fleet"}, {"value": "kind", "label": "Kind"}],
        size="xs",
        withItemsBorders=False,
        className="wp-windows",
        **aria(label="Devices together"),
    )
    table = draw.table_skeleton(("Fleet", *draw.GROUP_COLUMNS), 5)
    return card(
        "By fleet and kind",
        html.Div(table, id=ids.GROUPS, className="wp-scroll wp-summary-groups", tabIndex="0"),
        aside=[choice, download_menu(ids.GROUPS, "Download this table", picture=False)],
    )


def _unknown_metric(name: str, instead: str) -> Component:
    return failed(f"No metric is called “{name[:60]}”. Showing {instead.lower()}; choose another above.")


def _registry() -> tuple[list[Metric], list[str]]:
    try:
        with store().connect() as connection:
            found, fleets = list_metrics(connection), list_fleets(connection)
    except StoreUnavailable:
        found, fleets = [], []
    return found or [Metric(0, "speed", "m/s", "Speed", "position")], fleets


keep_in_url(ids.PAGE, ids.METRIC, ids.FLEET)


def _glance(period: Period, fleet: str | None) -> Glance:
    def load() -> Glance:
        with store().connect() as connection:
            return load_glance(connection, span_of(period), fleet)

    return shared().get(("summary", period.start, period.end, fleet), load)


def _close(metric: str, period: Period, units: Units, fleet: str | None) -> Close | None:
    zone = zone_name(period.zone)

    def load() -> tuple[Close | None]:
        with store().connect() as connection:
            return (load_close(connection, metric, span_of(period), zone=zone, units=units, fleet=fleet),)

    return shared().get(("summary closely", metric, period.start, period.end, zone, units, fleet), load)[0]


@callback(
    output={
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "figures": Output(ids.FIGURES, "children"),
        "table": Output(ids.TABLE, "children"),
        "download": Output(download_id(ids.EVERY), "data"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "metric": Input(ids.METRIC, "value"),
        "fleet": Input(ids.FLEET, "value"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "units": Input(UNITS, "data"),
        "_site": Input("site", "data"),
    },
    running=waiting(ids.PAGE),
)
def show(_tick: int | None, metric: str, fleet: object, chosen: object, units: object, _site: object) -> dict[str, Any]:
    """Every metric at a glance; while the database is away the last picture stays, under a banner."""
    now = datetime.now(UTC)
    kept: dict[str, Any] = dict.fromkeys(("banner", "answer", "figures", "table", "download"), no_update)
    try:
        period = shared_period(chosen, now)
        glance = _glance(period, known_fleet(fleet))
    except BadPeriod as bad:
        return kept | {"banner": failed(str(bad)), "answer": no_answer(now)}
    except StoreUnavailable:
        return kept | {"banner": failed(UNAVAILABLE), "answer": no_answer(now)}
    found = glance.of(metric)
    if found is None:
        return kept | {"banner": failed("There is no such metric any more. Choose another."), "answer": no_answer(now)}
    shown = quantity(found[0], chosen_units(units))
    asked = {"metric": metric, "fleet": known_fleet(fleet), "by": "device"}
    return {
        "banner": None,
        "answer": answer(now, glance.newest),
        "figures": draw.figures(found[1], found[2], glance.registered, shown),
        "table": draw.metric_table(glance.metrics, metric, chosen_units(units)),
        "download": download_of("/api/v1/summary", period, **asked, **shown_unit(shown)),
    }


@callback(
    output={
        "chart": Output(figure_id(ids.CHART), "data"),
        "cover": Output(cover_id(ids.CHART), "children"),
        "heading": Output(ids.CHART_HEADING, "children"),
        "note": Output(ids.CHART_NOTE, "children"),
        "download": Output(download_id(ids.CHART), "data"),
        "spread": Output(figure_id(ids.SPREAD), "data"),
        "spread_cover": Output(cover_id(ids.SPREAD), "children"),
        "spread_note": Output(ids.SPREAD_NOTE, "children"),
        "spread_download": Output(download_id(ids.SPREAD), "data"),
        "hours": Output(figure_id(ids.HOURS), "data"),
        "hours_cover": Output(cover_id(ids.HOURS), "children"),
        "hours_note": Output(ids.HOURS_NOTE, "children"),
        "hours_download": Output(download_id(ids.HOURS), "data"),
        "groups": Output(ids.GROUPS, "children"),
        "groups_download": Output(download_id(ids.GROUPS), "data"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "metric": Input(ids.METRIC, "value"),
        "fleet": Input(ids.FLEET, "value"),
        "by": Input(ids.BY, "value"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "units": Input(UNITS, "data"),
        "_site": Input("site", "data"),
    },
    running=waiting(ids.PAGE, "closely"),
)
def show_closely(
    _tick: int | None,
    metric: str,
    fleet: object,
    by: Literal["fleet", "kind"],
    chosen: object,
    units: object,
    _site: object,
) -> dict[str, Any]:
    """One metric closely. What cannot be had stays as it was: the other callback says why."""
    seen = chosen_units(units)
    try:
        period = shared_period(chosen, datetime.now(UTC))
        close = _close(metric, period, seen, known_fleet(fleet))
    except (BadPeriod, StoreUnavailable):
        close = None
    if close is None:
        raise dash.exceptions.PreventUpdate
    shown = quantity(close.metric, seen)
    asked = {"metric": metric, "fleet": known_fleet(fleet), **shown_unit(shown)}
    zone = zone_name(period.zone)
    spread = draw.spread_figure(close, period, shown)
    return {
        "chart": draw.chart_figure(close, period, shown),
        "cover": draw.cover(close, period),
        "heading": f"{shown.label} of the fleet, {period_words(period)}",
        "note": band_note(close.series, shown),
        "download": download_of("/api/v1/series", period, points=CHART_POINTS, **asked),
        "spread": no_update if spread is None else spread,
        "spread_cover": draw.nothing(close),
        "spread_note": "" if close.spread is None else spread_note(close.spread),
        "spread_download": download_of("/api/v1/distribution", period, **asked),
        "hours": draw.hours_figure(close, period, shown),
        "hours_cover": draw.nothing(close),
        "hours_note": f"Mean, {zone}",
        "hours_download": download_of("/api/v1/hours", period, zone=zone, **asked),
        "groups": draw.group_table(close.fleets if by == "fleet" else close.kinds, by, shown),
        "groups_download": download_of("/api/v1/summary", period, by="kind" if by == "kind" else "fleet", **asked),
    }
