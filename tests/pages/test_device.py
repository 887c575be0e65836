from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.units import Units
from db.queries.quality import Quality
from db.queries.rows import Bucket, Device, Latest, Line, Metric, Series, Span, Track, TrackPoint
from db.queries.trips import Phase, TripRules
from pages.device import _figures as draw
from pages.device import _ids as ids
from pages.device import _tables as tables
from pages.device._head import head, watch_link
from pages.device._journey import UNKNOWN, bounds, leg_speed, nice_step, stretches, values_along
from pages.device._load import Past, Subject, metrics_of
from tests.pages.test_summary import words

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SPEED = Metric(1, "speed", "m/s", "Speed", "position")
BATTERY = Metric(4, "battery", "V", "battery", "measurement")
BUS = Device(7, "<b>bus</b>", "Line 7", "bus", None, {"route": "7"}, NOW, NOW - timedelta(seconds=30))
UNITS = Units()
GOOD = Quality(10, 10, 0.5, 1, 3600, 2, 0.4, 7, 3)


def point(seconds: float, lat: float, speed: float | None) -> TrackPoint:
    """A point on the prime meridian."""
    return TrackPoint(NOW + timedelta(seconds=seconds), lat, 0.0, None, speed, None)


def track(*points: TrackPoint, total: int | None = None) -> Track:
    """A track of these points."""
    return Track(len(points) if total is None else total, total is not None, points)


def latest(speed: float | None = 8.0, age_s: float = 30, **values: float) -> Latest:
    """The newest of BUS."""
    return Latest(BUS, NOW - timedelta(seconds=age_s), 0.0, 0.0, None, speed, None, values)


def phase(kind: Any, start: float, end: float, metres: float = 0.0, mean: float | None = None) -> Phase:
    """What BUS did between two moments, in seconds after NOW."""
    at = [NOW + timedelta(seconds=second) for second in (start, end)]
    return Phase(kind, at[0], at[1], metres, mean, None if mean is None else 2 * mean, 9)


def past(of: Track, *phases: Phase, metric: Metric = SPEED, points: tuple[Bucket, ...] = ()) -> Past:
    """What BUS did in a day."""
    span = Span(NOW - timedelta(days=1), NOW)
    line = Line(BUS.id, metric, Series(300, points))
    return Past(Subject(BUS, latest(), (metric,)), span, of, phases, True, (line,), metric, GOOD)


def test_speed_of_a_leg_without_speeds_comes_from_place_and_time() -> None:
    assert leg_speed(point(0, 0, None), point(100, 0.01, None)) == pytest.approx(11.12, abs=0.01)
    assert leg_speed(point(0, 0, None), point(0, 0.01, None)) == 0


def test_a_track_is_cut_where_the_class_of_its_metric_changes_and_at_gaps() -> None:
    of = track(point(0, 0, 0), point(1, 0.1, 0), point(2, 0.2, 0), point(3, 0.3, 20), point(4, 0.4, 20))
    cut = stretches(of, values_along(of, SPEED, None), unit=1, from_zero=True)
    assert (cut.base, cut.step) == (0, 4)
    assert [len(lines) for lines in cut.lines] == [1, 0, 1, 0, 1, 0]
    assert cut.lines[0] == ([[0, 0], [0.1, 0], [0.2, 0]],)
    assert cut.lines[4] == ([[0.3, 0], [0.4, 0]],)
    gap = track(*(point(60 * i, 0.001 * i, 5) for i in range(5)), point(86400, 1, 5), point(86460, 1.001, 5))
    assert [len(line) for line in stretches(gap, [5.0] * 7, unit=1, from_zero=True).lines[4]] == [5, 2]


def test_a_metric_that_starts_high_has_its_own_classes_and_where_it_is_not_known_a_line_of_its_own() -> None:
    of = track(*(point(60 * i, 0.1 * i, None) for i in range(4)))
    cut = stretches(of, [None, 503.0, 548.0, None], unit=1, from_zero=False)
    assert (cut.base, cut.step) == (500, 10)
    assert [len(lines) for lines in cut.lines] == [1, 0, 0, 0, 1, 1]
    assert cut.lines[UNKNOWN] == ([[0.2, 0], [0.3, 0]],)


