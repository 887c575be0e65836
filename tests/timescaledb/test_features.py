"""What Waypost's storage needs of TimescaleDB works behind the front."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.abc import Params
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from db.database import conninfo, make_engine

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 3 * 24 * 60
Ask = Callable[..., list[tuple[object, ...]]]

TABLES = (
    "CREATE TABLE reading (ts timestamptz NOT NULL, device int NOT NULL, value float8, UNIQUE (device, ts))",
    "SELECT create_hypertable('reading', by_range('ts', INTERVAL '1 day'), create_default_indexes => false)",
    "CREATE MATERIALIZED VIEW by_10m WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS"
    " SELECT time_bucket('10 min', ts) AS bucket, device, sum(value) AS total, count(*) AS n, last(value, ts) AS last"
    " FROM reading GROUP BY 1, 2 WITH NO DATA",
    "CREATE MATERIALIZED VIEW by_1h WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS"
    " SELECT time_bucket('1 hour', bucket) AS bucket, device, sum(total) AS total, sum(n)::int AS n"
    " FROM by_10m GROUP BY 1, 2 WITH NO DATA",
)


@pytest.fixture
def ask(timescale_database: URL) -> Iterator[Ask]:
    """Asks an empty database in SQL, each statement a transaction of its own."""
    with psycopg.connect(conninfo(timescale_database), autocommit=True) as connection:

        def run(statement: str, parameters: Params | None = None) -> list[tuple[object, ...]]:
            cursor = connection.execute(statement.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

        yield run


@pytest.fixture
def readings(ask: Ask) -> Ask:
    """A hypertable with three days of readings a minute, and continuous aggregates over it, refreshed."""
    for statement in TABLES:
        ask(statement)
    ask(
        "INSERT INTO reading SELECT %s + i * INTERVAL '1 min', i %% 2, i FROM generate_series(0, %s) AS i",
        (START, MINUTES - 1),
    )
    for name in ("by_10m", "by_1h"):
        ask(f"CALL refresh_continuous_aggregate('{name}', NULL, NULL)")
    return ask


def test_continuous_aggregates_on_top_of_each_other(readings: Ask) -> None:
    assert readings("SELECT count(*), sum(n) FROM by_1h") == [(72 * 2, MINUTES)]
    readings("INSERT INTO reading VALUES (%s, 1, 5)", (START + timedelta(days=3, minutes=1),))
    readings("INSERT INTO reading VALUES (%s, 1, 5)", (START + timedelta(seconds=1),))
    # Newer rows than the refreshed ones are seen at once, later changes below them after a refresh.
    assert readings("SELECT sum(n) FROM by_1h") == [(MINUTES + 1,)]
    for name in ("by_10m", "by_1h"):
        readings(f"CALL refresh_continuous_aggregate('{name}', %s, %s)", (START, START + timedelta(hours=1)))
    assert readings("SELECT sum(n) FROM by_1h") == [(MINUTES + 2,)]


def test_rows_of_the_columnstore_are_merged_and_changed(readings: Ask) -> None:
    readings("ALTER TABLE reading SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device')")
    for (chunk,) in readings("SELECT show_chunks('reading')::text"):
        readings(f"CALL convert_to_columnstore('{chunk}')")
    assert readings(
        "SELECT count(*) FROM chunk_columnstore_stats('reading') WHERE compression_status = 'Compressed'"
    ) == [(3,)]
    merge = (
        "INSERT INTO reading AS r SELECT * FROM unnest(%s::timestamptz[], %s::int[], %s::float8[])"
        " ON CONFLICT (device, ts) DO UPDATE SET value = excluded.value"
        " WHERE excluded.value IS DISTINCT FROM r.value RETURNING value"
    )
    moments = [START, START + timedelta(seconds=30), START + timedelta(minutes=2)]
    assert readings(merge, (moments, [0, 0, 0], [7.0, 8.0, 2.0])) == [(7.0,), (8.0,)]
    assert readings("SELECT count(*), min(value) FROM reading") == [(MINUTES + 1, 1.0)]


def test_gaps_are_filled(readings: Ask) -> None:
    start, end = START - timedelta(days=1), START + timedelta(days=1)
    found = readings(
        "SELECT time_bucket_gapfill('12 hours', ts, %s, %s) AS bucket, count(value) FROM reading"
        " WHERE ts >= %s AND ts < %s GROUP BY 1 ORDER BY 1",
        (start, end, start, end),
    )
    assert [n for _, n in found] == [None, None, 720, 720]


def test_policies_run_when_called(readings: Ask) -> None:
    readings("ALTER TABLE reading SET (timescaledb.enable_columnstore, timescaledb.segmentby = 'device')")
    readings("CALL add_columnstore_policy('reading', after => INTERVAL '1 day')")
    readings("SELECT add_retention_policy('reading', drop_after => INTERVAL '1 day')")
    readings("SELECT add_continuous_aggregate_policy('by_10m', NULL, INTERVAL '10 min', INTERVAL '10 min')")
    readings("INSERT INTO reading SELECT now() - INTERVAL '3 hours', 1, 1")
    # By their names: refreshed first, then dropped.
    jobs = readings("SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000 ORDER BY proc_name")
    assert len(jobs) == 3
    for (job,) in jobs:
        readings(f"CALL run_job({job})")
    assert readings("SELECT count(*) FROM reading") == [(1,)]
    assert readings("SELECT sum(n) FROM by_10m") == [(MINUTES + 1,)]


def test_chunks_are_dropped(readings: Ask) -> None:
    dropped = readings("SELECT drop_chunks('reading', older_than => %s)", (START + timedelta(days=2),))
    assert len(dropped) == 2
    assert readings("SELECT min(ts) FROM reading") == [(START + timedelta(days=2),)]


@pytest.fixture
def engine(timescale_database: URL) -> Iterator[Engine]:
    """A pool on a database with Waypost's tables."""
    engine = make_engine(timescale_database, pool_size=3)
    yield engine
    engine.dispose()


def test_migrations_make_hypertables(engine: Engine) -> None:
    with engine.connect() as connection:
        found = connection.execute(text("SELECT hypertable_name FROM timescaledb_information.hypertables"))
        assert {"position", "measurement"} <= set(found.scalars())


def test_a_test_of_storage_runs_on_both_engines(storage_database: URL, request: pytest.FixtureRequest) -> None:
    with psycopg.connect(conninfo(storage_database), autocommit=True) as connection:
        extensions = {name for (name,) in connection.execute("SELECT extname FROM pg_extension")}
        assert ("timescaledb" in extensions) == ("timescaledb" in request.node.name)
        assert connection.execute("SELECT to_regclass('left_behind')").fetchone() == (None,)
        assert connection.execute("SELECT count(*) FROM position").fetchone() == (0,)
        connection.execute("CREATE TABLE left_behind (n int)")


test_a_second_one_finds_nothing_of_the_first = test_a_test_of_storage_runs_on_both_engines
