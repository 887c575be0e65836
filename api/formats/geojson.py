"""A track as GeoJSON (RFC 7946): one Feature, a line of longitude, latitude and, where known, altitude in m.

When, how fast and where to stand in `coordinateProperties`, one value a coordinate, as togeojson writes them from GPX.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from core.text import iso_utc
from db.queries.rows import Track, TrackPoint


@dataclass(slots=True)
class _Line:
    coordinates: list[list[float]] = field(default_factory=list)
    times: list[str | None] = field(default_factory=list)
    speeds: list[float | None] = field(default_factory=list)
    headings: list[float | None] = field(default_factory=list)

    def add(self, point: TrackPoint) -> None:
        altitude = [] if point.altitude is None else [point.altitude]
        self.coordinates.append([point.lon, point.lat, *altitude])
        self.times.append(iso_utc(point.ts))
        self.speeds.append(point.speed)
        self.headings.append(point.heading)

    def add_crossing(self, lon: float, lat: float) -> None:
        """A coordinate on the antimeridian, where the device was at a moment that nobody knows."""
        self.coordinates.append([lon, lat])
        for unknown in (self.times, self.speeds, self.headings):
            unknown.append(None)


def to_geojson(device: str, track: Track) -> bytes:
    """The track of `device`: a LineString, a MultiLineString where it crosses the antimeridian, a Point where it is
    a single one, without a geometry where there is none."""
    lines = list(_lines(track.points))
    properties = {"device_id": device, "total": track.total, "simplified": track.simplified}
    geometry: dict[str, Any] | None = None
    if not lines:
        properties["coordinateProperties"] = {"times": [], "speeds": [], "headings": []}
    elif len(lines) > 1:
        geometry = {"type": "MultiLineString", "coordinates": [line.coordinates for line in lines]}
        properties["coordinateProperties"] = {
            name: [getattr(line, name) for line in lines] for name in ("times", "speeds", "headings")
        }
    else:
        [line] = lines
        single = len(line.coordinates) == 1
        geometry = {
            "type": "Point" if single else "LineString",
            "coordinates": line.coordinates[0] if single else line.coordinates,
        }
        properties["coordinateProperties"] = {name: getattr(line, name) for name in ("times", "speeds", "headings")}
    return orjson.dumps({"type": "Feature", "geometry": geometry, "properties": properties})


def _lines(points: tuple[TrackPoint, ...]) -> Iterator[_Line]:
    """The track, cut where it crosses the antimeridian: otherwise a map would draw it around the world."""
    line = _Line()
    before: TrackPoint | None = None
    for point in points:
        if before is not None and abs(point.lon - before.lon) > 180:
            side = 180.0 if before.lon > 0 else -180.0
            lat = _latitude_at_crossing(before, point)
            line.add_crossing(side, lat)
            yield line
            line = _Line()
            line.add_crossing(-side, lat)
        line.add(point)
        before = point
    if before is not None:
        yield line


def _latitude_at_crossing(one: TrackPoint, other: TrackPoint) -> float:
    """On the straight line of the map, as RFC 7946 draws it (3.1.1)."""
    to_edge = 180 - abs(one.lon)
    width = to_edge + 180 - abs(other.lon)
    return one.lat + (other.lat - one.lat) * (to_edge / width if width else 0.5)
