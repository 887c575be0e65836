"""What the Top N page shows: pure functions from rows to the rows of the table, its columns and the bar chart."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from dash.development.base_component import Component

from components.charts import Figure
from components.names import device_path
from components.period import longer
from components.quantities import Quantity, distance, moving, quantity
from components.states import empty
from core.period import Period, period_words
from core.text import age, number, shorten
from core.units import Units
from db.queries.rows import Bucket, Latest, Metric
from db.queries.top import Statistic
from pages.top._load import Ranking

STAT_LABELS: Final[dict[Statistic, str]] = {
    "mean": "Mean",
    "max": "Max",
    "min": "Min",
    "last": "Last",
    "range": "Range",
    "distance": "Distance travelled",
    "moving": "Time moving",
}
_NAMED_BARS: Final = 20
_LEAST_ROWS: Final = 5
"""A table has room for so many at least, and for what lies over it where nothing is ranked."""
"""So many bars have their names below them; of more they would not be readable."""


def ranked_as(metric: Metric, stat: Statistic, units: Units) -> Quantity:
    """How the values of a ranking are shown."""
    if stat == "distance":
        return distance(units)
    return moving() if stat == "moving" else quantity(metric, units)


def rows(ranking: Ranking, shown: Quantity, now: datetime) -> list[dict[str, Any]]:
    """The rows of the table, as its columns and assets/top/cells.js take them."""
    values = [place.ranked.value for place in ranking.places]
    longest = max((abs(value) for value in values), default=0.0) or 1.0
    return [
        {
            "rank": place.ranked.rank,
            "device": place.device.name,
            "name": shorten(place.device.name, 32),
            "href": device_path(place.device.name),
            "label": place.device.label or "",
            "fleet": place.device.fleet or "",
            "value": _round(place.ranked.value * shown.factor),
            "text": shown.text(place.ranked.value),
            "share": round(abs(place.ranked.value) / longest, 4),
            "n": place.ranked.n,
            "line": spark(place.line.points, ranking, place.line.bucket_s),
            "where": where(place.latest, now),
        }
        for place in ranking.places
    ]


def spark(points: Sequence[Bucket], ranking: Ranking, bucket_s: int) -> list[list[float]]:
    """A line as [x, y] within a box of 1 by 1, y upwards; a gap is a point without y.

    Directions are not stretched to the box: they go from 0 to 360.
    """
    if not points:
        return []
    start, length = ranking.span.start, (ranking.span.end - ranking.span.start).total_seconds()
    means = [bucket.mean for bucket in points]
    low, high = (0.0, 360.0) if ranking.metric.circular else (min(means), max(means))
    height = high - low or 1.0
    found: list[list[float]] = []
    before: datetime | None = None
    for bucket in points:
        if before is not None and (bucket.ts - before).total_seconds() > 1.5 * bucket_s:
            found.append([])
        x = ((bucket.ts - start).total_seconds() + bucket_s / 2) / length
        found.append([round(min(1.0, max(0.0, x)), 3), round((bucket.mean - low) / height, 3)])
        before = bucket.ts
    return found


def where(latest: Latest | None, now: datetime) -> str:
    """The newest place, and how old it is, for the tip over a name."""
    if latest is None or latest.lat is None or latest.lon is None:
        return "No place known"
    seconds = max(0.0, (now - latest.ts).total_seconds())
    words = "just now" if age(seconds) == "now" else f"{age(seconds)} ago"
    return f"{latest.lat:.5f}, {latest.lon:.5f} · {words}"


def columns(shown: Quantity, stat: Statistic, *, with_fleets: bool) -> list[dict[str, Any]]:
    """The columns of the table."""
    unit = f" ({shown.unit})" if shown.unit else ""
    label = shown.label if stat in ("distance", "moving") else f"{STAT_LABELS[stat]} {shown.label.lower()}"
    fleet = {"field": "fleet", "headerName": "Fleet", "flex": 2, "minWidth": 110, "filter": "agTextColumnFilter"}
    return [
        {"field": "rank", "headerName": "#", "width": 64, "type": "rightAligned", "sort": "asc"},
        {
            "field": "device",
            "headerName": "Device",
            "flex": 2,
            "minWidth": 116,
            "filter": "agTextColumnFilter",
            "cellRenderer": "WaypostDevice",
            "tooltipField": "where",
        },
        {
            "field": "value",
            "headerName": f"{label}{unit}",
            "flex": 3,
            "minWidth": 160,
            "filter": "agNumberColumnFilter",
            "cellRenderer": "WaypostBar",
        },
        {"field": "line", "headerName": "Over time", "flex": 2, "minWidth": 120, "sortable": False,
         "cellDataType": False, "cellRenderer": "WaypostSpark"},
        *([fleet] if with_fleets else []),
        {"field": "n", "headerName": "Legs" if stat in ("distance", "moving") else "Values", "width": 104,
         "type": "rightAligned", "filter": "agNumberColumnFilter"},
    ]  # fmt: skip


def table_style(rows: int = 0) -> dict[str, Any]:
    """The style of a table of so many rows; assets/37-top.css says how high that makes it.

    The grid's own height is 400 px, which a class cannot change.
    """
    return {"height": "var(--wp-top-height)", "--wp-top-rows": max(_LEAST_ROWS, rows)}


def ranking_figure(ranking: Ranking, shown: Quantity, *, revision: str) -> Figure:
    """The ranking as bars, in its order; a click on one opens its device."""
    places = ranking.places
    unit = f" {shown.unit}" if shown.unit and shown.unit != "°" else shown.unit
    names = [_escaped(shorten(place.device.name, 32)) for place in places]
    bars: Figure = {
        "type": "bar",
        "x": [place.ranked.rank for place in places],
        "y": [_round(place.ranked.value * shown.factor) for place in places],
        "customdata": [device_path(place.device.name) for place in places],
        "hovertext": [
            f"<b>{name}</b><br>{shown.text(place.ranked.value)}{unit}"
            for name, place in zip(names, places, strict=True)
        ],
        "hovertemplate": "%{x}. %{hovertext}<extra></extra>",
        "meta": {"tone": 0, "part": "bar"},
    }
    named = len(places) <= _NAMED_BARS
    axis: dict[str, Any] = {"fixedrange": True, "range": [0.4, max(len(places), 5) + 0.6], "showline": True}
    if named:
        axis |= {"tickvals": bars["x"], "ticktext": [_escaped(shorten(p.device.name, 14)) for p in places]}
    layout = {
        "uirevision": revision,
        "showlegend": False,
        "bargap": 0.25 if named else 0.1,
        "margin": {"l": 56, "r": 12, "t": 8, "b": 64 if named else 36},
        "xaxis": axis,
        "yaxis": {"fixedrange": True, "nticks": 5} | shown.axis(),
    }
    return {"data": [bars], "layout": layout}


def heading(ranking: Ranking, shown: Quantity, period: Period, *, lowest: bool) -> str:
    """What is ranked, in words."""
    what = shown.label.lower()
    if ranking.stat not in ("distance", "moving"):
        what = f"{STAT_LABELS[ranking.stat].lower()} {what}"
    return f"{'Lowest' if lowest else 'Highest'} {what}, {period_words(period)}"


def note(ranking: Ranking) -> str:
    """How many there are, and what may be missing."""
    n = len(ranking.places)
    found = f"{number(float(n), digits=1)} device{'' if n == 1 else 's'}"
    if ranking.behind:
        return f"{found}; {ranking.behind} hours are still being added up"
    return found


def cover(ranking: Ranking, period: Period) -> Component | None:
    """What lies over table and chart where nothing is ranked, or None."""
    if ranking.places:
        return None
    moved = ranking.stat in ("distance", "moving")
    what = "No device moved" if moved else f"No {quantity(ranking.metric).label.lower()}"
    return empty(
        f"{what} in this period",
        f"Nothing to rank: {period_words(period)}. A longer period or another fleet may hold more.",
        longer(),
        picture="search-x",
    )


def _escaped(text: str) -> str:
    """Plotly takes tags in texts for markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _round(value: float) -> float:
    return float(f"{value:.6g}")
