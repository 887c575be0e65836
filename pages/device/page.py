"""Device: where one device was, what it did and what it measured over a chosen period, and how well it reports."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import dash
import dash_leaflet as dl
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from components.address import address, keep_in_url
from components.cards import card, figure_row
from components.context import shared, site, store
from components.fields import known_metric, metric_picker
from components.map import base_map
from components.panels import panels, panels_height, panels_id
from components.period import period_id, period_picker, span_of
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.shared import LARGE, shared_period
from components.states import UNAVAILABLE, failed, skeleton
from components.units import UNITS, chosen_units
from core.errors import BadPeriod, StoreUnavailable
from core.period import Period, period_words
from db.queries.trips import TripRules
from pages.device import _figures as draw
from pages.device import _ids as ids
from pages.device import _tables as tables
from pages.device._head import head, watch_link
from pages.device._load import MOST_PANELS, Past, Subject, load_past, load_subject
from pages.device._timeline_card import timeline_card

dash.register_page(  # type: ignore[no-untyped-call]  # Dash gives it no types
    __name__,
    path_template="/device/<name>",
    name="Device",
    title=lambda name="", **_other: draw.page_title(unquote(str(name))),
)

_DEFAULTS = {"metric": "speed"}
_PERIOD = "now-24h"


def layout(name: object = "", metric: object = None, **_other: object) -> Component:
    """The frame with skeletons, or a page that says that there is no such device."""
    wanted = unquote(name) if isinstance(name, str) else ""
    try:
        with store().connect() as connection:
            subject = None if "\0" in wanted else load_subject(connection, wanted)
    except StoreUnavailable:
        text = "The database does not answer. Load this page again in a moment."
        return html.Div(failed(text), className="wp-page")
    if subject is None:
        return draw.unknown(wanted)
    return _frame(subject, known_metric(metric, subject.metrics))


def _frame(subject: Subject, metric: str) -> Component:
    settings = store().settings
    shown = head(
        subject.device,
        subject.latest,
        datetime.now(UTC),
        stopped_below=settings.stopped_below,
        silent_after_s=settings.silent_after_s,
        in_alert=subject.device.name in store().alerts.current.devices,
    )
    to_history = dcc.Link(
        "Open in History",
        href=tables.history_path(subject.device.name, tuple(one.name for one in subject.metrics[:3])),
        id=ids.HISTORY,
        className="wp-link",
    )
    return html.Div(
        [
            address(ids.PAGE, _DEFAULTS),
            dcc.Store(id=ids.NAME, data=subject.device.name),
            dcc.Store(id=ids.EXTENT),
            dcc.Store(id=ids.PLACES),
            html.Div(
                [
                    html.Div(shown, id=ids.HEAD, className="wp-subject-head"),
                    html.Div(
                        [
                            watch_link(subject.device.name),
                            period_picker(ids.PAGE, from_=_PERIOD),
                            refresh(ids.PAGE, "timeline"),
                        ],
                        className="wp-tools-right",
                    ),
                ],
                className="wp-tools wp-tools-top",
            ),
            html.Div(id=ids.PROBLEMS, className="wp-notices", role="status"),
            html.Div(id=ids.BANNER, className="wp-banner"),
            figure_row(draw.figure_skeletons(), ids.FIGURES),
            html.Div([_map_card(subject, metric), _trips_card()], className="wp-device-middle"),
            timeline_card(),
            card(
                "Over time",
                panels(ids.CHART, "Its metrics over time; the map shows the same moments", _panel_count(subject)),
                aside=[html.Span(id=ids.CHART_NOTE), to_history],
                class_name="wp-device-charts",
            ),
            html.Div(
                [
                    card("Values", html.Div(skeleton("100%", "160px"), id=ids.VALUES), class_name="wp-device-values"),
                    card("How well it reports", html.Div(skeleton("100%", "160px"), id=ids.QUALITY)),
                ],
                className="wp-device-foot",
            ),
        ],
        className="wp-page wp-device-page",
    )


def _map_card(subject: Subject, metric: str) -> Component:
    newest, tiles = subject.latest, site().tiles
    placed = newest is not None and newest.lat is not None and newest.lon is not None
    start: dict[str, Any] = {"center": (newest.lat, newest.lon), "zoom": 13} if newest is not None and placed else {}
    ground = base_map(
        map_id=ids.MAP,
        # A pane of its own: the land arrives when it has been fetched, and would lie over an earlier track.
        layers=[
            dl.Pane(draw.track_layers(), name="track", style={"zIndex": 450}),
            dl.LayerGroup(id=ids.TRACK, eventHandlers={"add": {"variable": "waypost.tracks.mount"}}),
        ],
        tiles_url=tiles.url,
        tiles_attribution=tiles.attribution,
        **start,
    )
    cover = html.Div(skeleton("100%", "100%"), id=ids.MAP_COVER, className="wp-chart-cover")
    return card(
        metric_picker(ids.METRIC, subject.metrics, metric),
        html.Div([ground, cover], className="wp-track-map"),
        aside=html.Span(id=ids.LEGEND, className="wp-legend"),
        class_name="wp-box-tabbed",
    )


def _trips_card() -> Component:
    waiting_rows = html.Div(skeleton("100%", "320px"), className="wp-trips-waiting")
    body = [html.Div(waiting_rows, id=ids.TRIPS), html.P(id=ids.TRIPS_NOTE, className="wp-history-note")]
    return card("Trips and stops", html.Div(body), class_name="wp-device-trips")


def _panel_count(subject: Subject) -> int:
    return min(MOST_PANELS, len(subject.metrics))


keep_in_url(ids.PAGE, ids.METRIC)
clientside_callback(ClientsideFunction("waypostTrack", "grown"), Input(ids.EXTENT, "data"))
clientside_callback(ClientsideFunction("waypostDevice", "placed"), Input(ids.PLACES, "data"))
clientside_callback(ClientsideFunction("waypostDevice", "period"), Input(period_id(ids.PAGE), "data"))


@callback(
    output={
        "problems": Output(ids.PROBLEMS, "children"),
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "head": Output(ids.HEAD, "children"),
        "figures": Output(ids.FIGURES, "children"),
        "track": {
            "lines": [Output(line, "positions") for line in ids.LINES],
            "ends": [Output(end, "center") for end in (ids.START, ids.END)],
            "tips": [Output(f"{end}-tip", "children") for end in (ids.START, ids.END)],
        },
        "legend": Output(ids.LEGEND, "children"),
        "map_cover": Output(ids.MAP_COVER, "children"),
        "extent": Output(ids.EXTENT, "data"),
        "places": Output(ids.PLACES, "data"),
        "trips": Output(ids.TRIPS, "children"),
        "trips_note": Output(ids.TRIPS_NOTE, "children"),
        "chart": Output(panels_id(ids.CHART, "figure"), "data"),
        "box": Output(panels_id(ids.CHART, "box"), "style"),
        "cover": Output(panels_id(ids.CHART, "cover"), "children"),
        "note": Output(ids.CHART_NOTE, "children"),
        "values": Output(ids.VALUES, "children"),
        "quality": Output(ids.QUALITY, "children"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "metric": Input(ids.METRIC, "value"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "chosen_by": Input(UNITS, "data"),
        "name": State(ids.NAME, "data"),
    },
    running=waiting(ids.PAGE),
)
def show(*, _tick: int | None, metric: str, chosen: object, chosen_by: object, name: str) -> dict[str, Any]:
    """Ask what the device did and draw it; while the database is away the last picture stays, under a banner."""
    if chosen is None:
        raise PreventUpdate  # the browser has not read the address yet
    now = datetime.now(UTC)
    settings, units = store().settings, chosen_units(chosen_by)
    rules = TripRules(stopped_below=settings.stopped_below)
    try:
        period = shared_period(chosen, now)
    except BadPeriod as error:
        return _kept() | {"problems": html.P(str(error), className="wp-notice"), "answer": answer(now, None)}
    try:
        with store().connect() as connection:
            subject = load_subject(connection, name)  # its state is of now, whatever else is shared
        past = None if subject is None else _past(subject, metric, period, rules)
    except StoreUnavailable:
        return _kept() | {"banner": failed(UNAVAILABLE), "answer": no_answer(now)}
    if past is None:
        gone = failed("This device or this metric is gone. Load the page again.")
        return _kept() | {"banner": gone, "answer": no_answer(now)}
    newest, words = past.subject.latest, period_words(period)
    cut = draw.cut_track(past, units)
    key = f"{period.from_} {period.to}"
    return {
        "problems": None,
        "banner": None,
        "answer": answer(now, None if newest is None else newest.ts),
        "head": head(
            past.subject.device,
            newest,
            now,
            stopped_below=settings.stopped_below,
            silent_after_s=settings.silent_after_s,
            in_alert=past.subject.device.name in store().alerts.current.devices,
        ),
        "figures": draw.figures(past, units),
        "track": draw.track_places(past, cut, period.zone),
        "legend": draw.legend_of(past, cut, units),
        "map_cover": draw.map_cover(past, words),
        "extent": draw.extent(past, key),
        "places": draw.places_data(past),
        "trips": tables.trips_table(past, units, period.zone)
        if past.phases
        else draw.nothing("No trips", "It sent fewer than two places", words),
        "trips_note": tables.trips_note(past, rules, units) if past.phases else "",
        "chart": draw.chart_figure(past, units, revision=f"{name} {key}"),
        "box": {"height": f"{panels_height(min(MOST_PANELS, len(past.lines)))}px"},
        "cover": draw.chart_cover(past, words),
        "note": draw.chart_note(past),
        "values": tables.values_table(past, units, now),
        "quality": tables.quality_list(past.quality),
    }


def _past(subject: Subject, metric_name: str, period: Period, rules: TripRules) -> Past | None:
    """What everyone who looks at the same device and period shares; None where it has no such metric."""
    metric = next((metric for metric in subject.metrics if metric.name == metric_name), None)
    if metric is None:
        return None

    def load() -> Past:
        with store().connect() as connection:
            return load_past(connection, subject, metric, span_of(period), rules)

    key = ("device", subject.device.id, subject.metrics, metric, period.start, period.end)
    return replace(shared().get(key, load, size=LARGE), subject=subject)


def _kept() -> dict[str, Any]:
    """Everything as it is."""
    track = {"lines": [no_update] * len(ids.LINES), "ends": [no_update] * 2, "tips": [no_update] * 2}
    return dict.fromkeys(_DRAWN, no_update) | {"track": track}


_DRAWN = (
    "problems",
    "banner",
    "answer",
    "head",
    "figures",
    "track",
    "legend",
    "map_cover",
    "extent",
    "places",
    "trips",
    "trips_note",
    "chart",
    "box",
    "cover",
    "note",
    "values",
    "quality",
)
