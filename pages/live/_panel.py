"""The left panel of the live map: how many devices, search, filters, list. Pure functions.

They return the parts without figures; `assets/live/*.js` fills these in, frame by frame, without the server.
"""

from typing import Final

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from components.icons import icon
from core.text import NO_VALUE
from core.types import DeviceState
from pages.live import _ids as ids
from pages.live._fields import key, number, select, switch

SKELETON_ROWS: Final = 8
SORTS: Final = (("name", "Name"), ("age", "Newest"), ("speed", "Speed"), ("value", "Value"))


def panel() -> Component:
    """The panel; on a phone it is a drawer."""
    return html.Section(
        [
            html.Button(
                html.Span(className="wp-handle-bar"),
                id=ids.HANDLE,
                type="button",
                className="wp-handle",
                **aria(expanded="false", controls=ids.PANEL_BODY, label="Search and list of devices"),
            ),
            _head(),
            _totals(),
            html.Div(
                [
                    _search(),
                    _filters(),
                    _list_bar(),
                    html.Div(
                        html.Ul(id=ids.LIST, className="wp-list", **aria(label="Devices")),
                        className="wp-list-scroll",
                    ),
                    _skeleton(),
                ],
                id=ids.PANEL_BODY,
                className="wp-panel-body",
            ),
        ],
        id=ids.PANEL,
        className="wp-panel wp-panel-left",
        **aria(label="Devices"),
    )


def _head() -> Component:
    return html.Div(
        [
            html.H2(
                [
                    html.Span(NO_VALUE, id=ids.TOTAL, className="wp-total"),
                    html.Span("devices", id=ids.TOTAL_WORD, className="wp-measure"),
                ],
                className="wp-panel-title",
            ),
            _alerted(),
            html.Button(
                [icon("panel-left-close"), key("p")],
                id=ids.PANEL_FOLD,
                type="button",
                className="wp-map-fold",
                title="Fold or open the panel (p)",
                **aria(label="Fold or open the panel", expanded="true", controls=ids.PANEL_BODY),
            ),
        ],
        className="wp-panel-head",
    )


def _alerted() -> Component:
    """How many devices of the fleet are in alert; the browser shows it where any is. A click shows these alone."""
    return html.Button(
        [
            html.Span(className="wp-mark-alert", **aria(hidden="true")),
            html.Span(NO_VALUE, id=ids.ALERTED_COUNT),
            html.Span("in alert"),
        ],
        id=ids.ALERTED,
        type="button",
        className="wp-map-alerted",
        title="Show only devices in alert",
        hidden=True,
        **aria(pressed="false"),
    )


def _totals() -> Component:
    return html.Div(
        [_total(state.value) for state in DeviceState],
        className="wp-totals",
        role="group",
        **aria(label="Show only devices of one state"),
    )


def _total(state: str) -> Component:
    return html.Button(
        [
            html.Span(className=f"wp-glyph wp-glyph-{state}", **aria(hidden="true")),
            html.Span(NO_VALUE, id=ids.state_count(state), className="wp-filter-count"),
            html.Span(state.capitalize(), className="wp-filter-name"),
        ],
        id=ids.state_filter(state),
        type="button",
        className="wp-filter",
        **aria(pressed="false"),
    )


def _search() -> Component:
    return html.Div(
        [
            dmc.TextInput(
                id=ids.SEARCH,
                placeholder="Name, or /pattern/",
                size="sm",
                className="wp-search",
                rightSection=key("/"),
                rightSectionPointerEvents="none",
                inputProps={"type": "search"},
                autoComplete="off",
                spellCheck=False,
                **aria(label="Search devices by name"),
            ),
            html.Button(
                [
                    icon("sliders-horizontal"),
                    html.Span("", id=ids.FILTERS_COUNT, className="wp-map-badge"),
                ],
                id=ids.FILTERS_OPEN,
                type="button",
                className="wp-map-square",
                title="Filters",
                **aria(label="Filters", expanded="false", controls=ids.FILTERS),
            ),
        ],
        className="wp-search-row",
    )


def _filters() -> Component:
    """Fleet, kind and metric are filled in by the browser with what there is."""
    return html.Div(
        [
            select(ids.FLEET, "Fleet", [("", "Any")]),
            select(ids.KIND, "Kind", [("", "Any")]),
            select(ids.METRIC, "Value", [("speed", "Speed")], "wp-map-field-wide"),
            html.Div(
                [
                    number(ids.LEAST, "Least value", "least"),
                    html.Span("to"),
                    number(ids.MOST, "Greatest value", "most"),
                ],
                className="wp-map-bounds",
            ),
            html.Div(
                [
                    html.Button(
                        "Never located",
                        id=ids.UNLOCATED,
                        type="button",
                        className="wp-map-chip",
                        **aria(pressed="false"),
                    ),
                    html.Button("Clear filters", id=ids.CLEAR, type="button", className="wp-map-chip"),
                ],
                className="wp-map-chips wp-map-field-wide",
            ),
        ],
        id=ids.FILTERS,
        className="wp-filters",
        hidden=True,
        role="group",
        **aria(label="Filters"),
    )


def _list_bar() -> Component:
    return html.Div(
        [
            html.Div("Loading", id=ids.LIST_NOTE, className="wp-list-note"),
            switch(ids.IN_VIEW, "In view", "v", on=True),
            select(ids.SORT, "Sorted by", SORTS, "wp-map-field-bare"),
        ],
        className="wp-list-bar",
    )


def _skeleton() -> Component:
    bones = [html.Span(className="wp-bone wp-bone-dot"), html.Span(className="wp-bone")]
    row = html.Div(bones, className="wp-bone-row")
    return html.Div([row] * SKELETON_ROWS, className="wp-list-skeleton", **aria(hidden="true"))
