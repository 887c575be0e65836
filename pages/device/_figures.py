"""What the Device page shows: pure functions from rows to components and figures."""

from datetime import datetime
from typing import Any, Final

import dash_leaflet as dl
from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.cards import figure_card, figure_skeleton
from components.charts import Figure, band_figure
from components.fields import next_wider, window_words
from components.names import cut_name
from components.quantities import quantity, speed
from components.states import choose, empty
from core.text import age, iso_utc, number
from core.types import DeviceState, state_of
from db.queries.rows import Device, Latest
from pages.device import _ids as ids
from pages.device._journey import CLASSES, Stretches, bounds, journey, mean_and_max, stretches
from pages.device._load import Past

WINDOWS: Final = ("1h", "6h", "24h", "7d")
FIGURE_LABELS: Final = ("Distance", "In motion", "Mean speed", "Max speed", "Points")
_STATES: Final = {DeviceState.MOVING: "Moving", DeviceState.STOPPED: "Stopped", DeviceState.SILENT: "Silent"}


def head(
    device: Device, newest: Latest | None, now: datetime, *, stopped_below: float, silent_after_s: int
) -> list[Component]:
    """Name, label, state, when last seen, and what is known of the device."""
    seen = device.last_seen if newest is None else newest.ts
    seconds = max(0.0, (now - seen).total_seconds())
    state = state_of(
        seconds,
        None if newest is None else newest.speed,
        stopped_below=stopped_below,
        silent_after_s=silent_after_s,
    )
    words = "just now" if age(seconds) == "now" else f"{age(seconds)} ago"
    line: list[Component] = [
        html.Span(
            [html.Span(className="wp-glyph", **aria(hidden="true"), **data(state=state.value)), _STATES[state]],
            className="wp-subject-state",
        ),
        html.Time(f"Last seen {words}", title=_moment(seen), dateTime=iso_utc(seen)),
    ]
    names: list[Component] = [html.H2(cut_name(device.name, 48), className="wp-subject-name")]
    if device.label:
        names.append(html.Span(cut_name(device.label), className="wp-subject-label"))
    return [
        html.Div(names, className="wp-subject-names"),
        html.Div([*line, *_facts(device)], className="wp-subject-line"),
    ]


def _facts(device: Device) -> list[Component]:
    pairs = [("Kind", device.kind), ("Fleet", device.fleet), *sorted(device.attributes.items())]
    return [
        html.Span([html.Span(key, className="wp-fact-key"), cut_name(str(value), 28)], className="wp-fact")
        for key, value in pairs
        if value
    ]


def figures(past: Past, *, stopped_below: float) -> list[Component]:
    """The row of figures of the window."""
    done = journey(past.track, stopped_below=stopped_below)
    mean, most = (None, None) if past.speed is None else mean_and_max(past.speed)
    shown = speed()
    distance, unit = distance_words(done.distance_m)
    along = "Along the points kept for the map; stretches without data are left out"
    total = past.track.total
    kept = len(past.track.points)
    return [
        figure_card(FIGURE_LABELS[0], distance, unit, title=along),
        figure_card(FIGURE_LABELS[1], *duration_words(done.moving_s), title=along),
        figure_card(FIGURE_LABELS[2], shown.text(mean), "" if mean is None else shown.unit, title="Stops included"),
        figure_card(FIGURE_LABELS[3], shown.text(most), "" if most is None else shown.unit),
        figure_card(FIGURE_LABELS[4], number(float(total), digits=1), f"{kept} drawn" if kept < total else ""),
    ]


def figure_skeletons() -> list[Component]:
    """The row before its numbers are known."""
    return [figure_skeleton(label) for label in FIGURE_LABELS]


def track_layers() -> list[Component]:
    """The layers of a track, still without places: one line a class of speed, and its two ends.

    A refresh gives them places (`track_places`). To make them anew would take a tooltip away from under the pointer.
    """
    lines = [
        dl.Polyline(
            id=ids.LINES[kind], positions=[], interactive=False, className=f"wp-track wp-track-{kind + 1}", weight=4
        )
        for kind in range(CLASSES)
    ]
    ends = [
        dl.CircleMarker(
            dl.Tooltip("", id=f"{end}-tip", pane="tooltipPane", className="wp-tip", opacity=1),
            id=end,
            center=[0, 0],
            radius=5 if end == ids.START else 7,
            className="wp-track-start" if end == ids.START else "wp-track-end",
        )
        for end in (ids.START, ids.END)
    ]
    return [*lines, *ends]