def test_a_measurement_colours_the_points_that_are_near_one_of_its_buckets() -> None:
    of = track(point(0, 0, 5), point(300, 1, 5), point(6000, 2, 5))
    battery = Series(60, (Bucket(NOW, 12.0, 12, 12, 1), Bucket(NOW + timedelta(seconds=240), 11.0, 11, 11, 1)))
    assert values_along(of, BATTERY, battery) == [12.0, 11.0, None]
    assert values_along(of, BATTERY, None) == [None] * 3
    assert values_along(of, replace(SPEED, name="heading"), None) == [None] * 3


@pytest.mark.parametrize("of", [track(), track(point(0, 1, 5))])
def test_tracks_without_a_leg(of: Track) -> None:
    assert stretches(of, values_along(of, SPEED, None), unit=1, from_zero=True).lines == ((),) * 6


@pytest.mark.parametrize(
    "least, step", [(0, 1), (-1, 1), (0.9, 1), (1, 1), (11.5, 15), (31, 40), (0.021, 0.03), (99, 100)]
)
def test_nice_steps(least: float, step: float) -> None:
    assert nice_step(least) == pytest.approx(step)


def test_bounds_have_room_round_a_single_place() -> None:
    (south, west), (north, east) = bounds([point(0, 1, None)])
    assert south < 1 < north
    assert west < 0 < east


def test_figures_are_those_of_the_trips_in_the_units_of_the_user() -> None:
    of = track(point(0, 0, 10), point(60, 0.01, 10), total=5000)
    done = past(of, phase("trip", 0, 60, 1112, 10), phase("stop", 60, 999), phase("trip", 999, 1179, 3336, 20))
    assert [words(card) for card in draw.figures(done, UNITS)] == [
        "Distance 4.45 km",
        "In motion 4 min",
        "Trips 2 1 stop",
        "Mean speed 63 km/h",
        "Max speed 144 km/h",
        "Places 5\u2009000 2 drawn",
    ]
    assert words(draw.figures(done, Units("kn", "ft"))[0]) == "Distance 2.76 mi"
    assert len(draw.figure_skeletons()) == 6
    assert words(draw.figures(past(track()), UNITS)[3]) == "Mean speed –"


def test_a_refresh_gives_every_layer_its_places_and_the_cursor_its_moments() -> None:
    layers: list[Any] = draw.track_layers()
    named = [layer.id for layer in layers]
    assert named == [*ids.LINES, ids.START, ids.END]
    done = past(track(point(0, 0, 1), point(1, 0.1, 9), point(2, 0.2, 20)))
    places = draw.track_places(done, draw.cut_track(done, UNITS), UTC)
    assert len(places["lines"]) == len(ids.LINES)
    assert places["ends"] == [[0, 0], [0.2, 0]]
    assert places["tips"][0] == "Start · 23 Nov 09:00:00"
    track_data = draw.places_data(done)["tracks"][0]
    assert (track_data["at"], track_data["lat"], track_data["cuts"]) == ([0, 1, 2], [0, 0.1, 0.2], [])
    nowhere = past(track())
    assert draw.track_places(nowhere, draw.cut_track(nowhere, UNITS), UTC)["lines"] == [[]] * 6
    assert draw.places_data(nowhere)["tracks"] == []


def test_the_legend_has_round_bounds_in_the_shown_unit() -> None:
    done = past(track(point(0, 0, 0), point(1, 0.1, 16), point(2, 0.2, 16)))
    said = words(draw.legend_of(done, draw.cut_track(done, UNITS), UNITS)).split()
    assert said == ["0–15", "15–30", "30–45", "45–60", "60+", "km/h"]
    unknown = past(done.track, metric=BATTERY)
    assert words(draw.legend_of(unknown, draw.cut_track(unknown, UNITS), UNITS)) == "not known"
    assert draw.legend_of(past(track()), draw.cut_track(past(track()), UNITS), UNITS) == []


