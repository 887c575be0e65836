"""What the History page shows: pure functions from rows to figures, and to what the browser's own code draws."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Any
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from components.charts import Figure
from components.names import device_link
from components.panels import Panel, PanelLine, four_digits, panels_figure, panels_note
from components.quantities import Quantity, quantity
from core.text import iso_utc
from core.types import to_micros
from core.units import Units
from db.queries.rows import Line, Series, Span, Track
from db.queries.trips import GAP_AT_LEAST_S, GAP_OF_USUAL
from pages.history._load import Picture, points_of, seconds_of


def history_figure(picture: Picture, units: Units, *, revision: str) -> Figure:
    """A panel a metric, in each a line a device, and dashed ones of the span before where there are any."""
    return panels_figure(_panels(picture, units), picture.view, revision=revision, marks=picture.marks)


def _panels(picture: Picture, units: Units) -> list[Panel]:
    tones = {device.id: place for place, device in enumerate(picture.picked.devices)}
    names = {device.id: device.name for device in picture.picked.devices}
    later_s = seconds_of(picture.view)

    def drawn(lines: Sequence[Line], metric_id: int, moved_s: int) -> list[PanelLine]:
        return [
            PanelLine(names[line.device_id], tones[line.device_id], line.series, moved_s)
            for line in lines
            if line.metric.id == metric_id
        ]

    return [
        Panel(
            quantity(metric, units),
            (*drawn(picture.before, metric.id, later_s), *drawn(picture.lines, metric.id, 0)),
        )
        for metric in picture.picked.metrics
    ]


def legend(picture: Picture) -> list[Component]:
    """Whose line has which colour; with a comparison, what is dashed."""
    items: list[Component] = [
        html.Span([_swatch(place), device_link(device.name, 24)], className="wp-legend-item")
        for place, device in enumerate(picture.picked.devices)
    ]
    if picture.before:
        words = "dashed: the same length of time before"
        items.append(html.Span([html.Span(className="wp-dashed"), words], className="wp-legend-item"))
    return items


def _swatch(tone: int) -> Component:
    return html.Span(className=f"wp-tone wp-tone-{tone}", **aria(hidden="true"))


def note(picture: Picture) -> str:
    """How to read the panels."""
    return panels_note([line.series.bucket_s for line in picture.lines])


def download(picture: Picture, units: Units) -> dict[str, str]:
    """The question to the API whose answer is what is drawn, in the units shown (components/download.py)."""
    count = len(picture.lines) + len(picture.before)
    asked = {
        "device": [device.name for device in picture.picked.devices],
        "metric": [metric.name for metric in picture.picked.metrics],
        "from": iso_utc(picture.view.start),
        "to": iso_utc(picture.view.end),
        "points": points_of(count),
        **({"before": "true"} if picture.before else {}),
        "speed_unit": units.speed,
        "length_unit": units.length,
    }
    return {"url": f"/api/v1/lines?{urlencode(asked, doseq=True)}"}


def has_values(picture: Picture) -> bool:
    """Whether there is anything to draw."""
    return any(line.series.points for line in (*picture.lines, *picture.before))


def overview(picture: Picture, units: Units) -> dict[str, Any]:
    """The first metric over the whole period, for assets/history/brush.js: ms of UTC, values in the shown unit."""
    shown = quantity(picture.picked.metrics[0], units)
    tones = {device.id: place for place, device in enumerate(picture.picked.devices)}
    return {
        "from": to_micros(picture.period.start) // 1000,
        "to": to_micros(picture.period.end) // 1000,
        "label": shown.label,
        "lines": [
            {"tone": tones[line.device_id], **_thin_line(line.series, shown)}
            for line in picture.overview
            if line.series.points
        ],
    }


def _thin_line(series: Series, shown: Quantity) -> dict[str, Any]:
    """`at` in buckets of `dx` ms from `x0` on; `y` the mean."""
    first = to_micros(series.points[0].ts)
    step = series.bucket_s * 1_000_000
    return {
        "x0": first // 1000,
        "dx": series.bucket_s * 1000,
        "at": [(to_micros(bucket.ts) - first) // step for bucket in series.points],
        "y": [four_digits(shown.shown(bucket.mean)) for bucket in series.points],
    }


def tracks_data(tracks: Sequence[tuple[str, Track]], tones: Sequence[int], key: str) -> dict[str, Any]:
    """Where devices were, for assets/history/tracks.js: seconds after `t0` (ms of UTC), degrees to 1 m.

    `cuts` are the places of points before which nobody knows what happened; the map is fitted anew where `key` changes.
    """
    made = []
    for (name, of), tone in zip(tracks, tones, strict=True):
        if not of.points:
            continue
        t0 = to_micros(of.points[0].ts) // 1000
        seconds = [round((to_micros(point.ts) // 1000 - t0) / 1000, 1) for point in of.points]
        made.append(
            {
                "name": name,
                "tone": tone,
                "t0": t0,
                "at": seconds,
                "lat": [round(point.lat, 5) for point in of.points],
                "lon": [round(point.lon, 5) for point in of.points],
                "cuts": _cuts(seconds),
            }
        )
    return {"key": key, "tracks": made}


def _cuts(seconds: Sequence[float]) -> list[int]:
    apart = [later - earlier for earlier, later in pairwise(seconds)]
    if not apart:
        return []
    longest = max(GAP_AT_LEAST_S, GAP_OF_USUAL * median(apart))
    return [place + 1 for place, gap in enumerate(apart) if gap > longest]


def view_key(names: Sequence[str], span: Span | None, period: str) -> str:
    """Names what the map is fitted to: other devices, another zoom or period; not the next second of the same."""
    zoom = "" if span is None else f"{span.start.isoformat()}~{span.end.isoformat()}"
    return "\n".join([*names, zoom, period])
