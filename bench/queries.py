"""What pages ask, of 25 million positions, beside the same question asked of the raw table."""

import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import psycopg
from sqlalchemy import Connection, Engine

from bench.databases import database
from bench.questions import DEVICES, END, START, questions
from bench.report import Result
from db.database import conninfo
from db.embedded import start_embedded
from db.engine import engine_of
from db.maintenance import Keep, Maintenance

ROWS = 25_200_000
TIMES = 7

MAKE_POSITIONS = """
INSERT INTO position (ts, received_at, lat, lon, device_id, altitude, speed, heading)
SELECT turn + d * interval '150 us', turn + interval '1 s', 48 + d * 1e-4 + 0.02 * sin(t / 5e3 + d),
    11 + d * 1e-4 + 0.02 * cos(t / 7e3 + d), d, 500 + 20 * sin(t / 9e3),
    10 + 9 * sin(t / 3e3 + d) + random(), (t / 60 + d) %% 360
FROM generate_series(%(first)s::timestamptz, %(last)s::timestamptz - interval '1 us', %(every)s) turn,
    LATERAL (SELECT extract(epoch FROM turn)::float8::bigint AS t) AS moment, generate_series(1, %(devices)s) d
"""
MAKE_DEVICES = """
INSERT INTO device (name, label, kind, fleet, attributes)
SELECT 'vehicle-' || to_char(d, 'FM000000'), 'Vehicle ' || d, 'bus', 'fleet-' || d %% 10, '{}'
FROM generate_series(1, %(devices)s) d
"""
MAKE_LATEST = """
INSERT INTO latest (device_id, ts, received_at, lat, lon, altitude, speed, heading, measurements)
SELECT DISTINCT ON (device_id) device_id, ts, received_at, lat, lon, altitude, speed, heading, '{"battery": [0.83, 1]}'
FROM position ORDER BY device_id DESC, ts DESC
"""
MARK_ALL = """
INSERT INTO dirty_bucket (rollup, bucket) SELECT %(rollup)s, b
FROM generate_series(date_trunc(%(unit)s, %(first)s::timestamptz), %(last)s::timestamptz, %(width)s) b
"""


def run(rows: int = ROWS) -> Result:
    """Fill a database, roll it up by Waypost's own engine, and ask each question several times; medians."""
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
        database(servers, "asked") as (engine, connection),
    ):
        notes = [fill(engine, connection, rows)]
        with engine.connect() as asking:
            asked = [_ask(asking, *question) for question in questions(asking)]
    notes += [
        f"Medians of {TIMES} times each, the first one left out, the same rows in memory as far as they fit. Ours is"
        " the function that pages and API call, with its rows made into objects; raw is the one statement that asks"
        " the same of `position`, its answer fetched. The last position as rows is the statement alone, read by psycopg"
        " in the binary protocol; the live map itself reads Redis.",
        "The last bucket of each rollup is not over and stands marked, as it does at any moment.",
        "Targets: the last position of 5,000 devices 10 ms; a 24 h summary half of raw; a device's week in 1,000"
        " points 20 ms. A device here sends less than once a minute, so the minute's rollup has as many rows as the raw"
        " table: what can only be read from it, as the fleet's 24 h in 300 points, gains nothing.",
    ]
    return Result("What pages ask", ["question", "ms", "raw, ms", "of raw"], asked, notes)


def _ask(connection: Connection, name: str, ours: Callable[[], object], raw: str) -> list[str]:
    mine = _time(ours)
    theirs = _time(lambda: connection.exec_driver_sql(raw).all())
    return [name, f"{mine:,.1f}", f"{theirs:,.1f}", f"{mine / theirs:.2f}"]


def _time(call: Callable[[], object]) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(1 + TIMES):
        begin = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begin) * 1000)
    return median(taken[1:])


def fill(engine: Engine, connection: psycopg.Connection, rows: int) -> str:
    """Make positions by the day in parallel, and their rollups; how it went."""
    begin = time.perf_counter()
    with engine.connect() as asking:
        storage = engine_of(asking)
    connection.execute(MAKE_DEVICES, {"devices": DEVICES})
    first = START.replace(hour=0, minute=0, second=0)
    days = [first + timedelta(days=n) for n in range((END.date() - first.date()).days + 1)]
    with connection.transaction():
        storage.make_room(connection, "position", [day.date() for day in days])
    every = (END - START) * DEVICES / rows

    def make(day: datetime) -> None:
        with psycopg.connect(conninfo(engine.url), autocommit=True, options="-c synchronous_commit=off") as own:
            # The first turn of the day: turns go on from START in even steps.
            start = START if day < START else START + -((START - day) // every) * every
            span = {"first": start, "last": min(END, day + timedelta(days=1)), "every": every, "devices": DEVICES}
            own.execute(MAKE_POSITIONS, span)
            own.execute(f"VACUUM ANALYZE position_{day:%Y%m%d}".encode())

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(make, days))
    made = time.perf_counter() - begin
    connection.execute(MAKE_LATEST)
    for rollup, unit, width in (("position_1m", "minute", "1 minute"), ("position_1h", "hour", "1 hour")):
        marks = {"rollup": rollup, "unit": unit, "first": START, "last": END, "width": width}
        connection.execute(MARK_ALL, marks)
    begin = time.perf_counter()
    maintenance = Maintenance(conninfo(engine.url), storage, Keep(), clock=lambda: END)
    buckets = maintenance.roll_up()
    maintenance.close()
    rolled = time.perf_counter() - begin
    connection.execute("VACUUM ANALYZE")
    counted = connection.execute("SELECT count(*), pg_database_size(current_database()) FROM position").fetchone()
    assert counted is not None
    return (
        f"{counted[0]:,} positions of {DEVICES:,} devices over 7 days, one every {every.total_seconds():.0f} s, in"
        f" embedded PostgreSQL with its own settings: {counted[1] / 1e9:.1f} GB with rollups. Made in {made:.0f} s,"
        f" {buckets:,} buckets rolled up in {rolled:.0f} s."
    )