@pytest.mark.parametrize(
    "newest, state",
    [(latest(8.0), "Moving"), (latest(0.1), "Stopped"), (latest(None), "Stopped"), (latest(8.0, 300), "Silent")],
)
def test_the_head_says_the_state(newest: Latest, state: str) -> None:
    said = words(head(BUS, newest, NOW, stopped_below=0.5, silent_after_s=120))
    assert said.startswith("<b>bus</b> Line 7")
    assert state in said
    assert "Kind bus" in said
    assert "Fleet" not in said


def test_the_head_leads_to_the_alerts_of_a_device_that_is_in_alert() -> None:
    def leads(*, in_alert: bool) -> str:
        return str(head(BUS, latest(8.0), NOW, stopped_below=0.5, silent_after_s=120, in_alert=in_alert))

    assert "/alerts?subject=%3Cb%3Ebus%3C%2Fb%3E" in leads(in_alert=True)
    assert "/alerts" not in leads(in_alert=False)
    assert "/alerts?new=silence&device=a%2Fb%20%26c" in str(watch_link("a/b &c"))


def test_trips_come_newest_first_and_lead_to_their_part_of_history() -> None:
    done = past(track(), phase("trip", 0, 600, 6000, 10), phase("gap", 600, 4200, 50), phase("stop", 4200, 5000))
    rows: Any = tables.trips_table(done, UNITS, UTC).children.children[1].children
    assert [words(row) for row in rows] == [
        "Stop 23 Nov 10:10:00 13 min – – – History",
        "No data 23 Nov 09:10:00 1 h 00 min 50 m – – History",
        "Trip 23 Nov 09:00:00 10 min 6 km 36 km/h 72 km/h History",
    ]
    link = rows[2].children[-1].children.href
    assert link == (
        "/history?device=%3Cb%3Ebus%3C%2Fb%3E&zoom=2026-11-23T08%3A57%3A30.000Z~2026-11-23T09%3A12%3A30.000Z"
    )
    assert "slower than 1.8 km/h for 3 min" in tables.trips_note(done, TripRules(), UNITS)
    assert "very many" in tables.trips_note(replace(done, whole=False), TripRules(), UNITS)


def test_values_are_weighed_by_their_buckets_and_what_was_not_sent_is_told_apart() -> None:
    buckets = (Bucket(NOW, 10, 0, 20, 3), Bucket(NOW + timedelta(minutes=5), 30, 5, 50, 1))
    row: Any = tables.values_table(past(track(), points=buckets), UNITS, NOW)
    assert words(row).endswith("Speed km/h 28.8 54 0 180 4")
    assert words(tables.values_table(past(track()), UNITS, NOW)).endswith("Speed km/h 28.8 – – – 0")


def test_how_well_it_reports() -> None:
    said = words(tables.quality_list(GOOD))
    assert said == "Covered 50 % Gaps 1, longest 1 h 00 min On the way 0.4 s Late 2 Duplicates 7 Quarantined 3"
    unknown = words(tables.quality_list(replace(GOOD, delay_s=None, late=None)))
    assert "On the way – Late – Duplicates 7" in unknown
    assert [tables.percent(share) for share in (0, 0.001, 0.5, 0.9999, 1)] == [
        "0 %",
        "< 1 %",
        "50 %",
        "> 99 %",
        "100 %",
    ]


def test_empty_periods_say_what_to_do() -> None:
    assert "No places: last hour" in words(draw.map_cover(past(track()), "last hour"))
    assert "No values" in words(draw.chart_cover(past(track()), "last hour"))
    assert draw.map_cover(past(track(point(0, 0, 1))), "last hour") is None
    assert draw.chart_cover(past(track(), points=(Bucket(NOW, 1, 1, 1, 1),)), "last hour") is None


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
