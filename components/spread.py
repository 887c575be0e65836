"""Charts of how values are spread: over their range, and over the hours of the week. Plain dicts without colours."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from components.charts import Figure
from components.quantities import Quantity
from core.text import THIN_SPACE, number
from db.queries.rows import Distribution, Hour

_UNSEEN: Final = "rgba(0,0,0,0)"
"""Of ticks that are there for the distance alone that they keep labels at."""
DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def histogram_figure(found: Distribution, shown: Quantity, *, revision: str, tone: int = 0) -> Figure:
    """A bar a bin, as high as it has values. Bins are given in stored units, and shown in those of `shown`."""
    edges = [edge * shown.factor for edge in found.edges]
    pairs = list(pairwise(edges))
    unit = _unit(shown)
    words = [
        f"<b>{number(low)} to {number(high)}{unit}</b><br>{_count(n)} values, {100 * n / max(1, found.n):.1f} %"
        for (low, high), n in zip(pairs, found.counts, strict=True)
    ]
    bars: Figure = {
        "type": "bar",
        "x": [_round((low + high) / 2) for low, high in pairs],
        "y": list(found.counts),
        "width": [_round(high - low) for low, high in pairs],
        "hovertext": words,
        "hovertemplate": "%{hovertext}<extra></extra>",
        "meta": {"tone": tone, "part": "bar"},
    }
    axis = {key: value for key, value in shown.axis().items() if key != "rangemode"}
    layout = {
        "uirevision": revision,
        "showlegend": False,
        "bargap": 0,
        "margin": {"l": 56, "r": 12, "t": 8, "b": 44},
        "xaxis": {"fixedrange": True, "nticks": 8} | axis | {"range": [_round(edges[0]), _round(edges[-1])]},
        "yaxis": {"fixedrange": True, "nticks": 5, "rangemode": "tozero", "title": {"text": "Values"}},
    }
    return {"data": [bars], "layout": layout}


def spread_note(found: Distribution) -> str:
    """What was counted, honestly."""
    if found.of == "sample":
        return f"A sample: {_count(found.n)} values of {_count(found.devices)} devices, evenly chosen"
    if found.of == "hours":
        return "Means of each device and hour, as often as they have values"
    return f"All {_count(found.n)} values"


def heat_figure(hours: Sequence[Hour], shown: Quantity, *, revision: str) -> Figure:
    """A cell an hour of the week, coloured by its mean; hours without values show the ground alone."""
    unit = _unit(shown)
    means: list[list[float | None]] = [[None] * 24 for _ in DAYS]
    words = [["No values"] * 24 for _ in DAYS]
    for one in hours:
        means[one.weekday - 1][one.hour] = _round(one.mean * shown.factor)
        words[one.weekday - 1][one.hour] = (
            f"<b>{shown.text(one.mean)}{unit}</b> mean<br>{shown.text(one.min)} to {shown.text(one.max)}{unit}"
            f"<br>{_count(one.n)} values"
        )
    cells: Figure = {
        "type": "heatmap",
        "x": list(range(24)),
        "y": list(DAYS),
        "z": means,
        "text": words,
        "hovertemplate": "%{y} %{x}:00<br>%{text}<extra></extra>",
        "xgap": 2,
        "ygap": 2,
        "colorbar": {"thickness": 10, "outlinewidth": 0, "nticks": 5, "len": 1, "title": {"text": shown.unit}},
        "meta": {"part": "wheel" if shown.circular else "heat"},
    }
    if shown.circular:
        cells |= {"zmin": 0, "zmax": 360}
    ground: Figure = {
        "type": "heatmap",
        "x": cells["x"],
        "y": cells["y"],
        "z": [[0] * 24 for _ in DAYS],
        "xgap": 2,
        "ygap": 2,
        "showscale": False,
        "hoverinfo": "skip",
        "meta": {"part": "ground"},
    }
    hour_labels = [f"{hour:02d}" for hour in range(0, 24, 3)]
    layout = {
        "uirevision": revision,
        "margin": {"l": 44, "r": 8, "t": 8, "b": 32},
        "xaxis": {
            "fixedrange": True,
            "tickvals": list(range(0, 24, 3)),
            "ticktext": hour_labels,
            "range": [-0.5, 23.5],
            "showline": False,
            "zeroline": False,
            "tickcolor": _UNSEEN,
        },
        "yaxis": {
            "fixedrange": True,
            "autorange": "reversed",
            "showgrid": False,
            "type": "category",
            "tickcolor": _UNSEEN,
            "ticklen": 8,
        },
    }
    return {"data": [ground, cells], "layout": layout}


def _unit(shown: Quantity) -> str:
    return f" {shown.unit}" if shown.unit and shown.unit != "°" else shown.unit


def _count(n: int) -> str:
    return number(float(n), digits=1).replace(THIN_SPACE, "\u202f")


def _round(value: float) -> float:
    return float(f"{value:.6g}")
