"""What the Summary page shows: pure functions from rows to components and figures."""

from collections.abc import Sequence
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.attributes import data
from components.cards import figure_card, figure_skeleton
from components.charts import Figure, band_figure
from components.names import device_link
from components.period import longer
from components.quantities import Quantity, quantity
from components.states import empty, skeleton
from core.period import Period, period_words
from core.text import NO_VALUE, number
from core.units import Units
from db.queries.rows import DeviceSummary, Metric, Summary
from pages.summary import _ids as ids
from pages.summary._load import Fleet

FIGURE_LABELS: Final = ("Mean", "Min", "Max", "Last", "Values", "Devices reporting")
TABLE_COLUMNS: Final = ("Metric", "Values", "Mean", "Min", "Max", "Last")


def figures(fleet: Fleet, shown: Quantity) -> list[Component]:
    """The row of figures of the chosen metric."""
    found = fleet.summary
    values = [shown.text(one) for one in (found.mean, found.min, found.max, found.last)]
    cards = [
        figure_card(label, value, shown.unit if value != NO_VALUE else "")
        for label, value in zip(FIGURE_LABELS, values, strict=False)
    ]
    return [
        *cards,
        figure_card(FIGURE_LABELS[4], count(found.n)),
        figure_card(FIGURE_LABELS[5], count(found.devices), f"of {count(fleet.registered)}"),
    ]


def figure_skeletons() -> list[Component]:
    """The row before its numbers are known."""
    return [figure_skeleton(label) for label in FIGURE_LABELS]


def chart_figure(fleet: Fleet, period: Period, shown: Quantity) -> Figure:
    """The fleet's mean over the window, on a band from min to max."""
    return band_figure(
        fleet.series, fleet.span, shown, revision=f"{fleet.metric.name} {shown.unit} {period.from_} {period.to}"
    )


def chart_cover(fleet: Fleet, period: Period) -> Component | None:
    """What lies over the chart where it has nothing to draw, or None."""
    if fleet.series.points:
        return None
    if fleet.registered == 0:
        return empty(
            "No device has sent anything yet",
            "As soon as one does, its values are summed up here.",
        )
    return empty(
        f"No {quantity(fleet.metric).label.lower()} in this period",
        f"Nothing was measured: {period_words(period)}. A longer period may hold more.",
        longer(),
    )


def top_list(top: Sequence[DeviceSummary], shown: Quantity) -> Component:
    """Devices by their mean, each with a bar as long as its share of the longest."""
    if not top:
        return empty("No device to rank", "None has sent this metric in this window.")
    longest = max((abs(one.summary.mean or 0.0) for one in top), default=0.0) or 1.0
    return html.Ol([_top_row(one, shown, longest) for one in top], className="wp-ranks")


def _top_row(one: DeviceSummary, shown: Quantity, longest: float) -> Component:
    share = 100 * abs(one.summary.mean or 0.0) / longest
    return html.Li(
        [
            html.Div(
                [
                    device_link(one.device, 24),
                    html.Span([shown.text(one.summary.mean), _unit(shown.unit)], className="wp-rank-value"),
                ],
                className="wp-rank-line",
            ),
            html.Div(html.Div(style={"width": f"{share:.1f}%"}, className="wp-bar-fill"), className="wp-bar-track"),
        ],
        className="wp-rank",
    )


def top_skeleton(rows: int = 10) -> Component:
    """The list before it is known."""
    return html.Div([skeleton("100%", "20px") for _ in range(rows)], className="wp-ranks wp-ranks-skeleton")


def metric_table(rows: Sequence[tuple[Metric, Summary]], chosen: str, units: Units) -> Component:
    """Every metric with its statistics; a click on a name chooses it."""
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in TABLE_COLUMNS]))
    body = html.Tbody(
        [_metric_row(metric, found, quantity(metric, units), metric.name == chosen) for metric, found in rows]
    )
    return html.Table([head, body], className="wp-table")


def _metric_row(metric: Metric, found: Summary, shown: Quantity, chosen: bool) -> Component:
    name = html.Button(
        [shown.label, _unit(shown.unit)],
        type="button",
        className="wp-link-button",
        title=f"Show {shown.label.lower()}",
        **data(target=ids.METRIC, choose=metric.name),
    )
    cells = [count(found.n), *(shown.text(one) for one in (found.mean, found.min, found.max, found.last))]
    marked: dict[str, Any] = {"aria-selected": "true"} if chosen else {}
    if found.n == 0:  # listed, so that it can be chosen, and muted
        marked |= data(none="")
    return html.Tr([html.Th(name, scope="row"), *(html.Td(cell) for cell in cells)], **marked)


def table_skeleton(rows: int) -> Component:
    """The table before it is known: the same head, grey lines below."""
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in TABLE_COLUMNS]))
    line = [html.Td(skeleton("64px", "12px")) for _ in TABLE_COLUMNS]
    return html.Table([head, html.Tbody([html.Tr(line) for _ in range(rows)])], className="wp-table")


def count(n: int) -> str:
    """A whole number, thousands apart."""
    return number(float(n), digits=1)


def _unit(unit: str) -> Component:
    return html.Span(unit, className="wp-measure")
