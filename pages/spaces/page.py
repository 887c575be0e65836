"""Spaces: how many people are in each, what the day was like, and how sure that is."""

import contextlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import anyio.to_thread
import dash
import dash_leaflet as dl
import dash_mantine_components as dmc
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from auth.callbacks import known_visitor
from auth.roles import Visitor
from components.address import address, keep_in_url
from components.cards import card, figure_row
from components.charts import chart, cover_id, figure_id
from components.context import store
from components.download import download_id, download_menu, download_of
from components.map import base_map
from components.period import chosen_period, longer, period_id, period_picker, span_of
from components.refresh import answer, answer_id, no_answer, refresh, tick_id, waiting
from components.states import UNAVAILABLE, empty, failed
from core.errors import BadPeriod, StoreUnavailable
from core.occupancy import LiveCount
from core.period import Period, period_words
from core.types import from_micros
from pages.spaces import (
    _editing,  # noqa: F401 - its callbacks
)
from pages.spaces import _figures as draw
from pages.spaces import _ids as ids
from pages.spaces import _parts as parts
from pages.spaces._load import WEEKS, Tile, chosen_of, load_chosen, load_heat, load_tiles
from pages.spaces._places import View, markers, view_of
from pages.spaces._tiles import tile_skeletons
from pages.spaces._tiles import tiles as draw_tiles

