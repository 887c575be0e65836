from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from components.theme import SERIES
from core.units import Units
from db.queries.annotations import Annotation
from db.queries.rows import Bucket, Device, Line, Metric, Series, Span, Track, TrackPoint
from pages.history import _figures as draw
from pages.history import _parts as parts
from pages.history._asked import checked_zoom, read_address, unknown_words, zoom_data, zoom_of
from pages.history._load import MOST_A_LINE, Picked, Picture, before, points_of
from tests.app.process import ROOT
from tests.pages.test_summary import words

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
VIEW = Span(NOW, NOW + timedelta(hours=1))
DAY = Span(NOW - timedelta(days=1), NOW + timedelta(hours=1))
SPEED = Metric(1, "speed", "m/s", "Speed", "position")
LOAD = Metric(4, "load", "kg", "Load", "measurement")
UNITS = Units()
MANY = [f"n{number}" for number in range(100)]
SQL = "'; DROP TABLE device; --"


def device(id_: int, name: str, label: str | None = None) -> Device:
    return Device(id_, name, label, None, None, {}, NOW, NOW)


def line(device_id: int, metric: Metric, *means: float, start: datetime = NOW) -> Line:
    buckets = (Bucket(start + timedelta(minutes=n), mean, mean - 1, mean + 1, 2) for n, mean in enumerate(means))
    return Line(device_id, metric, Series(60, tuple(buckets)))


def picture(*lines: Line, compared: tuple[Line, ...] = (), marks: tuple[Annotation, ...] = ()) -> Picture:
    picked = Picked((device(1, "a"), device(2, "<b>")), (SPEED, LOAD), (), ())
    return Picture(picked, DAY, VIEW, lines, compared, (line(2, SPEED, 1, 2),), marks, NOW)


@pytest.mark.parametrize(
    ("asked", "devices", "metrics", "problems"),
    [
        ((None, None, None, None), (), (), 0),
        (("a", ["speed", "load", "speed"], None, "1"), ("a",), ("speed", "load"), 0),
        ((MANY, MANY, None, "yes"), tuple(MANY[:10]), tuple(MANY[:6]), 2),
        (("<script>alert(1)</script>", SQL, None, None), ("<script>alert(1)</script>",), (SQL,), 0),
        (({"x": 1}, 7, None, None), (), (), 0),
        (("a\0b", "x" * 5000, None, None), (), (), 0),
        (("a", None, "yesterday", None), ("a",), (), 1),
        (("a", None, "2026-01-01T00:00:00Z", None), ("a",), (), 1),
        (("a", None, "2026-01-02T00:00:00Z~2026-01-01T00:00:00Z", None), ("a",), (), 1),
        (("a", None, "2026-01-01T00:00:00~2026-01-02T00:00:00", None), ("a",), (), 1),
        (("a", None, "9999-12-31T23:59:59-14:00~9999-12-31T23:59:59-15:00", None), ("a",), (), 1),
        (("a", None, ["x", "y"], None), ("a",), (), 1),
    ],
)  # fmt: skip
def test_an_address_may_say_anything(
    asked: tuple[object, object, object, object], devices: tuple[str, ...], metrics: tuple[str, ...], problems: int
) -> None:
    found = read_address(*asked)
    assert (found.devices, found.metrics, len(found.problems + found.zoom_problems)) == (devices, metrics, problems)
    assert found.zoom is None
    assert found.compare == (asked[3] == "1")


def test_a_zoom_comes_back_from_the_address_and_from_the_store() -> None:
    found = read_address("a", None, "2026-11-23T09:00:00.000Z~2026-11-23T11:00:00 01:00", None)
    assert found.zoom == VIEW  # in an address + means a space
    assert zoom_of(zoom_data(VIEW)) == VIEW
    assert zoom_data(None) is None
    short = checked_zoom(NOW, NOW + timedelta(milliseconds=10))
    assert (short.end - short.start).total_seconds() == 2
    nonsense: Any
    for nonsense in (
        None,
        7,
        [],
        {},
        {"from": 1},
        {"from": "x", "to": 2},
        {"from": 2, "to": 1},
        {"from": 0, "to": 1e300},
    ):
        assert zoom_of(nonsense) is None


def test_names_that_there_are_not_are_told_and_stay_text() -> None:
    assert unknown_words("device", ["<b>"]) == "No device is called “<b>”. It was left out."
    many = unknown_words("metric", ["a", "b", "c", "d", "e"])
    assert many == "No metrics are called “a”, “b”, “c” and 2 more. They were left out."
    assert words(parts.notices(["<script>"])) == "<script>"


def test_never_more_than_a_few_thousand_points() -> None:
    assert points_of(1) == points_of(0) == MOST_A_LINE
    for lines in range(1, 121):
        assert lines * points_of(lines) <= max(4800, lines * 120)


