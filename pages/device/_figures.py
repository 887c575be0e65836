"""What the Device page shows: pure functions from rows to components and figures."""

from datetime import datetime, tzinfo
from typing import Any, Final

import dash_leaflet as dl
from dash import dcc, html
from dash.development.base_component import Component

from components.cards import figure_card, figure_skeleton
from components.charts import Figure
from components.names import cut_name
from components.panels import Panel, PanelLine, panels_figure, panels_note
from components.quantities import Quantity, distance, quantity, speed
from components.states import empty
from core.text import number
from core.types import to_micros
from core.units import Units
from pages.device import _ids as ids
from pages.device._journey import CLASSES, Stretches, bounds, legs, stretches, values_along
from pages.device._load import MOST_PANELS, Past

FIGURE_LABELS: Final = ("Distance", "In motion", "Trips", "Mean speed", "Max speed", "Places")


def figures(past: Past, units: Units) -> list[Component]:
    """The row of figures of the period."""
    trips = [phase for phase in past.phases if phase.kind == "trip"]
    metres, seconds = sum(trip.distance_m for trip in trips), sum(trip.seconds for trip in trips)
    shown = speed(units)
    most = max((trip.max_speed for trip in trips if trip.max_speed is not None), default=None)
    along = "Of its trips; stretches without data are left out"
    total, kept = past.track.total, len(past.track.points)
    driven = sum((trip.mean_speed or 0.0) * trip.seconds for trip in trips)
    mean = driven / seconds if seconds > 0 else None
    return [
        figure_card(FIGURE_LABELS[0], *distance_words(metres, units), title=along),
        figure_card(FIGURE_LABELS[1], *duration_words(seconds), title=along),
        figure_card(FIGURE_LABELS[2], str(len(trips)), _stops_words(past)),
        figure_card(FIGURE_LABELS[3], shown.text(mean), "" if mean is None else shown.unit, title="While on a trip"),
        figure_card(FIGURE_LABELS[4], shown.text(most), "" if most is None else shown.unit, title="While on a trip"),
        figure_card(FIGURE_LABELS[5], number(float(total), digits=1), f"{kept} drawn" if kept < total else ""),
    ]


def _stops_words(past: Past) -> str:
    stops = sum(phase.kind == "stop" for phase in past.phases)
    return f"{stops} stop" if stops == 1 else f"{stops} stops"


def figure_skeletons() -> list[Component]:
    """The row before its numbers are known."""
    return [figure_skeleton(label, noted=False) for label in FIGURE_LABELS]