dash.register_page(__name__, path="/spaces", name="Spaces", title="Spaces · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types

_DEFAULTS = {"space": ""}
_HEAT_EVERY = 12
"""The heat map is made anew with each so many-th refresh: it is of weeks."""


def layout(space: object = None, **_other: object) -> Component:
    """The frame with skeletons; the first answer fills it."""
    view = _first_view()
    return html.Div(
        [
            address(ids.PAGE, _DEFAULTS),
            html.Data(id=ids.SPACE, value=space if isinstance(space, str) else "", hidden=True),
            dcc.Store(id=ids.CHANGED),
            dcc.Store(id=ids.CHOSEN_NAME),
            html.Div(
                [
                    html.Div(id=ids.ACTIONS, className="wp-space-actions"),
                    html.Div(
                        [period_picker(ids.PAGE, from_="now/d", to="now"), refresh(ids.PAGE, "heat")],
                        className="wp-tools-right",
                    ),
                ],
                className="wp-tools",
            ),
            html.Div(id=ids.SAID, className="wp-said", role="status"),
            html.Div(id=ids.BANNER, className="wp-banner"),
            html.Div(tile_skeletons(), id=ids.TILES, className="wp-spaces"),
            html.Div(_about_one(), id=ids.CHOSEN, className="wp-space-chosen"),
            _map_card(view),
            dmc.Modal(
                html.Div(id=ids.FORM),
                id=ids.DIALOG,
                title="Set up a space",
                size="xl",
                centered=True,
                closeButtonProps={"aria-label": "Close"},
            ),
        ],
        className="wp-page",
    )


def _about_one() -> list[Component]:
    return [
        figure_row(parts.figure_skeletons(), ids.FIGURES),
        html.Div(
            [
                card(
                    "People over time",
                    chart(ids.CHART, "The count as reported, and as reconciled in its error band"),
                    aside=[draw.chart_key(), download_menu(ids.CHART, "Download this chart")],
                    class_name="wp-space-day",
                    heading_id=ids.CHART_HEADING,
                ),
                card("Corrections", html.Div(id=ids.DRIFT), class_name="wp-space-drift"),
            ],
            className="wp-space-middle",
        ),
        html.Div(
            [
                card(
                    f"By weekday and hour, over {WEEKS} weeks",
                    html.Div(id=ids.HEAT),
                    aside=html.Span(id=ids.HEAT_NOTE),
                ),
                card("Doors", html.Div(id=ids.DOORS, className="wp-scroll", tabIndex="0"), class_name="wp-space-doors"),
            ],
            className="wp-space-lower",
        ),
    ]


def _first_view() -> View | None:
    try:
        with store().connect() as connection:
            return view_of(load_tiles(connection, {}, datetime.now(UTC)))
    except StoreUnavailable:
        return None


def _map_card(view: View | None) -> Component:
    """Without a sensor whose place is known there is nothing to see on a map; its layer needs one all the same."""
    layer = dl.LayerGroup(id=ids.PLACES)
    if view is None:
        return html.Div(dl.MapContainer([layer], id=ids.MAP, center=[0, 0], zoom=2), hidden=True)
    settings = store().settings
    shown = base_map(
        map_id=ids.MAP,
        layers=[layer],
        tiles_url=settings.tiles_url,
        tiles_attribution=settings.tiles_attribution,
        center=view.center,
        zoom=view.zoom,
    )
    return card("Where they are", html.Div(shown, className="wp-space-map"))


keep_in_url(ids.PAGE, ids.SPACE)


@callback(
    output={
        "banner": Output(ids.BANNER, "children"),
        "answer": Output(answer_id(ids.PAGE), "data"),
        "tiles": Output(ids.TILES, "children"),
        "places": Output(ids.PLACES, "children"),
        "hidden": Output(ids.CHOSEN, "hidden"),
        "figures": Output(ids.FIGURES, "children"),
        "chart": Output(figure_id(ids.CHART), "data"),
        "cover": Output(cover_id(ids.CHART), "children"),
        "heading": Output(ids.CHART_HEADING, "children"),
        "download": Output(download_id(ids.CHART), "data"),
        "drift": Output(ids.DRIFT, "children"),
        "doors": Output(ids.DOORS, "children"),
        "note": Output(ids.HEAT_NOTE, "children"),
        "name": Output(ids.CHOSEN_NAME, "data"),
    },
    inputs={
        "_tick": Input(tick_id(ids.PAGE), "n_intervals"),
        "_changed": Input(ids.CHANGED, "data"),
        "space": Input(ids.SPACE, "value"),
        "chosen": Input(period_id(ids.PAGE), "data"),
        "name": State(ids.CHOSEN_NAME, "data"),
    },
    running=waiting(ids.PAGE),
)
async def show(_tick: int | None, _changed: object, space: str, chosen: object, name: str | None) -> dict[str, Any]:
    """Ask how many people are in each space, and what the chosen one was like; without one it is the first."""
    now = datetime.now(UTC)
    kept: dict[str, Any] = dict.fromkeys(_DRAWN, no_update)
    live: dict[str, LiveCount] = {}
    with contextlib.suppress(StoreUnavailable):
        live = dict(await store().live.read_counts())
    try:
        period = chosen_period(chosen, now)
        who = await anyio.to_thread.run_sync(known_visitor)
        drawn = await anyio.to_thread.run_sync(_draw, live, space, period, now, who)
    except BadPeriod as bad:
        return kept | {"banner": failed(str(bad)), "answer": no_answer(now)}
    except StoreUnavailable:
        return kept | {"banner": failed(UNAVAILABLE), "answer": no_answer(now)}
    if drawn["name"] == name:  # so that what depends on it, buttons among them, is not drawn anew under a click
        drawn["name"] = no_update
    return drawn | {"banner": None, "answer": answer(now, await _known_at(now, live))}


async def _known_at(now: datetime, live: dict[str, LiveCount]) -> datetime | None:
    """Counts are of now as long as an ingest is there to count; without one they are of the newest passage."""
    with contextlib.suppress(StoreUnavailable):
        if await store().live.read_reports():
            return now
    newest = [one.newest for one in live.values() if one.newest is not None]
    return from_micros(max(newest)) if newest else None


def _draw(live: dict[str, LiveCount], space: str, period: Period, now: datetime, who: Visitor | None) -> dict[str, Any]:
    with store().connect() as connection:
        tiles = load_tiles(connection, live, now)
        tile = chosen_of(tiles, space)
        if tile is None:
            kept: dict[str, Any] = dict.fromkeys(_DRAWN, no_update)
            return kept | {"tiles": parts.no_spaces(who), "hidden": True, "places": [], "name": None}
        one = load_chosen(connection, tile.described, span_of(period))
    asked = download_of(f"/api/v1/spaces/{quote(tile.name, safe='')}/history", period, points=2000)
    capacity = tile.described.space.capacity
    return {
        "tiles": draw_tiles(tiles, tile.name),
        "places": markers(tiles),
        "hidden": False,
        "figures": parts.figures(one, tile),
        "chart": draw.day_figure(one.history, one.span, capacity, f"{tile.name} {period.from_} {period.to}", now),
        "cover": None if one.history else _nothing(tile),
        "heading": f"{tile.name}, {period_words(period)}",
        "download": asked,
        "drift": parts.drift_list(one),
        "doors": parts.doors(tile.described, now),
        "note": parts.hours_words(tile.described),
        "name": tile.name,
    }


def _nothing(tile: Tile) -> Component:
    if tile.count is None and not tile.described.sensors:
        return empty("Nothing is counted yet", "No sensor is placed here. Set up which sits at which door.")
    if tile.count is None:
        return empty("Nobody has passed yet", "As soon as one of its sensors sends a crossing, counting begins.")
    return empty("Nothing is known of this period", "Counting had not begun yet.", longer())


@callback(
    Output(ids.HEAT, "children"),
    Input(ids.SPACE, "value"),
    Input(ids.CHANGED, "data"),
    Input(period_id(ids.PAGE), "data"),
    Input(tick_id(ids.PAGE), "n_intervals"),
    State(ids.HEAT, "children"),
    running=waiting(ids.PAGE, "heat"),
)
def show_heat(space: str, _changed: object, chosen: object, tick: int | None, shown: object) -> Any:
    """The heat map, when another space or period is chosen and now and then."""
    if dash.ctx.triggered_id == tick_id(ids.PAGE) and shown and (tick or 0) % _HEAT_EVERY:
        return no_update
    now = datetime.now(UTC)
    try:
        until = min(now, chosen_period(chosen, now).end)
        with store().connect() as connection:
            tiles = load_tiles(connection, {}, now)
            tile = chosen_of(tiles, space)
            return no_update if tile is None else draw.heat_map(load_heat(connection, tile.described, until))
    except (BadPeriod, StoreUnavailable):  # which the callback beside this one says
        return no_update


@callback(Output(ids.ACTIONS, "children"), Input(ids.CHOSEN_NAME, "data"))
def show_actions(name: str | None) -> Any:
    """What the visitor may do."""
    return parts.actions(known_visitor(), name or "")


_DRAWN = (
    "banner", "answer", "tiles", "places", "hidden", "figures", "chart", "cover", "heading", "download", "drift",
    "doors", "note", "name",
)  # fmt: skip
