"""Tracks as GPX, GeoJSON and CSV, read back by the parsers of others; which format a request gets; file names."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request

from api.formats import attachment, choose
from api.formats.geojson import to_geojson
from api.formats.gpx import to_gpx
from api.formats.table import to_csv
from db.queries.rows import Track, TrackPoint

START = datetime(2026, 11, 22, 21, 19, 3, 123000, tzinfo=UTC)
GPX = {"g": "http://www.topografix.com/GPX/1/1", "x": "http://www.garmin.com/xmlschemas/TrackPointExtension/v2"}
HOSTILE = ["<b>&amp;\"'</b>", "línea 🚌", "tab\tline\nbell\x07esc\x1b\ufffe", "]]>", "../../etc/passwd"]


def track(
    *places: tuple[float, float],
    total: int | None = None,
    altitude: float | None = None,
    speed: float | None = None,
    heading: float | None = None,
) -> Track:
    """Places (latitude, longitude) a second apart, all with the same values."""
    points = tuple(
        TrackPoint(START + timedelta(seconds=i), lat, lon, altitude, speed, heading)
        for i, (lat, lon) in enumerate(places)
    )
    return Track(total or len(points), total is not None, points)


def read_gpx(data: bytes) -> ET.Element:
    return ET.fromstring(data)  # noqa: S314 - what we wrote ourselves


def test_gpx_has_every_point_with_all_that_is_known() -> None:
    root = read_gpx(to_gpx("bus", track((30.25, -97.75), (30.5, -97.5), altitude=150.5, speed=8.2, heading=271.0)))
    assert (root.tag, root.get("version")) == (f"{{{GPX['g']}}}gpx", "1.1")
    assert root.findtext("g:trk/g:name", None, GPX) == "bus"
    points = root.findall("g:trk/g:trkseg/g:trkpt", GPX)
    assert [(p.get("lat"), p.get("lon")) for p in points] == [("30.25", "-97.75"), ("30.5", "-97.5")]
    assert [p.findtext("g:ele", None, GPX) for p in points] == ["150.5"] * 2
    assert [p.findtext("g:time", None, GPX) for p in points] == ["2026-11-22T21:19:03.123Z", "2026-11-22T21:19:04.123Z"]
    more = points[0].find("g:extensions/x:TrackPointExtension", GPX)
    assert more is not None
    assert (more.findtext("x:speed", None, GPX), more.findtext("x:course", None, GPX)) == ("8.2", "271.0")
    # The order that the schema prescribes.
    assert [child.tag.partition("}")[2] for child in points[0]] == ["ele", "time", "extensions"]


def test_gpx_leaves_out_what_is_not_known() -> None:
    [point] = read_gpx(to_gpx("bus", track((1.0, 2.0)))).findall("g:trk/g:trkseg/g:trkpt", GPX)
    assert [child.tag.partition("}")[2] for child in point] == ["time"]


def test_gpx_of_nothing_is_still_gpx() -> None:
    root = read_gpx(to_gpx("bus", track()))
    assert len(root.findall("g:trk/g:trkseg", GPX)) == 1


def test_gpx_has_no_exponents_which_its_schema_does_not_know() -> None:
    data = to_gpx("bus", track((1e-05, -2.5e-07), altitude=1e16, heading=360.0)).decode()
    assert 'lat="0.00001" lon="-0.00000025"' in data
    assert "<ele>10000000000000000</ele>" in data
    assert "<gpxtpx:course>0.0<" in data


def test_gpx_says_that_it_was_simplified() -> None:
    root = read_gpx(to_gpx("bus", track((1.0, 2.0), (3.0, 4.0), total=99)))
    assert root.findtext("g:trk/g:desc", None, GPX) == "2 of 99 points"


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_breaks_a_format(name: str) -> None:
    written = track((1.0, 2.0))
    found = read_gpx(to_gpx(name, written)).findtext("g:trk/g:name", None, GPX)
    assert found == name.replace("\x07", "\ufffd").replace("\x1b", "\ufffd").replace("\ufffe", "\ufffd")
    assert json.loads(to_geojson(name, written))["properties"]["device_id"] == name
    assert list(csv.reader(io.StringIO(to_csv(["device"], [[name]]).decode(), newline="")))[1] == [name]


def test_geojson_is_a_line_of_longitude_latitude_altitude() -> None:
    found = json.loads(to_geojson("bus", track((30.25, -97.75), (30.5, -97.5), altitude=150.5, speed=8.2, heading=9.0)))
    assert found == {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[-97.75, 30.25, 150.5], [-97.5, 30.5, 150.5]]},
        "properties": {
            "device_id": "bus",
            "total": 2,
            "simplified": False,
            "coordinateProperties": {
                "times": ["2026-11-22T21:19:03.123Z", "2026-11-22T21:19:04.123Z"],
                "speeds": [8.2, 8.2],
                "headings": [9.0, 9.0],
            },
        },
    }


def test_geojson_of_one_place_is_a_point_and_of_none_has_no_geometry() -> None:
    assert json.loads(to_geojson("bus", track((1.0, 2.0))))["geometry"] == {"type": "Point", "coordinates": [2.0, 1.0]}
    assert json.loads(to_geojson("bus", track()))["geometry"] is None


@pytest.mark.parametrize(
    "places, lines",
    [
        ([(0, 179), (2, -179)], [[[179, 0], [180, 1]], [[-180, 1], [-179, 2]]]),
        ([(0, -179), (2, 179)], [[[-179, 0], [-180, 1]], [[180, 1], [179, 2]]]),
        ([(0, 178), (3, -179)], [[[178, 0], [180, 2]], [[-180, 2], [-179, 3]]]),
        ([(5, 180), (5, -180)], [[[180, 5], [180, 5]], [[-180, 5], [-180, 5]]]),
        ([(0, 179), (2, -179), (0, 179)],
         [[[179, 0], [180, 1]], [[-180, 1], [-179, 2], [-180, 1]], [[180, 1], [179, 0]]]),
    ],
)  # fmt: skip
def test_geojson_is_cut_at_the_antimeridian(places: list[tuple[float, float]], lines: list[object]) -> None:
    found = json.loads(to_geojson("ship", track(*places, speed=1.0)))
    assert found["geometry"] == {"type": "MultiLineString", "coordinates": lines}
    of = found["properties"]["coordinateProperties"]
    for name in ("times", "speeds", "headings"):
        assert [len(part) for part in of[name]] == [len(line) for line in found["geometry"]["coordinates"]]
    assert of["speeds"][0] == [1.0, None]


def test_csv_has_names_iso_times_and_nothing_for_what_is_not_known() -> None:
    data = to_csv(["name", "ts", "n"], [['a,"b"', START, None], ["c", START, 1.5]])
    assert data == (b'name,ts,n\r\n"a,""b""",2026-11-22T21:19:03.123Z,\r\nc,2026-11-22T21:19:03.123Z,1.5\r\n')


