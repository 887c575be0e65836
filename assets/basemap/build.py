"""Makes land-50m.json and borders-50m.json from Natural Earth, as packaged by npm world-atlas 2.0.2.

    npm pack world-atlas@2.0.2 && tar xf world-atlas-2.0.2.tgz
    python assets/basemap/build.py package/countries-50m.json

Written in Python and not with topojson-client: Dash loads every file under assets/ whose name ends in "js"
into the page, a build script too. What is needed of TopoJSON (https://github.com/topojson/topojson-specification)
is little: undo the quantisation of the arcs, join them to rings, cut these where they cross the antimeridian
(world-atlas has stitched them there; on a flat map they would run right across it), and tell borders (arcs that
two countries share) from coasts. Coordinates keep three decimals, about 100 m, finer than the source.
"""

import itertools
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

DECIMALS: Final = 3
Point = tuple[float, float]
Line = list[Point]


def decode_arcs(topology: dict[str, Any]) -> list[Line]:
    """Arcs in degrees: each is a chain of differences between quantised points."""
    kx, ky = topology["transform"]["scale"]
    dx, dy = topology["transform"]["translate"]
    arcs = []
    for deltas in topology["arcs"]:
        x = y = 0
        line = []
        for step_x, step_y in deltas:
            x, y = x + step_x, y + step_y
            line.append((round(x * kx + dx, DECIMALS), round(y * ky + dy, DECIMALS)))
        arcs.append(line)
    return arcs


def without_repeats(line: Line) -> Line:
    """The line without points that rounding made equal to the one before."""
    return [point for i, point in enumerate(line) if i == 0 or point != line[i - 1]]


def join(arcs: list[Line], indexes: list[int]) -> Line:
    """One line of the arcs in order; ~i stands for arc i backwards, and arcs share their end points."""
    line: Line = []
    for i in indexes:
        arc = arcs[i] if i >= 0 else arcs[~i][::-1]
        line.extend(arc[1:] if line else arc)
    return without_repeats(line)


def polygons_of(geometry: dict[str, Any]) -> Iterator[list[list[int]]]:
    """Each polygon of a geometry or collection as rings of arc indexes."""
    if geometry["type"] == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from polygons_of(part)
    elif geometry["type"] == "Polygon":
        yield geometry["arcs"]
    elif geometry["type"] == "MultiPolygon":
        yield from geometry["arcs"]


def unwrap(ring: Line) -> Line:
    """The ring without jumps at the antimeridian: longitudes run on beyond 180. One round a pole takes it in."""
    jump = next((i for i in range(1, len(ring)) if abs(ring[i][0] - ring[i - 1][0]) > 180), 0)
    turned = ring[jump:-1] + ring[: jump + 1] if jump else ring
    line = [turned[0]]
    shift = 0.0
    for (before, _), (lon, lat) in itertools.pairwise(turned):
        if abs(lon - before) > 180:
            shift += 360 if lon < before else -360
        line.append((lon + shift, lat))
    if line[0][0] != line[-1][0]:
        pole = math.copysign(90.0, line[0][1])
        edge = math.copysign(180.0, line[0][0])  # it began at a jump, so it ends at the other edge of the world
        line = [(edge, pole), (edge, line[0][1]), *line[:-1], (-edge, line[-2][1]), (-edge, pole), (edge, pole)]
    return line


def clip(ring: Line, edge: float, side: int) -> Line:
    """The part of the ring west (side -1) or east (side 1) of a longitude (Sutherland and Hodgman, 1974)."""
    kept: Line = []
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        inside = [(x - edge) * side >= 0 for x in (x1, x2)]
        if inside[0] != inside[1]:
            crossing = (edge, round(y1 + (y2 - y1) * (edge - x1) / (x2 - x1), DECIMALS))
            kept.extend([crossing, (x2, y2)] if inside[1] else [crossing])
        elif inside[1]:
            kept.append((x2, y2))
    return without_repeats([*kept, kept[0]]) if kept else []


def cut_at_antimeridian(rings: list[Line]) -> list[list[Line]]:
    """The polygon as polygons that each lie between -180 and 180."""
    unwrapped = [unwrap(ring) for ring in rings]
    pieces = []
    for world in (-360, 0, 360):
        piece = []
        for ring in unwrapped:
            part = clip(clip(ring, world - 180.0, 1), world + 180.0, -1)
            if len(part) >= 4:
                piece.append([(round(x - world, DECIMALS), y) for x, y in part])
        if piece:
            pieces.append(piece)
    return pieces


def land(topology: dict[str, Any], arcs: list[Line]) -> dict[str, Any]:
    """All land as one MultiPolygon; rings that rounding collapsed are left out."""
    polygons = []
    for polygon in polygons_of(topology["objects"]["land"]):
        rings = [ring for ring in (join(arcs, indexes) for indexes in polygon) if len(ring) >= 4]
        if rings:
            polygons.extend(cut_at_antimeridian(rings))
    return {"type": "MultiPolygon", "coordinates": polygons}


def borders(topology: dict[str, Any], arcs: list[Line]) -> dict[str, Any]:
    """The lines between countries: arcs that two countries use."""
    users: Counter[int] = Counter()
    for country in topology["objects"]["countries"]["geometries"]:
        used = {i if i >= 0 else ~i for polygon in polygons_of(country) for ring in polygon for i in ring}
        users.update(used)
    lines = [without_repeats(arcs[i]) for i, count in sorted(users.items()) if count > 1]
    return {"type": "MultiLineString", "coordinates": [line for line in lines if len(line) > 1]}


def write(path: Path, geometry: dict[str, Any]) -> None:
    """Write a FeatureCollection of one feature, as compact as JSON can be."""
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    text = json.dumps({"type": "FeatureCollection", "features": [feature]}, separators=(",", ":"))
    path.write_text(text + "\n", encoding="ascii")


def main(source: Path) -> None:
    """Read the topology and write both files beside this script."""
    topology = json.loads(source.read_text(encoding="utf-8"))
    arcs = decode_arcs(topology)
    here = Path(__file__).parent
    write(here / "land-50m.json", land(topology, arcs))
    write(here / "borders-50m.json", borders(topology, arcs))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
