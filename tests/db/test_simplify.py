"""Simplified tracks: never more points than asked for, and the way, its stops and its gaps are still there."""

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from core.types import from_micros
from db.engine import engine_of
from db.queries import track
from db.queries.rows import Span
from db.queries.simplify import Floats, Places, simplify, thin
from db.queries.track import device_track
from simulate.recording import find_recording, read_recording
from tests.db.conftest import SECOND, T0, Storing, message

DEGREE_M = 111_195.0
"""Metres a degree of latitude on the sphere."""
Way = tuple[Floats, Floats, Floats]


def floats(seconds: object, lat: object, lon: object) -> Way:
    return array(seconds), array(lat), array(lon)


def array(values: object) -> Floats:
    return np.array(values, dtype=np.float64)


def straight(count: int, step_s: float = 10.0) -> Way:
    """Due north from the equator at 10 m/s, a point every `step_s`."""
    seconds = np.arange(count) * step_s
    return floats(seconds, seconds * 10 / DEGREE_M, np.zeros(count))


def shape_errors(way: Way, kept: Places) -> Floats:
    """Metres from each point to the line through those kept, in a plane around each stretch of it."""
    _, lat, lon = way
    errors = np.zeros(len(lat))
    for a, b in pairwise(kept.tolist()):
        scale = np.array([DEGREE_M * np.cos(np.radians(lat[a])), DEGREE_M])
        points = (np.stack([lon[a : b + 1], lat[a : b + 1]], axis=1) - [lon[a], lat[a]]) * scale
        end = points[-1]
        share = np.clip(points @ end / max(float(end @ end), 1e-9), 0, 1)
        errors[a : b + 1] = np.hypot(*(points - share[:, None] * end).T)
    return errors


