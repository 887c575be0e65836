"""Distances and bearings against published ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geo import EARTH_RADIUS_M, bearing_deg, distance_m

LAND_S_END = (50 + 3 / 60 + 59 / 3600, -(5 + 42 / 60 + 53 / 3600))
JOHN_O_GROATS = (58 + 38 / 60 + 38 / 3600, -(3 + 4 / 60 + 12 / 3600))
NASHVILLE, LOS_ANGELES = (36.12, -86.67), (33.94, -118.40)
BAGHDAD, OSAKA = (35.0, 45.0), (35.0, 135.0)

lats = st.floats(min_value=-90, max_value=90)
lons = st.floats(min_value=-180, max_value=180)


def test_lands_end_to_john_o_groats() -> None:
    """C. Veness, Movable Type Scripts: 968.9 km, initial bearing 009°07′11″."""
    assert distance_m(*LAND_S_END, *JOHN_O_GROATS) == pytest.approx(968_900, abs=60)
    assert bearing_deg(*LAND_S_END, *JOHN_O_GROATS) == pytest.approx(9 + 7 / 60 + 11 / 3600, abs=0.5 / 3600)


def test_nashville_to_los_angeles() -> None:
    """Rosetta Code, Haversine formula: 2887.26 km on a radius of 6372.8 km."""
    on_that_radius = distance_m(*NASHVILLE, *LOS_ANGELES) * 6_372_800 / EARTH_RADIUS_M
    assert on_that_radius == pytest.approx(2_887_260, abs=5)


def test_baghdad_sets_out_to_osaka_at_60_degrees() -> None:
    """E. Williams, Aviation Formulary, quoted by Veness: 60° at first, 120° at the end."""
    assert bearing_deg(*BAGHDAD, *OSAKA) == pytest.approx(60, abs=0.3)
    assert (bearing_deg(*OSAKA, *BAGHDAD) + 180) % 360 == pytest.approx(120, abs=0.3)


def test_a_degree_of_the_equator_is_111_195_m() -> None:
    assert distance_m(0, 0, 0, 1) == pytest.approx(111_195.08, abs=0.01)


def test_the_short_way_leads_over_the_date_line() -> None:
    assert distance_m(0, 179.5, 0, -179.5) == pytest.approx(distance_m(0, 0, 0, 1))
    assert bearing_deg(0, 179.5, 0, -179.5) == pytest.approx(90)


@pytest.mark.parametrize(("to", "bearing"), [((1, 0), 0), ((0, 1), 90), ((-1, 0), 180), ((0, -1), 270)])
def test_bearings_turn_clockwise_from_north(to: tuple[float, float], bearing: float) -> None:
    assert bearing_deg(0, 0, *to) == pytest.approx(bearing)


@given(lats, lons, lats, lons)
def test_distance_is_the_same_both_ways_and_at_most_half_the_globe(a: float, b: float, c: float, d: float) -> None:
    there = distance_m(a, b, c, d)
    assert 0 <= there <= 3.1415926536 * EARTH_RADIUS_M
    assert there == pytest.approx(distance_m(c, d, a, b), abs=1e-3)


@given(lats, lons, lats, lons)
def test_a_bearing_is_from_0_to_below_360(a: float, b: float, c: float, d: float) -> None:
    assert 0 <= bearing_deg(a, b, c, d) < 360


@given(lats, lons)
def test_nothing_is_no_distance_from_itself(lat: float, lon: float) -> None:
    assert distance_m(lat, lon, lat, lon) == 0
