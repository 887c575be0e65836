"""The Spaces page's tiles, one a space: pure functions."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import icon
from components.states import skeleton
from core.text import NO_VALUE, number, shorten
from db.queries.spaces import Described
from pages.spaces import _ids as ids
from pages.spaces._load import Tile


def tiles(found: Sequence[Tile], chosen: str) -> list[Component]:
    """A tile a space; the chosen one is pressed."""
    return [_tile(tile, tile.name == chosen) for tile in found]


def tile_skeletons() -> list[Component]:
    """Tiles before anything is known."""
    return [
        html.Div([skeleton("120px", "16px"), skeleton("64px", "32px"), skeleton()], className="wp-box wp-space")
        for _ in range(3)
    ]


def _tile(tile: Tile, pressed: bool) -> Component:
    capacity = tile.described.space.capacity
    share = None if capacity is None or tile.count is None else tile.count / capacity
    level = "" if share is None else " wp-space-full" if share >= 1 else " wp-space-near" if share >= 0.9 else ""
    of = [html.Span(f"of {number(capacity)}", className="wp-space-of")] if capacity is not None else []
    if share is not None and share >= 1:
        of.append(html.Span("full", className="wp-space-state"))
    count = NO_VALUE if tile.count is None else number(tile.count)
    children: list[Any] = [
        html.Span(
            [
                html.Span(shorten(tile.name, 32), className="wp-space-name", title=tile.name),
                *([_in_alert(tile.in_alert)] if tile.in_alert else []),
            ],
            className="wp-space-head",
        ),
        html.Span(
            [
                html.Span(count, className="wp-space-count"),
                *of,
                _trend(tile),
            ],
            className="wp-space-line",
        ),
        html.Span(
            html.Span(style={"width": f"{100 * min(1.0, share or 0.0):.1f}%"}, className="wp-space-fill"),
            className="wp-space-bar" + ("" if share is not None else " wp-space-bar-none"),
        ),
        _bars(tile),
        _sensors(tile.described),
    ]
    return html.Button(
        children,
        type="button",
        className=f"wp-box wp-space{level}",
        **data(target=ids.SPACE, choose=tile.name),
        **aria(pressed=str(pressed).lower()),
    )


def _in_alert(rules: Sequence[str]) -> Component:
    return html.Span([icon("triangle-alert"), "In alert"], className="wp-in-alert", title=", ".join(rules))


def _trend(tile: Tile) -> Component:
    if tile.count is None or tile.hour_ago is None:
        return html.Span(className="wp-space-trend")
    change = tile.count - tile.hour_ago
    sign, words = ("▲", "more") if change > 0 else ("▼", "fewer") if change < 0 else ("=", "as many")
    text = sign if change == 0 else f"{sign} {number(abs(change))}"
    said = f"{number(abs(change))} {words} than an hour ago" if change else "as many as an hour ago"
    return html.Span(
        [html.Span(text, **aria(hidden="true")), html.Span(said, className="wp-unseen")],
        className="wp-space-trend",
        title=said,
    )


def _bars(tile: Tile) -> Component:
    most = max((bar for bar in tile.bars if bar is not None), default=0) or 1
    bars = [
        html.Span(
            className="wp-space-tick" + ("" if bar is not None else " wp-space-tick-none"),
            style={"height": f"{max(4.0, 100 * (bar or 0) / most):.0f}%"},
        )
        for bar in tile.bars
    ]
    return html.Span(bars, className="wp-space-ticks", title="The last six hours", **aria(hidden="true"))


def _sensors(one: Described) -> Component:
    if not one.sensors:
        return html.Span("No sensor is placed here", className="wp-space-sensors wp-space-silent")
    if one.silent:
        text = f"{len(one.silent)} of {len(one.sensors)} sensors silent"
        return html.Span(
            [html.Span(className="wp-ring"), text],
            className="wp-space-sensors wp-space-silent",
            title=", ".join(sensor.device for sensor in one.silent),
        )
    n = len(one.sensors)
    return html.Span(f"{n} sensor{'s' if n > 1 else ''}", className="wp-space-sensors")