def track_places(past: Past) -> dict[str, Any]:
    """The places of the layers: `lines` in the order of their classes, both ends and what they say."""
    lines = [list(some) for some in stretches(past.track, unit=_kmh()).lines]
    if not past.track.points:
        return {"lines": lines, "ends": [[0, 0], [0, 0]], "tips": ["", ""]}
    ends = (past.track.points[0], past.track.points[-1])
    tips = [f"{words} · {_moment(end.ts)}" for words, end in zip(("Start", "Newest place"), ends, strict=True)]
    return {"lines": lines, "ends": [[end.lat, end.lon] for end in ends], "tips": tips}


def legend(cut: Stretches) -> list[Component]:
    """The classes of speed and their bounds in the shown unit."""
    shown = speed()
    limits = [number(shown.shown(cut.step * kind)) for kind in range(len(cut.lines) + 1)]
    limits[-1] = f"{limits[-2]}+"
    items = [
        html.Span(
            [html.Span(className=f"wp-swatch wp-swatch-{kind + 1}"), f"{limits[kind]}–{limits[kind + 1]}"]
            if kind < len(cut.lines) - 1
            else [html.Span(className=f"wp-swatch wp-swatch-{kind + 1}"), limits[-1]],
            className="wp-legend-item",
        )
        for kind in range(len(cut.lines))
    ]
    return [*items, html.Span(shown.unit, className="wp-legend-unit")]


def legend_of(past: Past) -> list[Component]:
    """The legend of a track; none where there is no track."""
    return legend(stretches(past.track, unit=_kmh())) if len(past.track.points) > 1 else []


def map_cover(past: Past, window: str) -> Component | None:
    """What lies over the map where there is no track, or None."""
    return None if past.track.points else _nothing("No places", "It sent no position", window)


def chart_cover(past: Past, window: str) -> Component | None:
    """What lies over the chart where it has nothing to draw, or None."""
    if past.series.points:
        return None
    return _nothing(f"No {quantity(past.metric).label.lower()}", "It sent no such value", window)


def _nothing(what: str, why: str, window: str) -> Component:
    wider = next_wider(window, WINDOWS)
    return empty(
        f"{what} in the last {window_words(window)}",
        f"{why} in this window." + (" A wider one may hold more." if wider else ""),
        choose(f"Show the last {window_words(wider)}", ids.WINDOW, wider) if wider else None,
        picture="route",
    )


def chart_figure(past: Past, window: str) -> Figure:
    """The chosen metric over the window, its mean on a band from min to max."""
    revision = f"{past.device.id} {past.metric.name} {window}"
    return band_figure(past.series, past.span, quantity(past.metric), revision=revision)


def unknown(name: str) -> Component:
    """The page of a device that there is not."""
    return html.Div(
        empty(
            ["No device is called “", cut_name(name, 48), "”"],
            "Nothing has been received under this name. Names count as they are sent: Bus-1 and bus-1 are two devices.",
            dcc.Link("Look for it on the live map", href="/", className="wp-button"),
            picture="search-x",
        ),
        className="wp-page wp-page-centred",
    )


def distance_words(metres: float) -> tuple[str, str]:
    """A distance as people say it, and its unit."""
    return (number(metres / 1000), "km") if metres >= 1000 else (number(round(metres)), "m")


def duration_words(seconds: float) -> tuple[str, str]:
    """A duration as people say it: 45 s, 12 min, 3 h 05 min."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return str(round(seconds)), "s"
    if minutes < 60:
        return str(minutes), "min"
    return f"{minutes // 60} h {minutes % 60:02d}", "min"


def page_title(name: object = "", **_other: object) -> str:
    """The title of the window. Dash writes it into HTML, so what is markup there is left out of the name."""
    clean = str(name).translate({ord(sign): None for sign in "<>&\"'"})
    return f"{clean[:60]} · Waypost" if clean else "Device · Waypost"


def extent(past: Past, window: str) -> dict[str, Any] | None:
    """What the map is to show (assets/shell/track.js): it is fitted anew where `key` changes or the box grows."""
    points = past.track.points
    return {"key": f"{past.device.id} {window}", "bounds": bounds(points)} if points else None


def _kmh() -> float:
    """One shown unit of speed in m/s."""
    return 1 / speed().factor


def _moment(moment: datetime) -> str:
    return iso_utc(moment)[:19].replace("T", " ") + " UTC"
