from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.queries.rows import Bucket, Device, Latest, Metric, Series, Span, Track, TrackPoint
from pages.device import _figures as draw
from pages.device import _ids as ids
from pages.device._journey import bounds, journey, leg_speed, mean_and_max, nice_step, stretches
from pages.device._load import Past, metrics_of
from tests.pages.test_summary import words

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPEED = Metric(1, "speed", "m/s", "Speed", "position")
BATTERY = Metric(4, "battery", "V", "battery", "measurement")
BUS = Device(7, "<b>bus</b>", "Line 7", "bus", None, {"route": "7"}, NOW, NOW - timedelta(seconds=30))
DEGREE_M = 111194.93


def point(seconds: float, lat: float, speed: float | None) -> TrackPoint:
    """A point on the prime meridian."""
    return TrackPoint(NOW + timedelta(seconds=seconds), lat, 0.0, None, speed, None)


def track(*points: TrackPoint, total: int | None = None) -> Track:
    """A track of these points."""
    return Track(len(points) if total is None else total, total is not None, points)


def latest(speed: float | None = 8.0, age_s: float = 30, **values: float) -> Latest:
    """The newest of BUS."""
    return Latest(BUS, NOW - timedelta(seconds=age_s), 0.0, 0.0, None, speed, None, values)


def past(of: Track, points: tuple[Bucket, ...] = ()) -> Past:
    """What BUS did in a day."""
    line = Series(300, points)
    return Past(BUS, latest(), Span(NOW - timedelta(days=1), NOW), of, line, SPEED, line)


def test_distance_and_time_in_motion() -> None:
    done = journey(
        track(point(0, 0, 10), point(60, 0.01, 10), point(120, 0.01, 0), point(180, 0.01, 0)), stopped_below=0.5
    )
    assert done.distance_m == pytest.approx(0.01 * DEGREE_M, rel=1e-4)
    assert done.moving_s == 120


def test_what_happened_in_a_gap_is_not_counted() -> None:
    points = [point(60 * i, 0.001 * i, 5) for i in range(5)] + [point(86400, 1, 5), point(86460, 1.001, 5)]
    done = journey(track(*points), stopped_below=0.5)
    assert done.distance_m == pytest.approx(0.005 * DEGREE_M, rel=1e-4)
    assert done.moving_s == 300


def test_an_hourly_reporter_has_no_gaps() -> None:
    assert journey(track(*(point(3600 * i, 0.1 * i, None) for i in range(4))), stopped_below=0.5).moving_s == 3 * 3600


def test_speed_of_a_leg_without_speeds_comes_from_place_and_time() -> None:
    assert leg_speed(point(0, 0, None), point(100, 0.01, None)) == pytest.approx(11.12, abs=0.01)
    assert leg_speed(point(0, 0, None), point(0, 0.01, None)) == 0


def test_a_track_is_cut_where_its_class_changes() -> None:
    of = track(point(0, 0, 0), point(1, 0.1, 0), point(2, 0.2, 0), point(3, 0.3, 20), point(4, 0.4, 20))
    cut = stretches(of, unit=1)
    assert cut.step == 4
    assert [len(lines) for lines in cut.lines] == [1, 0, 1, 0, 1]
    assert cut.lines[0] == ([[0, 0], [0.1, 0], [0.2, 0]],)
    assert cut.lines[4] == ([[0.3, 0], [0.4, 0]],)


@pytest.mark.parametrize("of", [track(), track(point(0, 1, 5))])
def test_tracks_without_a_leg(of: Track) -> None:
    assert stretches(of, unit=1).lines == ((),) * 5
    assert journey(of, stopped_below=0.5).distance_m == 0


@pytest.mark.parametrize(
    "least, step", [(0, 1), (-1, 1), (0.9, 1), (1, 1), (11.5, 15), (31, 40), (0.021, 0.03), (99, 100)]
)
def test_nice_steps(least: float, step: float) -> None:
    assert nice_step(least) == pytest.approx(step)


