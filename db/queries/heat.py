"""Where devices spent their time: counts by the cells of a grid, for a heat map."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from db.queries.latest import Box
from db.queries.playback import fixes_within
from db.queries.rows import Heat, Span

_MOST_FIXES: Final = 100_000
_LOOKS: Final = 60
"""Into so many parts a span is cut, and a device counts once in each."""
_NORTHMOST: Final = 85.051128779806604
"""Degrees; where Web Mercator ends, its world being square."""
_DEEPEST: Final = 24


def heat(connection: Connection, span: Span, *, box: Box | None, cells: int) -> Heat:
    """Counts within `span` and `box` (None: the world), by cells of which at most `cells` cover the longer side."""
    step_s = max(1, math.ceil((span.end - span.start).total_seconds() / _LOOKS))
    fixes = fixes_within(connection, span, step_s=step_s, bbox=box, around=False, most=_MOST_FIXES)
    zoom = zoom_of(box, cells)
    inside = np.abs(fixes.lat) <= _NORTHMOST
    x, y = _tiles(fixes.lat[inside], fixes.lon[inside], zoom)
    if box is not None:
        kept = _within(x, y, box, zoom)
        x, y = x[kept], y[kept]
    found, counts = np.unique(x << 32 | y, return_counts=True)
    return Heat(
        zoom,
        fixes.step_s,
        tuple((found >> 32).tolist()),
        tuple((found & 0xFFFFFFFF).tolist()),
        tuple(counts.tolist()),
    )


def zoom_of(box: Box | None, cells: int) -> int:
    """The deepest zoom at which at most `cells` tiles cover the longer side of a box."""
    if box is None:
        return int(math.log2(cells))
    west, south, east, north = box
    wide = (east - west) % 360 / 360
    high = float(_down(np.array([south]))[0] - _down(np.array([north]))[0])
    side = max(wide, high, 2.0**-_DEEPEST)
    return max(0, min(_DEEPEST, int(math.log2(cells / side))))


def _down(lat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """How far below the northern edge of the world, 0 to 1. https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames"""
    radians = np.radians(np.clip(lat, -_NORTHMOST, _NORTHMOST))
    down: npt.NDArray[np.float64] = (1 - np.arcsinh(np.tan(radians)) / math.pi) / 2
    return down


def _tiles(
    lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64], zoom: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    world = 1 << zoom
    x = np.clip(np.floor((lon + 180) / 360 * world), 0, world - 1).astype(np.int64)
    return x, np.clip(np.floor(_down(lat) * world), 0, world - 1).astype(np.int64)


def _within(x: npt.NDArray[np.int64], y: npt.NDArray[np.int64], box: Box, zoom: int) -> npt.NDArray[np.bool_]:
    """The cells that a box touches."""
    west, south, east, north = box
    [left, right], [top, bottom] = _tiles(np.array([north, south]), np.array([west, east]), zoom)
    wide = (x >= left) & (x <= right) if west <= east else (x >= left) | (x <= right)
    kept: npt.NDArray[np.bool_] = wide & (y >= top) & (y <= bottom)
    return kept
