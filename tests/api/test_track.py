"""A track as files, by parameter and by Accept header, and how long it may be."""

import csv
import io
import time
import xml.etree.ElementTree as ET

import pytest

from core.text import iso_utc
from core.types import from_micros
from tests.api.conftest import Client
from tests.api.feed import SECOND, Feed, message

NOW = time.time_ns() // 1000
DAY = 86_400 * SECOND
TRACK = "/api/v1/devices/depot%2F7/track"
TYPES = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "gpx": "application/gpx+xml",
    "csv": "text/csv; charset=utf-8",
}


@pytest.fixture(autouse=True)
def _track(feed: Feed) -> None:
    """50 places, not on a line; every other value is not known."""
    feed.store(
        message(
            "depot/7",
            NOW - (50 - i) * SECOND,
            30 + i / 100,
            -97 - i * i / 1000,
            speed=i if i % 2 else None,
            altitude=1.5,
            heading=9 if i % 3 else None,
        )
        for i in range(50)
    )


@pytest.mark.parametrize("name, media_type", TYPES.items())
@pytest.mark.parametrize("by_header", [False, True])
def test_the_format_is_chosen_by_parameter_or_by_header(
    api: Client, name: str, media_type: str, by_header: bool
) -> None:
    if by_header:
        answer = api("GET", TRACK, headers={"Accept": f"{media_type.partition(';')[0]}, */*;q=0.1"})
    else:
        answer = api("GET", f"{TRACK}?format={name}", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
    expected = f'attachment; filename="depot_7.{name}"' if name in {"gpx", "csv"} else None
    assert answer.headers.get("content-disposition") == expected
    assert answer.headers["x-total-count"] == "50"


@pytest.mark.parametrize("most", [10, 1000])
def test_all_formats_tell_the_same_track(api: Client, most: int) -> None:
    answers = {name: api.get(TRACK, format=name, max_points=most) for name in TYPES}
    points = answers["json"].json()["points"]
    assert len(points) == min(most, 50) or len(points) <= most
    rows = list(csv.DictReader(io.StringIO(answers["csv"].text, newline="")))
    assert [
        {name: text if name == "ts" else float(text) if text else None for name, text in row.items()} for row in rows
    ] == points

    feature = answers["geojson"].json()
    values = feature["properties"]["coordinateProperties"]
    assert feature["geometry"]["coordinates"] == [[p["lon"], p["lat"], p["altitude"]] for p in points]
    assert values == {name + "s": [p[key] for p in points] for name, key in
                      (("time", "ts"), ("speed", "speed"), ("heading", "heading"))}  # fmt: skip
    assert (feature["properties"]["total"], feature["properties"]["simplified"]) == (50, most < 50)

    space = "{http://www.topografix.com/GPX/1/1}"
    found = list(ET.fromstring(answers["gpx"].content).iter(f"{space}trkpt"))  # noqa: S314 - what we wrote ourselves
    assert [(float(p.attrib["lat"]), float(p.attrib["lon"])) for p in found] == [(p["lat"], p["lon"]) for p in points]
    assert [p.findtext(f"{space}time") for p in found] == [p["ts"] for p in points]


@pytest.mark.parametrize("name", TYPES)
def test_a_device_that_was_nowhere_has_an_empty_track_in_every_format(api: Client, feed: Feed, name: str) -> None:
    feed(message("meter", NOW, None, None, values={"kW": 1}))
    answer = api.get("/api/v1/devices/meter/track", format=name)
    assert (answer.status_code, answer.headers["x-total-count"]) == (200, "0")


@pytest.mark.parametrize("name", TYPES)
def test_an_error_is_a_problem_in_whatever_format_was_asked_for(api: Client, name: str) -> None:
    answer = api("GET", f"/api/v1/devices/nobody/track?format={name}", headers={"Accept": TYPES[name]})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_another_format_is_refused_with_those_there_are(api: Client) -> None:
    answer = api.get(TRACK, format="kml")
    assert answer.status_code == 422
    assert "'json', 'geojson', 'gpx' or 'csv'" in answer.json()["detail"]


def test_a_track_over_too_long_a_span_is_refused_with_the_limit(api: Client) -> None:
    start, end = iso_utc(from_micros(NOW - 40 * DAY)), iso_utc(from_micros(NOW))
    answer = api.get(TRACK, **{"from": start, "to": end})
    assert answer.status_code == 422
    assert "40 days apart" in answer.json()["detail"]
    assert "at most 31 days (WAYPOST_MAX_TRACK_DAYS)" in answer.json()["detail"]
    just = iso_utc(from_micros(NOW // 1000 * 1000 - 31 * DAY))
    assert api.get(TRACK, **{"from": just, "to": end}).status_code == 200