def track_layers() -> list[Component]:
    """The layers of a track, still without places: one line a class of value, and its two ends.

    A refresh gives them places (`track_places`). To make them anew would take a tooltip away from under the pointer.
    """
    lines = [
        dl.Polyline(id=name, positions=[], interactive=False, className=f"wp-track wp-track-{kind + 1}", weight=4)
        for kind, name in enumerate(ids.LINES)
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


def cut_track(past: Past, units: Units) -> Stretches:
    """The track by classes of the metric that colours it."""
    line = past.line(past.metric.name)
    values = values_along(past.track, past.metric, None if line is None else line.series)
    shown = quantity(past.metric, units)
    return stretches(past.track, values, unit=1 / shown.factor, from_zero=shown.from_zero or shown.circular)


def track_places(past: Past, cut: Stretches, zone: tzinfo) -> dict[str, Any]:
    """The places of the layers: `lines` in the order of their classes, both ends and what they say."""
    lines = [list(some) for some in cut.lines]
    if not past.track.points:
        return {"lines": lines, "ends": [[0, 0], [0, 0]], "tips": ["", ""]}
    ends = (past.track.points[0], past.track.points[-1])
    tips = [
        f"{words} · {local_moment(end.ts, zone)}" for words, end in zip(("Start", "Newest place"), ends, strict=True)
    ]
    return {"lines": lines, "ends": [[end.lat, end.lon] for end in ends], "tips": tips}


def legend_of(past: Past, cut: Stretches, units: Units) -> list[Component]:
    """The classes of the metric and their bounds in the shown unit; none where there is no track."""
    if len(past.track.points) < 2:
        return []
    shown = quantity(past.metric, units)
    known = any(cut.lines[:CLASSES])
    items = [_legend_item(kind, _class_words(cut, kind, shown)) for kind in range(CLASSES)] if known else []
    if cut.lines[CLASSES]:
        items.append(_legend_item(CLASSES, "not known"))
    return [*items, html.Span(shown.unit, className="wp-legend-unit")] if known else items


def _class_words(cut: Stretches, kind: int, shown: Quantity) -> str:
    low, high = (number(shown.shown(cut.base + cut.step * place)) for place in (kind, kind + 1))
    return f"{low}+" if kind == CLASSES - 1 and not shown.circular else f"{low}–{high}"


def _legend_item(kind: int, words: str) -> Component:
    return html.Span([html.Span(className=f"wp-swatch wp-swatch-{kind + 1}"), words], className="wp-legend-item")


def places_data(past: Past) -> dict[str, Any]:
    """The track for the cursor that map and charts share (assets/history/tracks.js)."""
    points = past.track.points
    if not points:
        return {"key": "", "tracks": []}
    t0 = to_micros(points[0].ts) // 1000
    track = {
        "name": past.subject.device.name,
        "tone": 0,
        "t0": t0,
        "at": [(to_micros(point.ts) // 1000 - t0) / 1000 for point in points],
        "lat": [round(point.lat, 5) for point in points],
        "lon": [round(point.lon, 5) for point in points],
        "cuts": cuts_of(past),
    }
    return {"key": "", "tracks": [track]}


def cuts_of(past: Past) -> list[int]:
    """The places of points before which nobody knows what happened."""
    follow = set(legs(past.track))
    return [place for place in range(1, len(past.track.points)) if place not in follow]


def map_cover(past: Past, period: str) -> Component | None:
    """What lies over the map where there is no track, or None."""
    return None if past.track.points else nothing("No places", "It sent no position", period)


def chart_cover(past: Past, period: str) -> Component | None:
    """What lies over the charts where they have nothing to draw, or None."""
    if any(line.series.points for line in past.lines):
        return None
    return nothing("No values", "It sent no values", period)


def nothing(what: str, why: str, period: str) -> Component:
    """An empty state that says what to do."""
    return empty(f"{what}: {period}", f"{why} in this period. A longer or another one may hold some.", picture="route")


def chart_figure(past: Past, units: Units, *, revision: str) -> Figure:
    """The metrics of the device in stacked panels."""
    name = past.subject.device.name
    shown = [
        Panel(quantity(line.metric, units), (PanelLine(name, 0, line.series),)) for line in past.lines[:MOST_PANELS]
    ]
    return panels_figure(shown, past.span, revision=revision)


def chart_note(past: Past) -> str:
    """How to read the panels."""
    return panels_note([line.series.bucket_s for line in past.lines])


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


def distance_words(metres: float, units: Units) -> tuple[str, str]:
    """A distance as people say it, and its unit."""
    if units.length == "m" and metres < 1000:
        return number(round(metres)), "m"
    shown = distance(units)
    return shown.text(metres), shown.unit


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


def extent(past: Past, period: str) -> dict[str, Any] | None:
    """What the map is to show (assets/shell/track.js): it is fitted anew where `key` changes or the box grows."""
    points = past.track.points
    return {"key": f"{past.subject.device.id} {period}", "bounds": bounds(points)} if points else None


def local_moment(moment: datetime, zone: tzinfo) -> str:
    """A moment on the clock of a zone: 23 Nov 09:00:05."""
    local = moment.astimezone(zone)
    return f"{local.day} {local:%b %H:%M:%S}"
