"""Trips and stops are told from places alone: no database."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geo import distance_m
from core.types import from_micros, to_micros
from db.queries.trips import Phase, TripRules, Way, leg_metres, phases

T0 = to_micros(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
DEGREE_M = 111_195.08
RULES = TripRules(stopped_below=0.5, stop_at_least_s=180, trip_at_least_m=200, gap_at_least_s=600, gap_of_usual=5)


def way(*places: tuple[float, float, float | None]) -> Way:
    """Places of (seconds, metres north of the equator, m/s or None)."""
    seconds, metres, speeds = (np.array(column, dtype=float) for column in zip(*places, strict=True))
    return Way((seconds * 1e6).astype("i8") + T0, metres / DEGREE_M, np.zeros(len(places)), speeds)


def driving(start: int, end: int, metres: float, speed: float = 10.0) -> list[tuple[float, float, float]]:
    """A place a minute, at a steady speed."""
    return [(t, metres + (t - start) * speed, speed) for t in range(start, end, 60)]


def kinds(found: list[Phase]) -> list[str]:
    return [phase.kind for phase in found]


def test_a_drive_a_long_stop_and_a_drive_are_three_phases_with_their_figures() -> None:
    stop = [(t, 6000.0, 0.0) for t in range(600, 1500, 60)]
    found = phases(way(*driving(0, 600, 0), *stop, *driving(1500, 2100, 6000)), RULES)
    assert kinds(found) == ["trip", "stop", "trip"]
    drive, rest, _ = found
    assert drive.distance_m == pytest.approx(6000, rel=1e-3)
    assert (drive.seconds, rest.seconds) == (600, 840)
    assert drive.mean_speed == pytest.approx(9.5, rel=1e-3)  # on its last leg it slows down to nothing
    assert drive.max_speed == 10
    assert rest.distance_m == 0


def test_a_red_light_is_part_of_its_trip_and_scatter_round_a_parked_device_is_no_trip() -> None:
    light = [(t, 6000.0, 0.0) for t in (600, 660, 720)]
    assert kinds(phases(way(*driving(0, 600, 0), *light, *driving(760, 1300, 6000)), RULES)) == ["trip"]
    scatter = [(60.0 * i, 40.0 * (i % 2), 1.2) for i in range(4)]
    calm = [(240 + 60.0 * i, 0.0, 0.0) for i in range(20)]
    assert kinds(phases(way(*scatter, *calm), RULES)) == ["stop"]


def test_a_gap_is_no_trip_and_has_no_speed_but_an_hourly_reporter_has_none() -> None:
    found = phases(way(*driving(0, 600, 0), *driving(9000, 9600, 50_000)), RULES)
    assert kinds(found) == ["trip", "gap", "trip"]
    assert (found[1].mean_speed, found[1].max_speed) == (None, None)
    assert found[1].distance_m == pytest.approx(50_000 - 5400, rel=1e-3)
    assert kinds(phases(way(*[(3600.0 * i, 20_000.0 * i, None) for i in range(6)]), RULES)) == ["trip"]


def test_without_reported_speeds_they_come_from_place_and_time() -> None:
    found = phases(way((0, 0, None), (60, 600, None), (120, 2400, None)), RULES)
    assert kinds(found) == ["trip"]
    assert found[0].max_speed == pytest.approx(30, rel=1e-3)


@pytest.mark.parametrize("places", [[], [(0.0, 0.0, 1.0)]])
def test_fewer_than_two_places_have_no_phases(places: list[tuple[float, float, float]]) -> None:
    columns = np.array(places, dtype=float).reshape(-1, 3)
    assert phases(Way(columns[:, 0].astype("i8"), columns[:, 1], columns[:, 1], columns[:, 2]), RULES) == []


@given(
    steps=st.lists(
        st.tuples(
            st.integers(1, 4_000_000_000),  # microseconds
            st.floats(-0.02, 0.02),
            st.floats(-0.02, 0.02),
            st.one_of(st.none(), st.floats(0, 60)),
        ),
        min_size=2,
        max_size=60,
    ),
    rules=st.builds(
        TripRules,
        stopped_below=st.floats(0, 5),
        stop_at_least_s=st.floats(0, 2000),
        trip_at_least_m=st.floats(0, 3000),
        gap_at_least_s=st.floats(1, 3000),
        gap_of_usual=st.floats(1, 10),
    ),
)
def test_phases_cover_the_way_without_overlap_and_their_distances_are_those_of_the_legs(
    steps: list[tuple[int, float, float, float | None]], rules: TripRules
) -> None:
    after, north, east, speeds = zip(*steps, strict=True)
    micros = np.cumsum(np.array(after, dtype="i8")) + T0
    lat, lon = np.cumsum(north), np.cumsum(east)
    made = Way(micros, lat, lon, np.array(speeds, dtype=float))
    found = phases(made, rules)
    assert (found[0].start, found[-1].end) == (from_micros(int(micros[0])), from_micros(int(micros[-1])))
    for one, other in pairwise(found):
        assert one.end == other.start
        assert one.kind != other.kind
    assert all(phase.start < phase.end for phase in found)
    assert sum(phase.legs for phase in found) == len(steps) - 1
    legs = [distance_m(lat[i], lon[i], lat[i + 1], lon[i + 1]) for i in range(len(steps) - 1)]
    assert leg_metres(made) == pytest.approx(legs, rel=1e-6, abs=1e-3)
    assert sum(phase.distance_m for phase in found) == pytest.approx(sum(legs), rel=1e-6, abs=1e-3)
    for phase in found:
        assert (phase.mean_speed is None) == (phase.kind == "gap")
        if phase.mean_speed is not None and phase.max_speed is not None:
            assert phase.mean_speed <= phase.max_speed * (1 + 1e-9) + 1e-9
        if phase.kind == "trip":
            assert phase.distance_m >= rules.trip_at_least_m * (1 - 1e-9)
