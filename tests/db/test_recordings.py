"""A whole recording, stored by the real write path: what is answered is what pandas computes from the file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

from core.geo import EARTH_RADIUS_M
from db.batch import Tally
from db.database import conninfo
from db.engine import engine_of
from db.maintenance import Keep, Maintenance
from db.queries.coverage import coverage
from db.queries.metrics import get_metric
from db.queries.rows import Metric, Span
from db.queries.series import device_series, fleet_series, many_series
from db.queries.summary import fleet_summary, summary_by_device
from db.queries.top import Statistic, top_devices
from db.queries.track import device_path, device_track, sampled_path
from db.queries.trips import TripRules, phases
from tests.db.conftest import Storing
from tests.db.recorded import decimal, messages_of, recording, store, table_of

NAME = "transit-austin-2015"
ROWS, DUPLICATES = 56_918, 145
WHOLE = Span(datetime(2015, 3, 7, tzinfo=UTC), datetime(2015, 3, 9, tzinfo=UTC))
RAGGED = Span(datetime(2015, 3, 7, 14, 17, 23, tzinfo=UTC), datetime(2015, 3, 8, 13, 41, 7, tzinfo=UTC))
AN_HOUR = Span(datetime(2015, 3, 7, 18, 0, tzinfo=UTC), datetime(2015, 3, 7, 19, 0, tzinfo=UTC))
SPANS = (WHOLE, RAGGED, AN_HOUR)
EXACT = 1e-13
"""Relative: sums of doubles in another order differ in the last digits."""
Rows = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """The file as pandas reads it."""
    return table_of(recording(NAME), speed="mph")


@pytest.fixture
def stored(storing: Storing) -> Storing:
    """The whole recording, stored."""
    assert store(storing, messages_of(recording(NAME), speed="mph")) == Tally(ROWS, ROWS - DUPLICATES, DUPLICATES, 0)
    return storing


@pytest.fixture
def maintenance(engine: Engine, database_url: URL) -> Iterator[Maintenance]:
    """Days later."""
    with engine.connect() as connection:
        storage = engine_of(connection)
    made = Maintenance(conninfo(database_url), storage, Keep(), clock=lambda: WHOLE.end + timedelta(days=3))
    yield made
    made.close()


def speed_of(connection: Connection) -> Metric:
    found = get_metric(connection, "speed")
    assert found is not None
    return found


def inside(table: pd.DataFrame, span: Span) -> pd.DataFrame:
    return table[(table["ts"] >= span.start) & (table["ts"] < span.end)]


def assert_summaries(connection: Connection, table: pd.DataFrame, ids: dict[str, int]) -> None:
    speed = speed_of(connection)
    for span in SPANS:
        rows = inside(table, span)
        found = fleet_summary(connection, speed, span)
        assert (found.n, found.devices) == (len(rows), rows["device"].nunique())
        assert found.mean == pytest.approx(rows["speed"].mean(), rel=EXACT)
        assert (found.min, found.max) == (decimal(rows["speed"].min()), decimal(rows["speed"].max()))
        newest = rows[rows["ts"] == rows["ts"].max()]
        assert found.last == decimal(newest.loc[newest["device"].map(ids).idxmin(), "speed"])
        each = rows.groupby("device")["speed"].agg(["count", "mean", "min", "max", "last"])
        items = summary_by_device(connection, speed, span)
        assert {item.device for item in items} == set(each.index)
        for item in items:
            expected = each.loc[item.device].to_dict()
            assert item.summary.n == expected["count"]
            assert item.summary.mean == pytest.approx(expected["mean"], rel=EXACT)
            extremes = (item.summary.min, item.summary.max, item.summary.last)
            assert extremes == tuple(decimal(expected[name]) for name in ("min", "max", "last"))
        there = coverage(connection, speed, span)
        assert (there.n, there.devices) == (len(rows), rows["device"].nunique())


def assert_series(connection: Connection, table: pd.DataFrame, ids: dict[str, int]) -> None:
    speed = speed_of(connection)
    for device, span, points in (
        (None, WHOLE, 300),
        (None, RAGGED, 97),
        ("bus-8929", WHOLE, 1000),
        (None, AN_HOUR, 60),
    ):
        rows = inside(table, span)
        if device is None:
            found = fleet_series(connection, speed, span, points=points)
        else:
            found = device_series(connection, speed, ids[device], span, points=points)
            rows = rows[rows["device"] == device]
        buckets = rows.groupby(rows["ts"].dt.floor(f"{found.bucket_s}s"))["speed"].agg(["mean", "min", "max", "count"])
        assert [(bucket.ts, bucket.n) for bucket in found.points] == list(buckets["count"].items())
        assert [bucket.mean for bucket in found.points] == pytest.approx(buckets["mean"].tolist(), rel=EXACT)
        extremes = [(bucket.min, bucket.max) for bucket in found.points]
        assert extremes == [
            (decimal(low), decimal(high)) for low, high in zip(buckets["min"], buckets["max"], strict=True)
        ]


def assert_rankings(connection: Connection, table: pd.DataFrame) -> None:
    kinds: tuple[Statistic, ...] = ("max", "mean", "min", "last")
    for span in (RAGGED, AN_HOUR):
        each = inside(table, span).groupby("device")["speed"].agg(["count", *kinds]).reset_index()
        for stat in kinds:
            for lowest in (False, True):
                found = top_devices(connection, speed_of(connection), span, stat=stat, n=25, lowest=lowest)
                best = each.sort_values([stat, "device"], ascending=[lowest, True]).head(25)
                if stat == "mean":  # equal ones may differ in the last digit, and so in their order
                    assert [item.value for item in found] == pytest.approx(best[stat].tolist(), rel=EXACT)
                    continue
                assert [(item.rank, item.device, item.value, item.n) for item in found] == [
                    (rank, row["device"], decimal(row[stat]), row["count"])
                    for rank, (_, row) in enumerate(best.iterrows(), start=1)
                ]


def assert_tracks(connection: Connection, table: pd.DataFrame, ids: dict[str, int]) -> None:
    for device in ("bus-8929", table["device"].mode()[0]):
        rows = inside(table[table["device"] == device], WHOLE)
        whole = device_track(connection, ids[device], WHOLE, max_points=100_000)
        assert (whole.total, whole.simplified) == (len(rows), False)
        columns = (rows["ts"], rows["lat"], rows["lon"], rows["speed"].map(decimal))
        expected = list(zip(*columns, strict=True))
        assert [(p.ts, p.lat, p.lon, p.speed) for p in whole.points] == expected
        cut = device_track(connection, ids[device], WHOLE, max_points=100)
        assert (cut.total, len(cut.points)) == (len(rows), 100)
        assert set(cut.points) < set(whole.points)


def assert_history(connection: Connection, table: pd.DataFrame, ids: dict[str, int]) -> None:
    """The lines of History and Device: several devices in one question, and the trips of one."""
    names = ["bus-8929", *table["device"].value_counts().index[:4]]
    for span, points in ((WHOLE, 1000), (RAGGED, 97), (AN_HOUR, 60)):
        found = many_series(connection, [speed_of(connection)], [ids[name] for name in names], span, points=points)
        for name, line in zip(names, found, strict=True):
            rows = inside(table[table["device"] == name], span)
            times = rows["ts"].dt.floor(f"{line.series.bucket_s}s")
            buckets = rows.groupby(times)["speed"].agg(["mean", "min", "max", "count"])
            points_ = line.series.points
            assert [(bucket.ts, bucket.n) for bucket in points_] == list(buckets["count"].items())
            assert [bucket.mean for bucket in points_] == pytest.approx(buckets["mean"].tolist(), rel=EXACT)
            assert [bucket.max for bucket in points_] == [decimal(high) for high in buckets["max"]]
    for name in names:
        rows = inside(table[table["device"] == name], WHOLE)
        path = device_path(connection, ids[name], WHOLE)
        done = phases(path.way(), TripRules())
        lat, lon = np.radians(rows["lat"]), np.radians(rows["lon"])
        h = np.sin(lat.diff() / 2) ** 2 + np.cos(lat) * np.cos(lat.shift()) * np.sin(lon.diff() / 2) ** 2
        assert sum(phase.distance_m for phase in done) == pytest.approx(
            2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(h)).sum()
        )
        apart = rows["ts"].diff().dt.total_seconds().dropna()
        longest = max(600.0, 5 * apart.median())
        assert sum(phase.legs for phase in done if phase.kind == "gap") == (apart > longest).sum()
        assert (done[0].start, done[-1].end) == (rows["ts"].min(), rows["ts"].max())
        sampled = sampled_path(connection, ids[name], RAGGED, 150).track(1000)
        chosen = inside(rows, RAGGED)
        step = (RAGGED.end - RAGGED.start) / 150
        firsts = chosen.groupby((chosen["ts"] - RAGGED.start) // step)["ts"].min()
        assert [point.ts for point in sampled.points] == firsts.tolist()


def assert_answers(engine: Engine, table: pd.DataFrame, ids: dict[str, int]) -> None:
    with engine.connect() as connection:
        assert_summaries(connection, table, ids)
        assert_series(connection, table, ids)
        assert_rankings(connection, table)
        assert_tracks(connection, table, ids)
        assert_history(connection, table, ids)


def test_a_recording_is_answered_as_pandas_computes_it_from_the_file(
    stored: Storing, engine: Engine, table: pd.DataFrame, maintenance: Maintenance
) -> None:
    ids = stored.registry.devices
    stored.writer.connection().execute("ANALYZE")  # as autovacuum does after so many rows
    assert_answers(engine, table, ids)
    assert maintenance.roll_up() > 1000
    assert_answers(engine, table, ids)
    compressed = maintenance.compress()
    with engine.connect() as connection:
        assert (compressed > 0) == (engine_of(connection).name == "timescaledb")
    assert_answers(engine, table, ids)


def test_a_recording_played_again_changes_nothing_but_the_count_of_duplicates(stored: Storing, rows: Rows) -> None:
    everything = "SELECT count(*), sum(hashtext(p::text)::bigint) FROM position p"
    before = rows(everything)
    again = store(stored, messages_of(recording(NAME), speed="mph"), batch=7000)
    assert again == Tally(ROWS, 0, ROWS, 0)
    assert rows(everything) == before
    assert rows("SELECT received, stored, duplicate, quarantined FROM ledger") == [
        (2 * ROWS, ROWS - DUPLICATES, ROWS + DUPLICATES, 0)
    ]