def test_bounds_have_room_round_a_single_place() -> None:
    (south, west), (north, east) = bounds([point(0, 1, None)])
    assert south < 1 < north
    assert west < 0 < east


def test_the_mean_weighs_buckets_by_their_values() -> None:
    assert mean_and_max(Series(60, (Bucket(NOW, 10, 0, 20, 3), Bucket(NOW, 30, 0, 50, 1)))) == (15, 50)
    assert mean_and_max(Series(60, ())) == (None, None)


def test_figures() -> None:
    of = track(point(0, 0, 10), point(60, 0.01, 10), total=5000)
    bucket = Bucket(NOW, 10.0, 0.0, 20.0, 4)
    assert [words(card) for card in draw.figures(past(of, (bucket,)), stopped_below=0.5)] == [
        "Distance 1.11 km",
        "In motion 1 min",
        "Mean speed 36 km/h",
        "Max speed 72 km/h",
        "Points 5\u2009000 2 drawn",
    ]
    assert len(draw.figure_skeletons()) == 5


def test_a_refresh_gives_every_layer_its_places() -> None:
    layers: list[Any] = draw.track_layers()
    named = [layer.id for layer in layers]
    assert named == [*ids.LINES, ids.START, ids.END]
    places = draw.track_places(past(track(point(0, 0, 1), point(1, 0.1, 9), point(2, 0.2, 20))))
    assert len(places["lines"]) == len(ids.LINES)
    assert places["ends"] == [[0, 0], [0.2, 0]]
    assert places["tips"][0] == "Start · 2026-11-23 09:00:00 UTC"
    assert draw.track_places(past(track()))["lines"] == [[]] * 5


def test_the_legend_has_round_bounds_in_the_shown_unit() -> None:
    of = track(point(0, 0, 0), point(1, 0.1, 16), point(2, 0.2, 16))
    assert words(draw.legend_of(past(of))).split() == ["0–15", "15–30", "30–45", "45–60", "60+", "km/h"]
    assert draw.legend_of(past(track())) == []


@pytest.mark.parametrize(
    "newest, state",
    [(latest(8.0), "Moving"), (latest(0.1), "Stopped"), (latest(None), "Stopped"), (latest(8.0, 300), "Silent")],
)
def test_the_head_says_the_state(newest: Latest, state: str) -> None:
    said = words(draw.head(BUS, newest, NOW, stopped_below=0.5, silent_after_s=120))
    assert said.startswith("<b>bus</b> Line 7")
    assert state in said
    assert "Kind bus" in said
    assert "Fleet" not in said


def test_empty_windows_offer_a_wider_one() -> None:
    assert "Show the last 7 days" in words(draw.map_cover(past(track()), "24h"))
    assert "Show" not in words(draw.chart_cover(past(track()), "7d"))
    assert draw.map_cover(past(track(point(0, 0, 1))), "24h") is None


def test_an_unknown_device_is_named_and_its_markup_stays_text() -> None:
    assert "No device is called “ <script> ”" in words(draw.unknown("<script>"))


def test_markup_is_left_out_of_the_title_of_the_window() -> None:
    assert draw.page_title("</title><script>") == "/titlescript · Waypost"
    assert draw.page_title() == "Device · Waypost"


@pytest.mark.parametrize("seconds, text", [(45, ("45", "s")), (720, ("12", "min")), (11100, ("3 h 05", "min"))])
def test_durations(seconds: float, text: tuple[str, str]) -> None:
    assert draw.duration_words(seconds) == text


def test_only_metrics_that_the_device_has() -> None:
    every = [SPEED, Metric(2, "altitude", "m", "Altitude", "position"), BATTERY]
    assert metrics_of(latest(8.0, battery=12.0), every) == [SPEED, BATTERY]
    assert metrics_of(None, every) == every[:2]
    assert metrics_of(latest(None), every) == every[:2]
