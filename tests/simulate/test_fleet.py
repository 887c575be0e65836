"""What an invented fleet does must be possible on the ground."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geo import bearing_deg, distance_m
from simulate.fleet import Fleet
from simulate.kinds import KINDS

MUNICH = (48.14, 11.58)
ALL = slice(0, 60)


def fleet(
    count: int = 60, lat: float = MUNICH[0], lon: float = MUNICH[1], radius_m: float = 3000, seed: int = 1
) -> Fleet:
    return Fleet(count, lat=lat, lon=lon, radius_m=radius_m, seed=seed)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-75, 75),
    st.floats(-180, 180),
    st.sampled_from([500.0, 2000.0, 30_000.0]),
    st.sampled_from([0.05, 0.3, 1.0, 7.0]),
    st.integers(0, 2**32),
)
def test_vehicles_stay_inside_and_move_as_their_kind_can(
    lat: float, lon: float, radius: float, step: float, seed: int
) -> None:
    vehicles = fleet(lat=lat, lon=lon, radius_m=radius, seed=seed)
    kinds = {kind.name: kind for kind in KINDS}
    for _ in range(60):
        before = (vehicles.lat.copy(), vehicles.lon.copy(), vehicles.speed.copy(), vehicles.battery.copy())
        vehicles.move(ALL, step)
        for i, name in enumerate(vehicles.kinds):
            kind, at = kinds[name], (vehicles.lat[i], vehicles.lon[i])
            assert distance_m(lat, lon, *at) <= radius * 1.001
            assert 0 <= vehicles.speed[i] <= kind.top
            assert -kind.brakes * step - 1e-9 <= vehicles.speed[i] - before[2][i] <= kind.accelerates * step + 1e-9
            assert distance_m(before[0][i], before[1][i], *at) <= kind.top * step + 0.01, "no jumps"
            assert 0 <= vehicles.battery[i] <= 1


def test_the_distance_between_two_reports_is_what_the_speed_says() -> None:
    vehicles = fleet()
    for _ in range(300):
        lat, lon, speed = vehicles.lat.copy(), vehicles.lon.copy(), vehicles.speed.copy()
        vehicles.move(ALL, 0.5)
        for i in range(60):
            mean = (speed[i] + vehicles.speed[i]) / 2
            assert distance_m(lat[i], lon[i], vehicles.lat[i], vehicles.lon[i]) == pytest.approx(mean * 0.5, abs=0.02)


def test_the_heading_is_where_it_moves() -> None:
    vehicles, checked = fleet(), 0
    for _ in range(300):
        lat, lon, heading = vehicles.lat.copy(), vehicles.lon.copy(), vehicles.heading.copy()
        vehicles.move(ALL, 0.5)
        for i in range(60):
            if distance_m(lat[i], lon[i], vehicles.lat[i], vehicles.lon[i]) < 0.5:
                continue
            turned = math.remainder(math.degrees(vehicles.heading[i] - heading[i]), 360)
            moved = bearing_deg(lat[i], lon[i], vehicles.lat[i], vehicles.lon[i])
            middle = math.degrees(heading[i]) + turned / 2
            assert abs(math.remainder(moved - middle, 360)) < 1.0
            checked += 1
    assert checked > 5000


def test_bends_are_no_tighter_than_the_kind_can_drive() -> None:
    vehicles = fleet()
    kinds = {kind.name: kind for kind in KINDS}
    for _ in range(400):
        heading, speed = vehicles.heading.copy(), vehicles.speed.copy()
        vehicles.move(ALL, 0.5)
        for i, name in enumerate(vehicles.kinds):
            turn = abs(math.remainder(vehicles.heading[i] - heading[i], 2 * math.pi)) / 0.5
            mean = (speed[i] + vehicles.speed[i]) / 2
            assert turn * kinds[name].radius <= mean + 1e-9
            assert turn * max(mean, 0.1) <= kinds[name].sideways + 1e-9


def test_most_of_them_move_and_all_of_them_turn_and_stop_at_times() -> None:
    vehicles = fleet()
    moving, stopped, headings = [], np.zeros(60, bool), np.zeros((60, 8), bool)
    for _ in range(1800):
        vehicles.move(ALL, 1.0)
        moving.append(float(np.mean(vehicles.speed > 0.5)))
        stopped |= vehicles.speed == 0
        headings[np.arange(60), (vehicles.heading / (math.pi / 4)).astype(int) % 8] = True
    assert min(moving) > 0.45
    assert 0.6 < np.mean(moving) < 0.95
    assert np.mean(stopped) > 0.95
    assert headings.sum(axis=1).min() >= 3


def test_batteries_drain_while_driving_and_are_charged_while_standing() -> None:
    vehicles, charged = fleet(), np.zeros(60, bool)
    for _ in range(3000):
        battery = vehicles.battery.copy()
        vehicles.move(ALL, 1.0)
        rises = vehicles.battery > battery
        assert not np.any(rises & (vehicles.speed > 3.5)), "only a vehicle that stands, or comes to, is charged"
        charged |= rises
    assert vehicles.battery.min() > 0.05
    assert charged.any()
    assert not charged.all()


def test_the_same_seed_gives_the_same_fleet_and_another_another() -> None:
    one, same, other = fleet(seed=7), fleet(seed=7), fleet(seed=8)
    for vehicles in (one, same, other):
        for _ in range(100):
            vehicles.move(slice(0, 30), 1.0)
            vehicles.move(slice(30, 60), 1.0)
    assert np.array_equal(one.lat, same.lat)
    assert np.array_equal(one.battery, same.battery)
    assert one.names == same.names
    assert not np.array_equal(one.lat, other.lat)


def test_there_are_several_kinds_and_fleets_and_every_name_is_its_own() -> None:
    vehicles = Fleet(1000, lat=0, lon=0, radius_m=5000, seed=1, prefix="x-")
    assert set(vehicles.kinds) == {kind.name for kind in KINDS}
    assert len(set(vehicles.fleets)) >= 6
    assert len(set(vehicles.names)) == 1000
    assert all(name.startswith(f"x-{kind}-") for name, kind in zip(vehicles.names, vehicles.kinds, strict=True))


@pytest.mark.parametrize(
    "lat, lon, radius", [(0, 0, 100), (0, 0, 1e6), (80, 0, 5000), (0, 200, 5000), (0, 0, math.nan)]
)
def test_areas_that_cannot_be_driven_in_are_refused(lat: float, lon: float, radius: float) -> None:
    with pytest.raises(ValueError, match="must"):
        fleet(lat=lat, lon=lon, radius_m=radius)
