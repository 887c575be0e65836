"""Queries: equal to a plain computation over the same rows, which are stored once for all tests of an engine."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from statistics import fmean

import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

from core.types import Message, from_micros
from db.queries.coverage import coverage
from db.queries.rows import Coverage, Span
from db.queries.series import bucket_seconds, device_series, fleet_series
from db.queries.summary import fleet_summary, summary_all, summary_by_device
from db.queries.top import Statistic, top_devices
from db.queries.track import device_track
from tests.db.conftest import SECOND, T0, Storing, message, metric_of, storing_in
from tests.fix_engines import ENGINES, storage

SPAN = Span(from_micros(T0), from_micros(T0 + 600 * SECOND))


@pytest.fixture(scope="module", params=ENGINES)
def storage_database(request: pytest.FixtureRequest) -> Iterator[URL]:
    """One for all tests here: none of them changes what is stored."""
    with storage(request, request.param) as url:
        yield url


@pytest.fixture(scope="module")
def stored_in(storage_database: URL) -> Iterator[tuple[Storing, Engine]]:
    """A writer and a pool on it."""
    with storing_in(storage_database) as made:
        yield made


@pytest.fixture(scope="module")
def storing(stored_in: tuple[Storing, Engine]) -> Storing:
    """The writer."""
    return stored_in[0]


@pytest.fixture(scope="module")
def messages(storing: Storing) -> list[Message]:
    """Three devices, 200 messages each, 2.5 s apart, one of them without speed; stored."""
    made = [
        message(f"d{i % 3}", (i // 3) * 2.5, speed=None if i % 3 == 2 else (i * 37 % 100) / 4, values={"load": i / 8})
        for i in range(600)
    ]
    storing.store(made)
    storing.registry.describe(storing.writer.connection(), {storing.registry.devices["d0"]: {"fleet": "north"}})
    return made


@pytest.fixture
def connection(stored_in: tuple[Storing, Engine]) -> Iterator[Connection]:
    """For reading."""
    with stored_in[1].connect() as reading:
        yield reading


def inside(messages: list[Message], span: Span) -> list[Message]:
    return [m for m in messages if span.start <= from_micros(m.ts) < span.end]


@pytest.mark.parametrize("name", ["speed", "load"])
@pytest.mark.parametrize("fleet", [None, "north"])
def test_the_summary_equals_a_plain_computation(
    connection: Connection, messages: list[Message], name: str, fleet: str | None
) -> None:
    span = Span(SPAN.start + timedelta(seconds=30), SPAN.start + timedelta(seconds=400))
    chosen = [m for m in inside(messages, span) if fleet is None or m.device == "d0"]
    pairs = [(m.ts, m.device, m.speed if name == "speed" else (m.values or {}).get("load")) for m in chosen]
    values = [value for _, _, value in pairs if value is not None]
    found = fleet_summary(connection, metric_of(connection, name), span, fleet=fleet)
    assert found.n == len(values)
    assert found.mean == pytest.approx(fmean(values), rel=1e-12)
    assert (found.min, found.max) == (min(values), max(values))
    newest = max(ts for ts, _, value in pairs if value is not None)
    assert found.last in [value for ts, _, value in pairs if ts == newest]
    assert found.devices == len({device for _, device, value in pairs if value is not None})


def test_a_span_without_values_says_so(connection: Connection, messages: list[Message]) -> None:
    before = Span(SPAN.start - timedelta(hours=2), SPAN.start - timedelta(hours=1))
    found = fleet_summary(connection, metric_of(connection, "speed"), before)
    assert (found.n, found.mean, found.last, found.devices) == (0, None, None, 0)
    assert device_series(connection, metric_of(connection, "speed"), 1, before).points == ()


def test_every_metric_is_summed_up_position_columns_first(connection: Connection, messages: list[Message]) -> None:
    found = summary_all(connection, SPAN)
    assert [metric.name for metric, _ in found] == ["speed", "altitude", "heading", "load"]
    assert [summary.n for _, summary in found] == [400, 0, 0, 600]


def test_devices_are_ranked_by_their_mean(connection: Connection, messages: list[Message]) -> None:
    found = summary_by_device(connection, metric_of(connection, "load"), SPAN)
    expected = {
        d: fmean([m.values["load"] for m in messages if m.device == d and m.values]) for d in ("d0", "d1", "d2")
    }
    assert {item.device: item.summary.mean for item in found} == pytest.approx(expected)
    assert [item.device for item in found] == sorted(expected, key=lambda d: -expected[d])
    assert found[0].summary.last == 599 / 8


def test_buckets_lose_no_spike_and_leave_gaps_out(connection: Connection, messages: list[Message]) -> None:
    found = fleet_series(connection, metric_of(connection, "load"), SPAN, points=20)
    assert found.bucket_s == 30
    assert sum(bucket.n for bucket in found.points) == len(inside(messages, SPAN))
    for bucket in found.points:
        values = [
            m.values["load"]
            for m in messages
            if m.values and bucket.ts <= from_micros(m.ts) < bucket.ts + timedelta(seconds=30)
        ]
        assert (bucket.min, bucket.max, bucket.n) == (min(values), max(values), len(values))
        assert bucket.mean == pytest.approx(fmean(values))
    assert found.points[-1].ts < SPAN.start + timedelta(seconds=500)


@pytest.mark.parametrize(("hours", "points"), [(0.01, 300), (1, 300), (24, 300), (24 * 7, 1000), (24 * 365, 100)])
def test_a_series_never_has_more_buckets_than_asked_for(hours: float, points: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    span = Span(start, start + timedelta(hours=hours))
    step = bucket_seconds(span, points)
    assert (span.end - span.start).total_seconds() / step <= points


def test_a_track_that_fits_is_whole_and_one_that_does_not_keeps_both_ends(
    connection: Connection, messages: list[Message], storing: Storing
) -> None:
    device = storing.registry.devices["d1"]
    moments = [from_micros(m.ts) for m in messages if m.device == "d1"]
    whole = device_track(connection, device, SPAN, max_points=200)
    assert (whole.total, whole.simplified, [p.ts for p in whole.points]) == (200, False, moments)
    for most in (2, 3, 50, 199):
        cut = device_track(connection, device, SPAN, max_points=most)
        assert cut.simplified
        assert 2 <= len(cut.points) <= most
        assert (cut.points[0].ts, cut.points[-1].ts) == (moments[0], moments[-1])


@pytest.mark.parametrize("stat", ["max", "mean", "min", "last"])
@pytest.mark.parametrize("lowest", [False, True])
def test_the_ranking_equals_a_plain_one(
    connection: Connection, messages: list[Message], stat: Statistic, lowest: bool
) -> None:
    def value(device: str) -> float:
        values = [m.values["load"] for m in messages if m.device == device and m.values]
        return {"max": max(values), "min": min(values), "mean": fmean(values), "last": values[-1]}[stat]

    found = top_devices(connection, metric_of(connection, "load"), SPAN, stat=stat, n=2, lowest=lowest)
    expected = sorted(("d0", "d1", "d2"), key=value, reverse=not lowest)[:2]
    assert [(item.rank, item.device) for item in found] == [(1, expected[0]), (2, expected[1])]
    assert [item.value for item in found] == pytest.approx([value(device) for device in expected])
    assert {item.n for item in found} == {200}


def test_coverage_counts_what_there_is(connection: Connection, messages: list[Message]) -> None:
    found = coverage(connection, metric_of(connection, "speed"), SPAN)
    assert (found.n, found.devices) == (400, 2)
    assert found.first == SPAN.start
    nothing = Span(SPAN.start - timedelta(days=3), SPAN.start - timedelta(days=2))
    assert coverage(connection, metric_of(connection, "speed"), nothing) == Coverage(0, 0, None, None)
