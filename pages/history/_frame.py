"""The frame of the History page, with skeletons where answers will be."""

from collections.abc import Sequence

import dash_leaflet as dl
import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from auth.roles import Role, Visitor
from components.attributes import aria, data
from components.cards import card
from components.context import site
from components.download import download_menu
from components.icons import icon
from components.map import base_map
from components.panels import panels
from components.period import period_picker
from components.refresh import refresh
from components.states import skeleton
from db.queries.rows import Device, Metric
from pages.history import _ids as ids
from pages.history import _parts as parts
from pages.history._asked import Asked, zoom_data
from pages.history._load import Picked


def frame(
    picked: Picked,
    asked: Asked,
    *,
    every: Sequence[Metric],
    offered: Sequence[Device],
    suggested: Sequence[Device],
    who: Visitor,
    problems: Sequence[str],
) -> Component:
    """The page: `every` metric and the devices `offered` can be picked, `suggested` ones by a click where none is."""
    names = [one.name for one in picked.devices]
    controls = html.Div(
        [
            html.Div(
                [
                    parts.device_picker(parts.device_options(offered, names), names),
                    parts.metric_chooser(every, [one.name for one in picked.metrics]),
                ],
                className="wp-history-pickers",
            ),
            html.Div(
                [period_picker(ids.PAGE, from_="now-6h"), refresh(ids.PAGE, "tracks")], className="wp-tools-right"
            ),
        ],
        className="wp-tools wp-tools-top",
    )
    return html.Div(
        [
            dcc.Store(id=ids.FOUND, data=[]),
            dcc.Store(id=ids.ZOOM, data=zoom_data(asked.zoom)),
            dcc.Store(id=ids.CONTROLS),
            dcc.Store(id=ids.OVERVIEW),
            dcc.Store(id=ids.VIEW),
            dcc.Store(id=ids.TRACKS),
            dcc.Store(id=ids.WRITTEN, data=0),
            controls,
            html.Div(parts.notices(asked.zoom_problems), className="wp-notices", role="status"),
            html.Div(parts.notices(problems), id=ids.PROBLEMS, className="wp-notices", role="status"),
            html.Div(id=ids.BANNER, className="wp-banner"),
            html.Div([_chart_card(picked, asked, suggested, who), _map_card()], className="wp-history-middle"),
            card(
                "Annotations",
                html.Div(
                    [
                        html.P("", id=ids.MARKS_SAID, className="wp-draft-said", role="alert"),
                        html.Ul([], id=ids.MARKS, className="wp-marks"),
                    ]
                ),
                class_name="wp-history-marks",
            ),
        ],
        className="wp-page wp-history",
    )


def _chart_card(picked: Picked, asked: Asked, suggested: Sequence[Device], who: Visitor) -> Component:
    count = len(picked.metrics)
    cover = None if picked.devices else parts.nobody_chosen(suggested)
    label = "The chosen metrics over time, a line a device; the map shows the same moments"
    chart = panels(ids.CHART, label, count, cover=cover)
    tools = html.Div(
        [
            html.Button(
                [icon("zoom-out"), "Zoom out"],
                type="button",
                title="Back to the zoom before (double-click, or the back button)",
                className="wp-button wp-button-flat wp-history-out",
                **data(history="out"),
            ),
            html.Div(
                [dmc.Checkbox(id=ids.COMPARE, label="Compare with before", checked=asked.compare, size="xs")],
                title="Draws the same length of time before it, dashed",
            ),
            parts.annotate_button(who.may(Role.ANALYST)),
            download_menu(ids.CHART, "Download what is shown"),
        ],
        className="wp-history-tools",
    )
    brush = html.Div(
        className="wp-brush",
        role="slider",
        tabIndex="0",
        **aria(label="Part of the period that is shown; arrows move it, + and - zoom", valuenow="0"),
    )
    body = [parts.draft(picked.devices), chart, brush]
    heading = html.Span(id=ids.LEGEND, className="wp-legend")
    note = html.P(id=ids.NOTE, className="wp-history-note")
    return card(heading, html.Div([*body, note]), aside=tools, class_name="wp-history-chart")


def _map_card() -> Component:
    tiles = site().tiles
    ground = base_map(
        map_id=ids.MAP,
        layers=[dl.LayerGroup(id=ids.TRACK_LAYER, eventHandlers={"add": {"variable": "waypost.tracks.mount"}})],
        tiles_url=tiles.url,
        tiles_attribution=tiles.attribution,
    )
    cover = html.Div(skeleton("100%", "100%"), id=ids.MAP_COVER, className="wp-chart-cover")
    return card("Where they were", html.Div([ground, cover], className="wp-track-map"), class_name="wp-history-map")
