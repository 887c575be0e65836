import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geo import distance_m
from simulate.recording import Row
from simulate.timeline import KEPT_SILENCE_S, Timeline, between
from tests.simulate.fakes import EPOCH_US, row

PLACES = st.tuples(st.floats(-89, 89), st.floats(-180, 180))


def moved(lon_by: float) -> float:
    return -97.0 + lon_by


def test_a_device_moves_evenly_between_fixes() -> None:
    track = Timeline([row("a", 0), row("a", 100, lon=moved(0.01), speed=20.0)]).tracks[0]
    sample = track.at(50)
    assert sample is not None
    assert sample.lon == pytest.approx(moved(0.005))
    assert sample.speed == pytest.approx(distance_m(30, -97, 30, -96.99) / 100)
    assert sample.heading == pytest.approx(90, abs=0.01)
    assert track.at(-1) is None
    assert track.at(101) is None


def test_recorded_zero_does_not_stop_a_bus_that_moved_and_a_repeated_speed_does_not_move_one_that_stood() -> None:
    track = Timeline(
        [
            row("a", 0, speed=0.0),
            row("a", 100, lon=moved(0.01), speed=9.0),
            row("a", 200, lon=moved(0.01), speed=9.0),
        ]
    ).tracks[0]
    speeds = [sample.speed for t in (0, 50, 100, 150) if (sample := track.at(t))]
    assert speeds == [pytest.approx(9.63, abs=0.01), pytest.approx(9.63, abs=0.01), 0.0, 0.0]
    standing, last = track.at(150), track.at(200)
    assert standing is not None
    assert standing.heading == pytest.approx(90, abs=0.01)  # kept from the movement before
    assert last is not None
    assert last.speed == 9.0  # nothing follows that could contradict it


def test_silent_in_a_long_gap_and_through_a_jump() -> None:
    steps = [(0, 0.0), (100, 0.01), (800, 0.02), (810, 0.03)]  # 960 m in 10 s at the end
    timeline = Timeline([row("a", t, lon=moved(x)) for t, x in steps] + [row("b", t, lat=0) for t in range(0, 900, 99)])
    track = timeline.tracks[0]
    assert [track.at(t) is not None for t in (50, 100, 101, 799, 800, 805, 810)] == [1, 1, 0, 0, 1, 0, 1]
    assert Timeline([row("a", 0, speed=60.0), row("a", 10, lon=moved(0.01))]).tracks[0].at(5) is not None


def test_report_gives_the_last_fix_once_after_falling_silent() -> None:
    track = Timeline([row("a", 0), row("a", 100)]).tracks[0]
    last = track.report(95, 105)
    assert last is not None
    assert last.t == 100
    assert track.report(105, 115) is None


def test_own_headings_are_used_and_turn_the_short_way() -> None:
    track = Timeline([row("a", 0, heading=350.0), row("a", 100, heading=20.0, lon=moved(0.01))]).tracks[0]
    headings = [sample.heading for t in (0, 50, 100) if (sample := track.at(t))]
    assert headings == [350.0, pytest.approx(5.0), 20.0]


def test_heading_is_unknown_until_it_moves() -> None:
    track = Timeline([row("a", 0), row("a", 100), row("a", 200, lat=30.01)]).tracks[0]
    assert [sample.heading for t in (50, 150) if (sample := track.at(t))] == [None, pytest.approx(0.0)]


def test_duplicates_merge_and_the_same_trip_goes_on() -> None:
    rows = [
        row("a", 0, extras={"trip_id": "1"}),
        row("a", 0, extras={"trip_id": "1"}),
        row("a", 100, extras={"trip_id": "2"}),
        row("a", 100, extras={"trip_id": "1"}),
    ]
    timeline = Timeline(rows)
    assert len(timeline.tracks[0].times) == 2
    assert len(timeline.times) == 4  # as recorded they are all there
    sample = timeline.tracks[0].at(100)
    assert sample is not None
    assert sample.extras == {"trip_id": "1"}


def test_an_outage_is_cut_and_nothing_moves_through_it() -> None:
    timeline = Timeline([row("a", 0), row("a", 100, lon=moved(0.01)), row("a", 500, lon=moved(0.02)), row("a", 600)])
    assert timeline.cuts == 1
    assert timeline.times == [0, 100, 100 + KEPT_SILENCE_S, 200 + KEPT_SILENCE_S]
    track = timeline.tracks[0]
    assert track.at(100.5) is None  # 400 s apart would be near enough, but it is now a jump of 1 s
    assert timeline.recorded_us(100) == EPOCH_US + 100_000_000
    assert timeline.recorded_us(100 + KEPT_SILENCE_S) == EPOCH_US + 500_000_000
    assert timeline.playing_s(EPOCH_US + 300_000_000) == 100 + KEPT_SILENCE_S


def test_a_timeline_needs_rows() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Timeline([])


@given(PLACES, PLACES, st.floats(0, 1))
def test_positions_lie_between_fixes_also_across_the_antimeridian(
    a: tuple[float, float], b: tuple[float, float], part: float
) -> None:
    lat, lon = between(a, b, part)
    assert min(a[0], b[0]) - 1e-9 <= lat <= max(a[0], b[0]) + 1e-9
    assert -180 <= lon <= 180
    shorter = abs((b[1] - a[1] + 540) % 360 - 180)
    for end in (a, b):
        assert abs((lon - end[1] + 540) % 360 - 180) <= shorter + 1e-9


def test_across_the_antimeridian() -> None:
    assert between((0, 179), (0, -179), 0.75) == pytest.approx((0, -179.5))


FIXES = st.lists(
    st.builds(
        row,
        st.sampled_from("ab"),
        st.floats(0, 5000),
        st.floats(29.9, 30.1) | st.none(),
        st.floats(-97.1, -96.9),
        speed=st.none() | st.floats(0, 40),
        heading=st.none() | st.floats(0, 359.9),
        altitude=st.none() | st.floats(-10, 9000),
    ).map(lambda fix: fix if fix.lat is not None else Row(fix.device, fix.ts)),
    min_size=1,
    max_size=30,
)


@given(FIXES, st.lists(st.floats(0, 5001), max_size=20))
def test_whatever_was_recorded_samples_are_sound(rows: list[Row], moments: list[float]) -> None:
    timeline = Timeline(rows)
    assert all(b - a <= 300 for a, b in pairwise(timeline.times))
    for track in timeline.tracks:
        assert all(a < b for a, b in pairwise(track.times))
        placed = [fix for fix in rows if fix.device == track.device and fix.lat is not None]
        lats = [fix.lat for fix in placed if fix.lat is not None]
        for t in moments:
            sample = track.at(t)
            if sample is None:
                continue
            assert sample.lat is not None
            assert min(lats) - 1e-9 <= sample.lat <= max(lats) + 1e-9
            assert sample.heading is None or 0 <= sample.heading < 360
            assert sample.speed is None or 0 <= sample.speed <= 80


@given(FIXES)
def test_recorded_and_playing_time_go_with_each_other(rows: list[Row]) -> None:
    timeline = Timeline(rows)
    for fix, t in zip(timeline.rows, timeline.times, strict=True):
        assert timeline.recorded_us(t) == fix.ts
        assert timeline.playing_s(fix.ts) == t
    back = [timeline.recorded_us(t / 10) for t in range(math.ceil(timeline.length * 10))]
    assert all(a <= b for a, b in pairwise(back))
