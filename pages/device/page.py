"""Device: where one device was and what it measured over a chosen window."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import dash
import dash_leaflet as dl
from dash import ClientsideFunction, Input, Output, State, callback, clientside_callback, dcc, html, no_update
from dash.development.base_component import Component

from components.address import address, keep_in_url
from components.cards import card, figure_row
from components.charts import band_note, chart, cover_id, figure_id
from components.context import site, store
from components.fields import known_metric, known_window, metric_picker, span_of, window_picker
from components.map import base_map
from components.quantities import quantity
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.states import failed, skeleton
from core.errors import StoreUnavailable
from pages.device import _figures as draw
from pages.device import _ids as ids
from pages.device._load import Subject, load_past, load_subject

dash.register_page(  # type: ignore[no-untyped-call]  # Dash gives it no types
    __name__,
    path_template="/device/<name>",
    name="Device",
    title=lambda name="", **_other: draw.page_title(unquote(str(name))),
)

_DEFAULTS = {"metric": "speed", "window": "24h"}
_UNAVAILABLE = "The database does not answer. What you see is the last picture; it is tried again by itself."


def layout(name: object = "", metric: object = None, window: object = None, **_other: object) -> Component:
    """The frame with skeletons, or a page that says that there is no such device."""
    wanted = unquote(name) if isinstance(name, str) else ""
    try:
        with store().connect() as connection:
            subject = load_subject(connection, wanted)
    except StoreUnavailable:
        text = "The database does not answer. Load this page again in a moment."
        return html.Div(failed(text), className="wp-page")
    if subject is None:
        return draw.unknown(wanted)
    return _frame(
        subject, known_metric(metric, subject.metrics), known_window(window, default="24h", names=draw.WINDOWS)
    )


def _frame(subject: Subject, metric: str, window: str) -> Component:
    settings, tiles = store().settings, site().tiles
    newest = subject.latest
    head = draw.head(
        subject.device,
        newest,
        datetime.now(UTC),
        stopped_below=settings.stopped_below,
        silent_after_s=settings.silent_after_s,
    )
    placed = newest is not None and newest.lat is not None and newest.lon is not None
    start: dict[str, Any] = {"center": (newest.lat, newest.lon), "zoom": 13} if newest is not None and placed else {}
    ground = base_map(
        map_id=ids.MAP,
        # A pane of its own: the land arrives when it has been fetched, and would lie over an earlier track.
        layers=[
            dl.Pane(draw.track_layers(), name="track", style={"zIndex": 450}),
            dl.LayerGroup(id=ids.TRACK, eventHandlers={"add": {"variable": "waypost.track.mount"}}),
        ],
        tiles_url=tiles.url,
        tiles_attribution=tiles.attribution,
        **start,
    )
    cover = html.Div(skeleton("100%", "100%"), id=ids.MAP_COVER, className="wp-chart-cover")
    return html.Div(
        [
            address(ids.PAGE, _DEFAULTS),
            dcc.Store(id=ids.NAME, data=subject.device.name),
            dcc.Store(id=ids.EXTENT),
            html.Div(
                [
                    html.Div(head, id=ids.HEAD, className="wp-subject-head"),
                    html.Div(
                        [window_picker(ids.WINDOW, window, draw.WINDOWS), refresh(ids.PAGE)], className="wp-tools-right"
                    ),
                ],
                className="wp-tools wp-tools-top",
            ),
            html.Div(id=ids.BANNER, className="wp-banner"),
            figure_row(draw.figure_skeletons(), ids.FIGURES),
            html.Div(
                [
                    card(
                        "Track",
                        html.Div([ground, cover], className="wp-track-map"),
                        aside=html.Span(id=ids.LEGEND, className="wp-legend"),
                    ),
                    card(
                        metric_picker(ids.METRIC, subject.metrics, metric),
                        chart(ids.CHART, "The chosen metric over time, its mean on a band from min to max"),
                        aside=html.Span(id=ids.CHART_NOTE),
                        class_name="wp-box-tabbed",
                    ),
                ],
                className="wp-device-middle",
            ),
        ],
        className="wp-page",
    )


keep_in_url(ids.PAGE, ids.METRIC, ids.WINDOW)
clientside_callback(ClientsideFunction("waypostTrack", "grown"), Input(ids.EXTENT, "data"))


@callback(
    output={
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
        "chart": Output(figure_id(ids.CHART), "data"),
        "cover": Output(cover_id(ids.CHART), "children"),
        "note": Output(ids.CHART_NOTE, "children"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "metric": Input(ids.METRIC, "value"),
        "window": Input(ids.WINDOW, "value"),
        "name": State(ids.NAME, "data"),
    },
    running=waiting(ids.PAGE),
)
def show(_tick: int | None, metric: str, window: str, name: str) -> dict[str, Any]:
    """Ask what the device did and draw it; while the database is away the last picture stays, under a banner."""
    now = datetime.now(UTC)
    window = known_window(window, default="24h", names=draw.WINDOWS)
    settings = store().settings
    try:
        with store().connect() as connection:
            past = load_past(connection, name, metric, span_of(window, now))
    except StoreUnavailable:
        return _kept() | {"banner": failed(_UNAVAILABLE), "answer": no_answer(now)}
    if past is None:
        gone = failed("This device or this metric is gone. Load the page again.")
        return _kept() | {"banner": gone, "answer": no_answer(now)}
    return {
        "banner": None,
        "answer": answer(now, None if past.latest is None else past.latest.ts),
        "head": draw.head(
            past.device,
            past.latest,
            now,
            stopped_below=settings.stopped_below,
            silent_after_s=settings.silent_after_s,
        ),
        "figures": draw.figures(past, stopped_below=settings.stopped_below),
        "track": draw.track_places(past),
        "legend": draw.legend_of(past),
        "map_cover": draw.map_cover(past, window),
        "extent": draw.extent(past, window),
        "chart": draw.chart_figure(past, window),
        "cover": draw.chart_cover(past, window),
        "note": band_note(past.series, quantity(past.metric)),
    }


def _kept() -> dict[str, Any]:
    """Everything as it is."""
    track = {"lines": [no_update] * len(ids.LINES), "ends": [no_update] * 2, "tips": [no_update] * 2}
    return dict.fromkeys(_DRAWN, no_update) | {"track": track}


_DRAWN = (
    "banner",
    "answer",
    "head",
    "figures",
    "track",
    "legend",
    "map_cover",
    "extent",
    "chart",
    "cover",
    "note",
)
