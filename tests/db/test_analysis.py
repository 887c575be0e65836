"""What the analysis pages show beside summaries: movement, distributions, hours of the week, groups, headings.

Over a whole recording it is what pandas computes from the file, before anything is rolled up and after.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

from core.types import from_micros
from db.database import conninfo
from db.engine import engine_of
from db.maintenance import Keep, Maintenance
from db.queries import distribution as spread
from db.queries.metrics import get_metric
from db.queries.movement import hours_behind, moved
from db.queries.rows import Metric, Span
from db.queries.series import fleet_series
from db.queries.summary import fleet_summary, summary_all, summary_by_device, summary_by_group
from db.queries.top import top_devices
from tests.db.conftest import T0, Storing, message
from tests.db.recorded import messages_of, recording, store, table_of

NAME = "transit-austin-2015"
WHOLE = Span(datetime(2015, 3, 7, tzinfo=UTC), datetime(2015, 3, 9, tzinfo=UTC))
RAGGED = Span(datetime(2015, 3, 7, 14, 17, 23, tzinfo=UTC), datetime(2015, 3, 8, 13, 41, 7, tzinfo=UTC))
AN_HOUR = Span(datetime(2015, 3, 7, 18, 0, tzinfo=UTC), datetime(2015, 3, 7, 19, 0, tzinfo=UTC))
AUSTIN = "America/Chicago"
START = from_micros(T0)


def metric(connection: Connection, name: str = "speed") -> Metric:
    found = get_metric(connection, name)
    assert found is not None
    return found


def maintained(engine: Engine, url: URL, now: datetime) -> None:
    """As the jobs leave it at `now`."""
    with engine.connect() as connection:
        storage = engine_of(connection)
    maintenance = Maintenance(conninfo(url), storage, Keep(), clock=lambda: now)
    maintenance.roll_up()
    while maintenance.keep_movement():
        pass
    maintenance.close()


def legs_of(table: pd.DataFrame) -> pd.DataFrame:
    """device, ts of the end, metres and seconds of every leg that counts, by pandas and numpy."""
    rows = table.dropna(subset=["lat", "lon"]).sort_values(["device", "ts"])
    before = rows.groupby("device").shift()
    lat, lon, lat0, lon0 = (np.radians(one) for one in (rows["lat"], rows["lon"], before["lat"], before["lon"]))
    h = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat0) * np.cos(lat) * np.sin((lon - lon0) / 2) ** 2
    rows = rows.assign(
        metres=2 * 6371008.8 * np.arcsin(np.sqrt(h)), seconds=(rows["ts"] - before["ts"]).dt.total_seconds()
    )
    speed = ((rows["speed"] + before["speed"]) / 2).fillna(rows["metres"] / rows["seconds"])
    return rows[(rows["seconds"] <= 600) & (speed >= 0.5)]


def direction(*degrees: float) -> float:
    """The mean of directions: that of the sum of their unit vectors."""
    return float(np.degrees(np.angle(np.exp(1j * np.radians(degrees)).sum())) % 360)


def inside(table: pd.DataFrame, span: Span) -> pd.DataFrame:
    return table[(table["ts"] >= span.start) & (table["ts"] < span.end)]


def assert_movement(connection: Connection, legs: pd.DataFrame) -> None:
    for span in (WHOLE, RAGGED, AN_HOUR):
        expected = (
            inside(legs, span).groupby("device").agg(n=("ts", "count"), m=("metres", "sum"), s=("seconds", "sum"))
        )
        found = moved(connection, span)
        assert set(found) == set(expected.index)
        for name, row in expected.iterrows():
            one = found[str(name)]
            assert one.n == row["n"]
            assert [one.distance_m, one.moving_s] == pytest.approx([row["m"], row["s"]])
        ranked = top_devices(connection, metric(connection), span, stat="distance", n=5)
        best = expected.sort_values("m", ascending=False).head(5)
        assert [place.device for place in ranked] == list(best.index)
        slow = top_devices(connection, metric(connection), span, stat="moving", n=1, lowest=True)
        assert slow[0].value == pytest.approx(expected["s"].min())


def assert_spread(connection: Connection, table: pd.DataFrame) -> None:
    speed = metric(connection)
    for span in (WHOLE, RAGGED, AN_HOUR):
        rows = inside(table, span)
        found = spread.distribution(connection, speed, span, fleet_summary(connection, speed, span))
        assert found is not None
        counts, _ = np.histogram(rows["speed"].astype(np.float32).astype(str).astype(float), found.edges)
        assert (found.counts, found.of, found.n) == (tuple(counts), "values", len(rows))
        assert found.devices == rows["device"].nunique()
        hours = spread.hours_of_week(connection, speed, span, AUSTIN)
        local = rows["ts"].dt.tz_convert(AUSTIN)
        cells = rows.groupby([local.dt.dayofweek + 1, local.dt.hour])["speed"].agg(["count", "mean", "min", "max"])
        assert [((h.weekday, h.hour), h.n) for h in hours] == list(cells["count"].items())
        assert [h.mean for h in hours] == pytest.approx(cells["mean"].tolist())
        assert [h.max for h in hours] == pytest.approx(cells["max"].tolist())


@pytest.mark.parametrize("storage_database", ["postgresql"], indirect=True)  # minutes in WebAssembly
def test_a_recording_moved_and_is_spread_as_pandas_says(storing: Storing, engine: Engine, database_url: URL) -> None:
    store(storing, messages_of(recording(NAME), speed="mph"))
    table = table_of(recording(NAME), speed="mph")
    legs = legs_of(table)
    with engine.connect() as connection:
        assert_spread(connection, table)
        assert hours_behind(connection, WHOLE) > 0, "many hours are marked, and only the newest are read raw"
    maintained(engine, database_url, WHOLE.end + timedelta(days=1))
    with engine.connect() as connection:
        assert hours_behind(connection, WHOLE) == 0
        assert_movement(connection, legs)
        assert_spread(connection, table)
        # Of ranges and groups.
        rows = inside(table, RAGGED).groupby("device")["speed"].agg(lambda some: some.max() - some.min())
        [first] = top_devices(connection, metric(connection), RAGGED, stat="range", n=1)
        assert first.value == pytest.approx(rows.max())
        groups = summary_by_group(connection, metric(connection), RAGGED)
        assert groups["fleet"] == groups["kind"], "buses of no fleet and no kind"
        [group] = groups["kind"]
        total = fleet_summary(connection, metric(connection), RAGGED)
        assert (group.registered, group.summary.n, group.summary.devices) == (190, total.n, total.devices)
        assert group.summary.mean == pytest.approx(total.mean)
        assert {one.name: found for one, found in summary_all(connection, RAGGED)}["speed"] == total


def test_late_places_change_the_hours_of_both_legs(storing: Storing, engine: Engine, database_url: URL) -> None:
    # T0 is 23:59: the leg from 23:59:00 to 00:03:00 ends in the next hour.
    places = [message("a", second, lat=30 + second / 1e5, speed=None) for second in (-60, 0, 240, 300)]
    storing.store(places)
    span = Span(START - timedelta(hours=1), START + timedelta(hours=2))
    maintained(engine, database_url, START + timedelta(days=1))
    with engine.connect() as connection:
        before = moved(connection, span)["a"]
        assert (before.n, before.moving_s) == (3, 360)
    storing.store([message("a", 120, lat=30.01, speed=None)])  # a detour, reported late
    for _ in ("at once", "and once it is kept"):
        with engine.connect() as connection:
            now = moved(connection, span)["a"]
            assert (now.n, now.moving_s) == (4, 360)
            assert now.distance_m > before.distance_m + 500
            assert moved(connection, Span(START + timedelta(seconds=1), START + timedelta(seconds=119))) == {}
        maintained(engine, database_url, START + timedelta(days=1))


def test_what_stands_and_what_nobody_saw_is_no_movement(storing: Storing, engine: Engine) -> None:
    storing.store([message("stands", s, lat=30.5 + (s % 2) / 1e5, speed=0.1) for s in range(10)])
    storing.store([message("gap", s, lat=30.5 + s / 1e4, speed=9.0) for s in (0, 601, 1201)])
    storing.store([message("blind", s, lat=None, lon=None, speed=9.0) for s in range(3)])
    with engine.connect() as connection:
        found = moved(connection, Span(START, START + timedelta(hours=1)))
    assert list(found) == ["gap"]
    assert (found["gap"].n, found["gap"].moving_s) == (1, 600)


def test_a_mean_of_headings_is_a_direction(storing: Storing, engine: Engine, database_url: URL) -> None:
    north, east = (350.0, 10.0, 355.0, 5.0), (80.0, 100.0)
    storing.store([message("n", 60 * i, heading=h) for i, h in enumerate(north)])
    storing.store([message("e", 60 * i, heading=h, texts={"fleet": "f"}) for i, h in enumerate(east)])
    # T0 is 23:59: buckets of a series and hours of a week end between the first value of each and the rest.
    before, after = direction(350, 80), direction(10, 355, 5, 100)
    for _ in ("raw and marked", "from rollups"):
        with engine.connect() as connection:
            heading = metric(connection, "heading")
            for span in (
                Span(START, START + timedelta(minutes=30)),
                Span(START - timedelta(hours=9), START + timedelta(hours=9)),
            ):
                means = {one.device: one.summary.mean for one in summary_by_device(connection, heading, span)}
                assert means["e"] == pytest.approx(90)
                assert min(means["n"] or 0, 360 - (means["n"] or 0)) == pytest.approx(0, abs=1e-6)
                assert fleet_summary(connection, heading, span).mean == pytest.approx(26.43, abs=0.01)
                buckets = fleet_series(connection, heading, span, points=1).points
                assert [bucket.mean for bucket in buckets] == pytest.approx([before, after])
                [top] = top_devices(connection, heading, span, stat="mean", n=1, lowest=True)
                assert top.device == ("n" if (means["n"] or 0) < 90 else "e")
                hours = {h.hour: h.mean for h in spread.hours_of_week(connection, heading, span, "UTC")}
                assert hours == pytest.approx({23: before, 0: after})
        maintained(engine, database_url, START + timedelta(days=1))


def test_measurements_are_summed_up_in_one_question_as_each_alone(
    storing: Storing, engine: Engine, database_url: URL
) -> None:
    names = ("load", "; DROP TABLE position; --", "temp")
    storing.store(
        [
            message(d, s, values={n: s * (i + 1.0) for i, n in enumerate(names)})
            for d in "ab"
            for s in range(0, 9000, 100)
        ]
    )
    span = Span(START + timedelta(seconds=1), START + timedelta(hours=2, seconds=100))
    for _ in ("marked", "rolled up"):
        with engine.connect() as connection:
            every = {one.name: found for one, found in summary_all(connection, span)}
            for name in names:
                alone = fleet_summary(connection, metric(connection, name), span)
                assert every[name] == alone
                assert (alone.n, alone.devices) == (144, 2)
            assert every["speed"].n == 0
        maintained(engine, database_url, START + timedelta(days=1))


def test_many_values_are_sampled_by_device_and_say_so(
    storing: Storing, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    storing.store([message(f"d{d}", s, speed=float(d % 10)) for d in range(90) for s in range(20)])
    span = Span(START, START + timedelta(minutes=1))
    monkeypatch.setattr(spread, "ALL_UP_TO", 600)
    with engine.connect() as connection:
        speed = metric(connection)
        of = fleet_summary(connection, speed, span)
        sample = spread.distribution(connection, speed, span, of)
        assert sample is not None
        assert sample.of == "sample"
        assert 0 < sample.devices < 90
        assert sample.n == sum(sample.counts) == 20 * sample.devices
        monkeypatch.setattr(spread, "MOST_RAW", 500)
        hours = spread.distribution(connection, speed, span, of)
        assert hours is not None
        assert (hours.of, hours.n, sum(hours.counts), hours.devices) == ("hours", 1800, 1800, 90)
        assert (
            spread.distribution(
                connection,
                metric(connection, "altitude"),
                span,
                fleet_summary(connection, metric(connection, "altitude"), span),
            )
            is None
        )


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), st.integers(2, 60))
@example(0.25, 1.0, 2)
def test_edges_cover_the_range_and_rise(least: float, width: float, bins: int) -> None:
    edges = spread.bin_edges(least, least + width, bins)
    assert len(edges) <= bins + 1
    close = 1e-6 * max(1, abs(least), abs(least + width))
    assert edges[0] <= least + close
    assert edges[-1] >= least + width - close
    assert all(a < b for a, b in pairwise(edges))
