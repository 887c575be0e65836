"""Queries over rows that other tests must not meet."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Connection, Engine

from core.types import from_micros
from db.queries.latest import latest_all, latest_one
from db.queries.metrics import list_metrics
from db.queries.rows import Span
from db.queries.summary import fleet_summary
from db.write import Latest
from tests.db.conftest import SECOND, T0, Storing, message, metric_of, state

SPAN = Span(from_micros(T0), from_micros(T0 + 600 * SECOND))


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """For reading."""
    with engine.connect() as reading:
        yield reading


def test_the_live_state_is_found_by_box_across_the_antimeridian(connection: Connection, storing: Storing) -> None:
    storing.store([message(name, 0) for name in ("d0", "d1", "d2")])
    ids = storing.registry.devices
    storing.registry.describe(storing.writer.connection(), {ids["d0"]: {"fleet": "north"}})
    places = {"d0": (10.0, 179.5), "d1": (10.0, -179.5), "d2": (10.0, 0.0)}
    records = np.concatenate([state(ids[d], T0, lat=lat, lon=lon) for d, (lat, lon) in places.items()])
    storing.writer.store(storing.batch([]), Latest(records, {ids[d]: {"load": (2.5, T0)} for d in places}))
    assert [s.device.name for s in latest_all(connection, bbox=(179, 0, -179, 20))] == ["d0", "d1"]
    assert [s.device.name for s in latest_all(connection, bbox=(-10, 0, 10, 20))] == ["d2"]
    assert [s.device.name for s in latest_all(connection, fleet="north")] == ["d0"]
    one = latest_one(connection, "d2")
    assert one is not None
    assert one.values == {"load": 2.5}
    assert latest_one(connection, "nobody") is None


def test_metrics_named_like_sql_are_only_names(connection: Connection, storing: Storing) -> None:
    storing.store([message("a", 1, values={"; DROP TABLE device; --": 1.0, 'x" OR 1=1': 2.0})])
    names = [metric.name for metric in list_metrics(connection)]
    assert {"; DROP TABLE device; --", 'x" OR 1=1'} <= set(names)
    found = fleet_summary(connection, metric_of(connection, 'x" OR 1=1'), SPAN)
    assert (found.n, found.max) == (1, 2.0)


def test_a_decimal_comes_back_as_it_was_sent_from_raw_rows_and_from_rollups(
    connection: Connection, storing: Storing
) -> None:
    storing.store([message("a", second * 60, speed=30.56) for second in range(300)])
    for hours in (1, 4):
        found = fleet_summary(
            connection, metric_of(connection, "speed"), Span(SPAN.start, SPAN.start + timedelta(hours=hours))
        )
        assert (found.min, found.max) == (30.56, 30.56)