def every_kth(count: int, most: int) -> Places:
    step = -(-(count - 1) // (most - 1))
    return np.unique(np.append(np.arange(0, count, step), count - 1))


coordinates = st.lists(st.tuples(st.floats(0, 1e5), st.floats(-90, 90), st.floats(-180, 180)), min_size=1, max_size=300)


@given(coordinates, st.integers(2, 100))
def test_never_more_than_asked_for_and_both_ends(points: list[tuple[float, float, float]], most: int) -> None:
    way = floats(*zip(*sorted(points), strict=True))
    kept = simplify(*way, most)
    assert len(kept) <= max(most, min(2, len(points)))
    assert (kept[0], kept[-1]) == (0, len(points) - 1)
    assert (np.diff(kept) > 0).all()
    if len(points) <= most:
        assert len(kept) == len(points)


@given(coordinates, st.integers(20, 60))
def test_thinning_keeps_what_is_outermost_and_both_ends(points: list[tuple[float, float, float]], most: int) -> None:
    seconds, lat, lon = floats(*zip(*sorted(points), strict=True))
    kept = thin(seconds, lat, lon, most)
    assert (kept[0], kept[-1]) == (0, len(points) - 1)
    assert (lat[kept].min(), lat[kept].max()) == (lat.min(), lat.max())
    pause = int(np.diff(seconds).argmax()) if len(points) > 1 else 0
    longest = np.diff(seconds[kept]).max() if len(kept) > 1 else 0
    assert longest >= (seconds[pause + 1] - seconds[pause] if len(points) > 1 else 0)


def test_thinning_leaves_about_as_many_as_asked_for() -> None:
    rng = np.random.default_rng(3)
    way = floats(np.arange(100_000), rng.normal(30, 1, 100_000), rng.normal(179, 2, 100_000))
    assert 5_000 < len(thin(*way, 10_000)) <= 10_200


def test_the_largest_of_two_detours_is_kept_in_metres_not_in_degrees() -> None:
    seconds, lat, lon = straight(101)
    lat += 60
    lon[30] += 0.0016  # 89 m at this latitude
    lon[60] += 0.0020  # 111 m
    lat[90] += 0.0008  # 89 m, but along the way: no detour
    assert simplify(seconds, lat, lon, 3).tolist() == [0, 60, 100]
    _, level, east = floats(seconds, np.full(101, 60.0), seconds * 10 / DEGREE_M * 2)
    level[40] += 0.0009  # 100 m
    assert simplify(seconds, level, east, 3).tolist() == [0, 40, 100]


def test_a_metre_counts_the_same_in_the_south_and_in_the_north_along_and_across() -> None:
    seconds, lat, lon = straight(1001, step_s=600.0)  # from the equator to 54 degrees north
    lon[100] += 0.00100  # 111 m
    lon[900] += 0.00140  # 103 m at 48.6 degrees
    assert simplify(seconds / 1000, lat, lon, 3).tolist() == [0, 100, 1000]
    place = np.arange(201)
    corner = floats(place, 60 + np.minimum(place, 100) / 1000, np.maximum(place - 100, 0) / 500)
    corner[2][50] += 0.0016  # 89 m across the way north
    corner[1][150] += 0.0009  # 100 m across the way east
    assert simplify(*corner, 4).tolist() == [0, 100, 150, 200]


def test_a_way_across_the_antimeridian_is_simplified_like_any_other() -> None:
    rng = np.random.default_rng(5)
    seconds, lat, lon = floats(np.arange(500), *np.cumsum(rng.normal(0, 1e-3, (2, 500)), axis=1))
    across = array((lon + 180 + 180) % 360 - 180)
    assert across.min() < -179 < 179 < across.max()
    assert simplify(seconds, lat, across, 50).tolist() == simplify(seconds, lat, lon, 50).tolist()


def test_begin_and_end_of_a_stop_are_kept() -> None:
    seconds, lat, lon = straight(400)
    lat[200:] -= lat[200] - lat[150]
    lat[150:200] = lat[150]
    kept = simplify(seconds, lat, lon, 3)
    assert {150, 199, 200} & set(kept.tolist()), "the one point left shows that it stopped"
    kept = simplify(seconds, lat, lon, 4)
    assert kept[1:3].tolist() == pytest.approx([150, 199], abs=2)


def test_both_ends_of_a_gap_are_kept_and_no_other_step_looks_like_one() -> None:
    seconds, lat, lon = straight(6000)
    seconds[3000:] += 7200
    kept = simplify(seconds, lat, lon, 1000)
    assert {2999, 3000} <= set(kept.tolist())
    steps = np.diff(seconds[kept])
    assert np.sort(steps)[-1] == 7210
    assert np.sort(steps)[-2] <= 600


def test_points_on_one_line_are_not_kept_without_need() -> None:
    assert simplify(*straight(30, step_s=1.0), 20).tolist() == [0, 29]


def bus() -> Way:
    """The longest way of the recording."""
    rows = read_recording(find_recording("transit-austin-2015")).rows
    ways: dict[str, dict[int, tuple[float, float]]] = {}
    for row in rows:
        assert row.lat is not None
        assert row.lon is not None
        ways.setdefault(row.device, {})[row.ts] = (row.lat, row.lon)
    longest = max(ways.values(), key=len)
    return floats([ts / 1e6 for ts in longest], *zip(*longest.values(), strict=True))


@pytest.mark.parametrize(("most", "share"), [(40, 0.75), (100, 0.5), (200, 0.5)])
def test_the_shape_of_a_recorded_way_is_kept_far_better_than_by_every_kth_point(most: int, share: float) -> None:
    way = bus()
    ours = shape_errors(way, simplify(*way, most))
    other = shape_errors(way, every_kth(len(way[0]), most))
    assert ours.max() < other.max() / 2
    assert np.sqrt((ours**2).mean()) < np.sqrt((other**2).mean()) * share


def test_a_stored_track_is_read_in_pieces_and_simplified_by_the_same_rule(
    engine: Engine, storing: Storing, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(7)
    lat, lon = (array(np.cumsum(rng.normal(0, 1e-4, 4000))) for _ in range(2))
    sent = [
        message("a", i * 60.5, lat=lat[i], lon=lon[i], speed=30.56, altitude=None if i % 2 else 12.1)
        for i in range(4000)
    ]
    storing.store([*sent, message("b", 7.0), message("a", 30.0, lat=None, lon=None, speed=1.0)])
    monkeypatch.setattr(track, "_AT_ONCE", 2000)
    span = Span(from_micros(T0), from_micros(T0 + 4000 * 61 * SECOND))
    with engine.connect() as connection:
        found = device_track(connection, storing.registry.devices["a"], span, max_points=300)
        monkeypatch.setattr(track, "_LOOKED_AT", 1000)
        coarse = device_track(connection, storing.registry.devices["a"], span, max_points=200)
    expected = simplify(array(np.arange(4000) * 60.5), lat, lon, 300).tolist()
    assert (found.total, found.simplified, len(found.points)) == (4000, True, 300)
    assert [point.ts for point in found.points] == [from_micros(sent[i].ts) for i in expected]
    assert [(p.lat, p.lon, p.speed, p.altitude, p.heading) for p in found.points] == [
        (lat[i], lon[i], 30.56, None if i % 2 else 12.1, None) for i in expected
    ]
    assert (coarse.total, len(coarse.points)) == (4000, 200)
    assert (coarse.points[0].ts, coarse.points[-1].ts) == (span.start, from_micros(sent[-1].ts))


def test_a_week_at_a_point_a_second_is_simplified_whole(engine: Engine, storing: Storing) -> None:
    """Server-side rows: an eight of 1 km, once an hour, and on the fourth day one spike of a single point."""
    start = from_micros(T0)
    with engine.connect() as connection:
        storage = engine_of(connection)
    every_s = 30 if storage.name == "timescaledb" else 1  # WebAssembly is slow
    writing = storing.writer.connection()
    with writing.transaction():
        storage.make_room(writing, "position", [(start + timedelta(days=day)).date() for day in range(9)])
    writing.execute(
        "INSERT INTO position (ts, received_at, device_id, lat, lon) SELECT %s + make_interval(secs => n), now(), 1,"
        " 30 + 0.009 * sin(n * pi() / 900) + CASE WHEN n = 345600 THEN 1 ELSE 0 END, 0.009 * sin(n * pi() / 1800)"
        " FROM generate_series(0, 604799, %s) n",
        (start, every_s),
    )
    with engine.connect() as connection:
        found = device_track(connection, 1, Span(start, start + timedelta(days=7)), max_points=1000)
        assert connection.execute(text("SELECT count(*) FROM position")).scalar() == found.total
    assert found.total == 604_800 // every_s
    assert len(found.points) <= 1000
    assert sum(point.lat > 30.5 for point in found.points) == 1
    gaps = [b.ts - a.ts for a, b in pairwise(found.points)]
    assert max(gaps) <= timedelta(hours=2)