@pytest.mark.parametrize(
    "accept, chosen",
    [
        (None, "json"), ("*/*", "json"), ("application/json", "json"), ("text/csv", "csv"), ("TEXT/CSV", "csv"),
        ("text/*", "csv"), ("application/gpx+xml", "gpx"), ("application/geo+json", "geojson"),
        ("text/csv;q=0.5, application/gpx+xml;q=0.9", "gpx"), ("text/csv, */*;q=0.1", "csv"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "json"),
        ("application/json;q=0, text/csv;q=0.1", "csv"), ("image/png", "json"), ("", "json"),
        (";;;q=nonsense,,", "json"),
    ],
)  # fmt: skip
def test_the_accept_header_chooses(accept: str | None, chosen: str) -> None:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    request = Request({"type": "http", "headers": headers})
    assert choose(request, None, ("json", "geojson", "gpx", "csv")) == chosen
    assert choose(request, "gpx", ("json", "geojson", "gpx", "csv")) == "gpx"


@pytest.mark.parametrize(
    "name, value",
    [
        ("bus-8929", 'attachment; filename="bus-8929.gpx"'),
        ("depot/7 gate", 'attachment; filename="depot_7_gate.gpx"'),
        ("../../etc/passwd", 'attachment; filename="etc_passwd.gpx"'),
        ('a"; x="\r\nSet-Cookie: y', 'attachment; filename="a_x_Set-Cookie_y.gpx"'),
        ("línea", "attachment; filename=\"l_nea.gpx\"; filename*=UTF-8''l%C3%ADnea.gpx"),
        ("🚌", 'attachment; filename="waypost.gpx"'),
        ("...", 'attachment; filename="waypost.gpx"'),
        ("x" * 300, f'attachment; filename="{"x" * 100}.gpx"'),
    ],
)
def test_a_file_is_named_so_that_any_system_takes_it(name: str, value: str) -> None:
    assert attachment(name, "gpx") == {"Content-Disposition": value}
