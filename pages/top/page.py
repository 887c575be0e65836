"""Top N: who is highest, or lowest, by any metric, by distance or by time in motion, over a chosen period."""

from datetime import UTC, datetime
from typing import Any

import dash
import dash_ag_grid as dag
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, callback, clientside_callback, html, no_update
from dash.development.base_component import Component

from components.address import address, keep_in_url
from components.attributes import aria
from components.cards import card
from components.charts import chart, cover_id, figure_id
from components.context import shared, site, store
from components.download import download_id, download_menu, download_of, shown_unit
from components.fields import fleet_picker, known_fleet
from components.grid import grid_options
from components.period import period_id, period_picker, span_of
from components.quantities import quantity
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.shared import shared_period
from components.states import UNAVAILABLE, failed
from components.units import UNITS, chosen_units
from core.errors import BadPeriod, StoreUnavailable
from core.period import Period
from core.text import shorten
from db.queries.devices import list_fleets
from db.queries.metrics import list_metrics
from db.queries.rows import Metric
from pages.top import _figures as draw
from pages.top import _ids as ids
from pages.top._asked import MOST, Asked, asked, known_n, known_stat
from pages.top._load import Ranking, load_ranking

dash.register_page(__name__, path="/top", name="Top N", title="Top N · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types


def layout(
    *,
    metric: object = None,
    stat: object = None,
    n: object = None,
    order: object = None,
    fleet: object = None,
    **_other: object,
) -> Component:
    """The frame; the first answer fills it."""
    metrics, fleets = _registry()
    wanted = asked(metrics, site().top_n, metric=metric, stat=stat, n=n, order=order, fleet=fleet)
    defaults = {"metric": metrics[0].name, "stat": "mean", "n": str(site().top_n), "order": "desc", "fleet": ""}
    return html.Div(
        [
            address(ids.PAGE, defaults),
            _bar(metrics, fleets, wanted),
            *([failed(" ".join(wanted.problems))] if wanted.problems else []),
            html.Div(id=ids.BANNER, className="wp-banner"),
            html.Div([_table(), _chart()], className="wp-top-middle"),
        ],
        className="wp-page",
    )


def _bar(metrics: list[Metric], fleets: list[str], wanted: Asked) -> Component:
    labels = [(one.name, shorten(quantity(one).label, 32)) for one in metrics]
    fields = [
        _select(ids.METRIC, "Metric", labels, wanted.metric, searchable=len(metrics) > 8),
        _select(ids.STAT, "Statistic", list(draw.STAT_LABELS.items()), wanted.stat),
        dmc.NumberInput(
            id=ids.N,
            value=wanted.n,
            min=1,
            max=MOST,
            allowDecimal=False,
            allowNegative=False,
            clampBehavior="strict",
            debounce=400,
            size="xs",
            className="wp-field-box wp-top-n",
            **aria(label="How many devices"),
        ),
        dmc.SegmentedControl(
            id=ids.ORDER,
            value=wanted.order,
            data=[{"value": "desc", "label": "Highest"}, {"value": "asc", "label": "Lowest"}],
            size="xs",
            withItemsBorders=False,
            className="wp-windows",
            **aria(label="Highest or lowest first"),
        ),
        fleet_picker(ids.FLEET, fleets, wanted.fleet),
    ]
    return html.Div(
        [
            html.Div(fields, className="wp-top-fields"),
            html.Div([period_picker(ids.PAGE), refresh(ids.PAGE)], className="wp-tools-right"),
        ],
        className="wp-tools",
    )


def _select(
    control_id: str, label: str, labels: list[tuple[Any, str]], value: str, *, searchable: bool = False
) -> Component:
    control: Component = dmc.Select(
        id=control_id,
        value=value,
        data=[{"value": name, "label": words} for name, words in labels],
        allowDeselect=False,
        searchable=searchable,
        size="xs",
        className="wp-field-box",
        **aria(label=label),
    )
    return control


def _table() -> Component:
    grid = dag.AgGrid(
        id=ids.GRID,
        columnDefs=[],
        rowData=[],
        defaultColDef={"sortable": True, "resizable": True, "suppressMovable": True},
        getRowId="params.data.device",
        dashGridOptions=grid_options(tooltipShowDelay=200, rowHeight=36),
        className="wp-grid wp-top-grid",
        style=draw.table_style(),
    )
    return card(
        "Ranking",
        html.Div(
            [grid, html.Div(id=ids.GRID_COVER, className="wp-chart-cover wp-top-cover")], className="wp-top-table"
        ),
        aside=[html.Span(id=ids.NOTE), download_menu(ids.TABLE, "Download this table", picture=False)],
        heading_id=ids.HEADING,
    )


def _chart() -> Component:
    return card(
        "As bars",
        chart(ids.CHART, "The same ranking as bars"),
        aside=download_menu(ids.CHART, "Download this chart"),
        class_name="wp-top-chart",
    )


def _registry() -> tuple[list[Metric], list[str]]:
    try:
        with store().connect() as connection:
            found, fleets = list_metrics(connection), list_fleets(connection)
    except StoreUnavailable:
        found, fleets = [], []
    return found or [Metric(0, "speed", "m/s", "Speed", "position")], fleets


keep_in_url(ids.PAGE, ids.METRIC, ids.STAT, ids.N, ids.ORDER, ids.FLEET)
clientside_callback(
    ClientsideFunction("waypostTop", "openBar"), Input({"chart": ids.CHART, "part": "graph"}, "clickData")
)


def _ranking(period: Period, wanted: Asked) -> Ranking | None:
    def load() -> tuple[Ranking | None]:
        with store().connect() as connection:
            return (
                load_ranking(
                    connection,
                    wanted.metric,
                    span_of(period),
                    stat=wanted.stat,
                    n=wanted.n,
                    lowest=wanted.order == "asc",
                    fleet=wanted.fleet,
                ),
            )

    return shared().get(("top", wanted, period.start, period.end), load)[0]


@callback(
    output={
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "heading": Output(ids.HEADING, "children"),
        "note": Output(ids.NOTE, "children"),
        "columns": Output(ids.GRID, "columnDefs"),
        "rows": Output(ids.GRID, "rowData"),
        "table_style": Output(ids.GRID, "style"),
        "grid_cover": Output(ids.GRID_COVER, "children"),
        "chart": Output(figure_id(ids.CHART), "data"),
        "cover": Output(cover_id(ids.CHART), "children"),
        "table_download": Output(download_id(ids.TABLE), "data"),
        "chart_download": Output(download_id(ids.CHART), "data"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "metric": Input(ids.METRIC, "value"),
        "stat": Input(ids.STAT, "value"),
        "n": Input(ids.N, "value"),
        "order": Input(ids.ORDER, "value"),
        "fleet": Input(ids.FLEET, "value"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "units": Input(UNITS, "data"),
        "_site": Input("site", "data"),
    },
    running=waiting(ids.PAGE),
)
def show(
    *,
    _tick: int | None,
    metric: str,
    stat: object,
    n: object,
    order: object,
    fleet: object,
    chosen: object,
    units: object,
    _site: object,
) -> dict[str, Any]:
    """Rank, and draw it; while the database is away the last picture stays, under a banner."""
    now = datetime.now(UTC)
    kept: dict[str, Any] = dict.fromkeys(_DRAWN, no_update)
    number = known_n(n)
    if number is None:
        return kept | {
            "banner": failed(f"How many devices? Give a whole number from 1 to {MOST}."),
            "answer": no_answer(now),
        }
    wanted = Asked(metric, known_stat(stat), number, "asc" if order == "asc" else "desc", known_fleet(fleet), ())
    try:
        period = shared_period(chosen, now)
        ranking = _ranking(period, wanted)
    except BadPeriod as bad:
        return kept | {"banner": failed(str(bad)), "answer": no_answer(now)}
    except StoreUnavailable:
        return kept | {"banner": failed(UNAVAILABLE), "answer": no_answer(now)}
    if ranking is None:
        return kept | {"banner": failed("There is no such metric any more. Choose another."), "answer": no_answer(now)}
    shown = draw.ranked_as(ranking.metric, ranking.stat, chosen_units(units))
    question = download_of(
        "/api/v1/top", period, metric=metric, stat=wanted.stat, n=number, order=wanted.order, fleet=wanted.fleet,
        **shown_unit(shown),
    )  # fmt: skip
    return {
        "banner": None,
        "answer": answer(now, ranking.newest),
        "heading": draw.heading(ranking, shown, period, lowest=wanted.order == "asc"),
        "note": draw.note(ranking),
        "columns": draw.columns(shown, ranking.stat, with_fleets=any(place.device.fleet for place in ranking.places)),
        "rows": draw.rows(ranking, shown, now),
        "table_style": draw.table_style(len(ranking.places)),
        "grid_cover": draw.cover(ranking, period),
        "chart": draw.ranking_figure(ranking, shown, revision=f"{metric} {stat} {n} {order} {fleet}"),
        "cover": draw.cover(ranking, period),
        "table_download": question,
        "chart_download": question,
    }


_DRAWN = (
    "banner", "answer", "heading", "note", "columns", "rows", "table_style", "grid_cover", "chart", "cover",
    "table_download", "chart_download",
)  # fmt: skip