def test_every_line_has_the_colour_of_its_device_in_the_panel_of_its_metric() -> None:
    shown = picture(line(1, SPEED, 1, 2), line(2, SPEED, 3), line(1, LOAD, 7), line(2, LOAD))
    figure = draw.history_figure(shown, UNITS, revision="r")
    drawn = [(trace["name"], trace["yaxis"], trace["meta"]["tone"], trace["y"]) for trace in figure["data"]]
    assert drawn == [("a", "y", 0, [3.6, 7.2]), ("&lt;b&gt;", "y", 1, [10.8]), ("a", "y2", 0, [7])]
    assert draw.has_values(shown)
    assert not draw.has_values(picture(line(1, SPEED)))
    assert words(draw.legend(shown)) == "a <b>"


def test_what_was_before_lies_dashed_on_the_same_hours() -> None:
    earlier = before(VIEW)
    assert (earlier.end, earlier.end - earlier.start) == (VIEW.start, timedelta(hours=1))
    shown = picture(line(1, SPEED, 1), compared=(line(1, SPEED, 5, start=earlier.start),))
    dashed, now = draw.history_figure(shown, UNITS, revision="r")["data"]
    assert (dashed["line"]["dash"], dashed["meta"]["x0"]) == ("dash", now["meta"]["x0"])
    assert "dashed" in words(draw.legend(shown))
    asked = parse_qs(urlsplit(draw.download(shown, UNITS)["url"]).query)
    assert asked["before"] == ["true"]
    assert (asked["device"], asked["metric"]) == (["a", "<b>"], ["speed", "load"])


def test_the_overview_spans_the_whole_period() -> None:
    made = draw.overview(picture(), UNITS)
    assert (made["to"] - made["from"]) == 25 * 3_600_000
    assert made["lines"] == [{"tone": 1, "x0": 1_795_424_400_000, "dx": 60_000, "at": [0, 1], "y": [3.6, 7.2]}]


def test_tracks_are_sent_small_and_cut_where_nobody_knows() -> None:
    def point(seconds: float, lat: float) -> TrackPoint:
        return TrackPoint(NOW + timedelta(seconds=seconds), lat, 8.123456789, None, None, None)

    way = Track(4, False, (point(0, 50), point(60, 50.1), point(120.06, 50.2), point(9000, 51)))
    made = draw.tracks_data([("a", way), ("nowhere", Track(0, False, ()))], [1, 0], "k")
    assert made["key"] == "k"
    assert made["tracks"] == [
        {
            "name": "a",
            "tone": 1,
            "t0": 1_795_424_400_000,
            "at": [0, 60, 120.1, 9000],
            "lat": [50, 50.1, 50.2, 51],
            "lon": [8.12346] * 4,
            "cuts": [3],
        }
    ]


def test_the_map_is_fitted_anew_for_other_devices_or_another_zoom_alone() -> None:
    key = draw.view_key(["a"], None, "now-1h now")
    assert key == draw.view_key(["a"], None, "now-1h now")
    assert len({key, draw.view_key(["b"], None, "now-1h now"), draw.view_key(["a"], VIEW, "now-1h now")}) == 3


def test_annotations_can_be_removed_by_who_wrote_them_and_by_admins() -> None:
    marks = [
        Annotation(1, NOW, None, None, "<i>towed</i>", "ann", NOW),
        Annotation(2, NOW, NOW + timedelta(days=1), "bus", "rain", "bob", NOW),
    ]

    def buttons(author: str | None, is_admin: bool) -> list[Any]:
        rows: list[Any] = parts.mark_rows(marks, UTC, author=author, is_admin=is_admin)
        return [
            one.id for row in rows for one in row._traverse() if "history-remove" in (getattr(one, "id", None) or "")
        ]

    assert buttons(None, False) == []
    assert buttons("ann", False) == [{"history-remove": 1}]
    assert buttons("root", True) == [{"history-remove": 1}, {"history-remove": 2}]
    said = words(parts.mark_rows(marks, UTC, author=None, is_admin=False))
    assert said == "<i>towed</i> 23 Nov 09:00:00  ·  ann rain 23 Nov 09:00:00 to 24 Nov 09:00:00  ·  bob  ·  bus"


def test_the_picker_offers_each_device_once_and_always_the_chosen_ones() -> None:
    options = parts.device_options([device(1, "a", "Line 7"), device(2, "b", "b")], ["z", "a"])
    assert options == [
        {"value": "z", "label": "z"},
        {"value": "a", "label": "a · Line 7"},
        {"value": "b", "label": "b"},
    ]
    assert parts.unique([*options, *options]) == options


def test_without_a_device_the_page_says_what_to_do() -> None:
    assert "No device has sent anything yet" in words(parts.nobody_chosen([]))
    assert words(parts.nobody_chosen([device(1, "<b>")])).endswith("<b>")


def test_the_swatches_have_the_colours_of_the_lines() -> None:
    css = (ROOT / "assets" / "36-history.css").read_text().lower()
    for scheme, prefix in (("light", "\n"), ("dark", '[data-mantine-color-scheme="dark"] ')):
        for tone, colour in enumerate(SERIES[scheme]):
            start = css.index(f"{prefix}.wp-tone-{tone}")
            assert colour.lower() in css[start : css.index("}", start)], (scheme, tone)
