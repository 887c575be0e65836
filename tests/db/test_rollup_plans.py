"""How plain PostgreSQL answers from rollups: the source is looked into for marked buckets, and only where asked."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.types import from_micros
from db.database import conninfo
from db.engine import PlainEngine
from db.maintenance import Keep, Maintenance
from tests.db.conftest import T0, Storing, message

Rows = Callable[[str], list[tuple[Any, ...]]]
HOUR = "SELECT sum(speed_n) FROM position_1h WHERE bucket >= '2026-01-31 {0:02}:00' AND bucket < '2026-01-31 {1:02}:00'"


@pytest.fixture
def database_url(postgresql_database: URL) -> URL:
    """TimescaleDB has its own way."""
    return postgresql_database


@pytest.fixture
def maintenance(engine: Engine, database_url: URL) -> Iterator[Maintenance]:
    """Ten hours after T0."""
    made = Maintenance(
        conninfo(database_url), PlainEngine(), Keep(), clock=lambda: from_micros(T0) + timedelta(hours=10)
    )
    yield made
    made.close()


@pytest.fixture
def day(storing: Storing, maintenance: Maintenance) -> Storing:
    """Ten hours before T0, rolled up."""
    storing.store([message("a", -3600 * 10 + n * 15, speed=float(n % 9)) for n in range(2400)])
    maintenance.roll_up()
    return storing


def rows_read(rows: Rows, query: str) -> dict[str, int]:
    """How many rows of each table the server really read, those that it threw away included."""
    read: dict[str, int] = {}

    def add(node: dict[str, Any]) -> None:
        if "Relation Name" in node:
            seen = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            name = node["Relation Name"].rpartition("_2026")[0] or node["Relation Name"]
            read[name] = read.get(name, 0) + round(seen * node["Actual Loops"])
        for child in node.get("Plans", ()):
            add(child)

    ((plan,),) = rows(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
    add((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"])
    return read


def test_where_nothing_is_marked_nothing_but_the_rollup_is_read(day: Storing, rows: Rows) -> None:
    read = rows_read(rows, HOUR.format(15, 23))
    assert 0 < read.pop("position_1h_kept") <= 11
    assert {name: count for name, count in read.items() if count} == {}


def test_where_an_hour_is_marked_that_hour_alone_is_made_and_not_where_another_is_asked_for(
    day: Storing, rows: Rows
) -> None:
    day.store([message("a", -3600 * 3 + 1.5, speed=100.0)])
    assert rows(HOUR.format(15, 23)) == [(8 * 240 + 1,)]
    marked = rows_read(rows, HOUR.format(20, 22))
    assert 0 < marked["position_1m_kept"] <= 60 + 600, "its minutes, and no others of the day than an index page has"
    assert marked["position"] <= 5, "of a marked minute"
    other = rows_read(rows, HOUR.format(15, 18))
    assert other.get("position_1m_kept", 0) == other.get("position", 0) == 0


def test_neighbours_and_single_buckets_are_rolled_up_alike(day: Storing, rows: Rows, maintenance: Maintenance) -> None:
    before = rows("SELECT * FROM position_1m ORDER BY 1, 2"), rows("SELECT * FROM position_1h ORDER BY 1, 2")
    rows(
        "INSERT INTO dirty_bucket (rollup, bucket) SELECT r, b FROM (VALUES ('position_1m', interval '1 min'),"
        " ('position_1h', interval '1 hour')) AS r (r, width), generate_series('2026-01-31 13:00'::timestamptz,"
        " '2026-02-01 00:00', width) b WHERE extract(minute FROM b)::int % 7 < 4 RETURNING 1"
    )
    rows("DELETE FROM position_1m_kept WHERE extract(minute FROM bucket)::int % 7 < 4 RETURNING 1")
    assert maintenance.roll_up() > 200
    assert (
        rows("SELECT * FROM position_1m_kept ORDER BY 1, 2"),
        rows("SELECT * FROM position_1h_kept ORDER BY 1, 2"),
    ) == before
