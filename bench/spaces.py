"""Counting people: how soon a crossing shows, crossings stored a second, a past count among ten million, a day anew."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from random import Random
from statistics import median, quantiles

import psutil
import psycopg
from sqlalchemy import Connection, Engine

from bench.crossing import CROSSINGS, shown_in_count
from bench.databases import database
from bench.report import Result
from core.occupancy import Hours
from core.types import Message, to_micros
from db import spaces
from db.batch import Batch
from db.database import conninfo
from db.embedded import start_embedded
from db.engine import engine_of
from db.frontier import Frontier
from db.queries.occupancy import count_at
from db.queries.spaces import Space, list_spaces
from db.reconcile import reconcile
from db.records import records_of
from db.registry import Registry
from db.spaces import Placing
from db.write import Writer

ROWS = 10_000_000
SPACES = 100
DAYS = 10
START = datetime(2026, 1, 5, tzinfo=UTC)
NOW = START + timedelta(days=DAYS)
STORED = 100_000
BATCH = 5_000
ASKED = 1_000

# More come in the morning and go in the evening; one in a hundred is missed, so that there is a drift to take out.
MAKE = """
INSERT INTO crossing (ts, received_at, device_id, direction, count)
SELECT at, at, d, CASE WHEN random() < 0.5 + 0.1 * cos(n * pi() / %(each)s) THEN 1 ELSE -1 END, 1
FROM generate_series(1, %(spaces)s) d, generate_series(0, %(each)s - 1) n,
    LATERAL (SELECT %(day)s::timestamptz + n * (interval '1 day' / %(each)s) + d * interval '7 us' AS at) moment
WHERE random() > 0.01
"""


def run(rows: int = ROWS) -> Result:
    """Send crossings and see them counted; fill a database and ask it; a quick try has fewer crossings a day."""
    shown = shown_in_count()
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
    ):
        with database(servers, "counted") as (engine, connection):
            stored = _store(engine, connection)
        with database(servers, "asked") as (engine, connection):
            made, first, day, of_day = _fill(engine, connection, rows)
            with engine.connect() as asking:
                asked, asked_cpu = _ask(asking, list_spaces(asking))
    rank = quantiles(asked, n=100)
    return Result(
        "Counting people",
        ["what", "figure", "CPU alone"],
        [
            *shown,
            ["crossings stored and counted, a second", f"{STORED / stored[0]:,.0f}", f"{STORED / stored[1]:,.0f}"],
            [f"count at a past moment, among {made:,} crossings, p50 ms", f"{median(asked):.1f}", f"{asked_cpu:.1f}"],
            ["the same, p99 ms", f"{rank[98]:.1f}", ""],
            [f"a day of {SPACES} spaces made anew, {of_day:,} crossings, s", f"{day[0]:.1f}", f"{day[1]:.1f}"],
            [f"all {DAYS} days made for the first time, s", f"{first[0]:.1f}", f"{first[1]:.1f}"],
        ],
        [
            f"From sending to the count: {CROSSINGS} crossings each way, one at a time at any moment, to a Waypost of"
            " its own as it really runs: journal, tick, transaction, Redis. The count is asked for again once it has"
            " been answered, which adds a few milliseconds, and load of its own.",
            f"Stored: {STORED:,} crossings of {SPACES} doors in batches of {BATCH:,}, a transaction each, by the"
            " ingest's writer with one connection: crossing, count of its space, ledger. Embedded PostgreSQL, its own"
            " settings.",
            f"Asked: `count_at`, which the API calls, for {ASKED:,} random moments of random spaces, one after another;"
            " the first ten left out.",
            f"A day made anew: every space marked for one of {DAYS} days, one turn of the job: sums from raw crossings,"
            " drift taken out between two closing hours, what differs written.",
            "CPU alone: of this process and of the server's for its connection; what the figure would be on a machine"
            f" that does nothing else. Load of this one then: {os.getloadavg()[1]:.0f} on {os.cpu_count()} cores.",
            "Targets: crossing to count 100 ms; past moment 10 ms; a day in seconds.",
        ],
    )


def _set_up(engine: Engine, connection: psycopg.Connection) -> None:
    connection.execute("INSERT INTO device (name) SELECT 'door-' || d FROM generate_series(1, %s) d", (SPACES,))
    with engine.begin() as changing:
        for n in range(1, SPACES + 1):
            spaces.put_space(changing, f"space {n:03}", None, Hours("UTC", empty_at=clock(4)), "bench")
        for n, space in enumerate(list_spaces(changing), 1):
            spaces.put_placements(changing, space, [Placing(f"door-{n}", 1, START, None)], "bench")


def _store(engine: Engine, connection: psycopg.Connection) -> tuple[float, float]:
    """Seconds that storing takes, and of CPU."""
    _set_up(engine, connection)
    with engine.connect() as asking:
        writer = Writer(conninfo(engine.url), engine_of(asking))
    registry, random = Registry(1000, 10), Random(1)  # noqa: S311 - the same each time
    registry.load(writer.connection())
    frontier = Frontier()
    batches = []
    for messages in _batches(random):
        batch = Batch(frontier)
        batch.add("bench", records_of(messages, [registry.devices[m.device] for m in messages]), [], 0, messages)
        batch.sort()
        batches.append(batch)
    with _timed(writer.connection().info.backend_pid) as taken:
        for batch in batches:
            writer.store(batch)
    assert all(len(batch.counts) == SPACES for batch in batches)
    writer.close()
    return taken[0], taken[1]


def _batches(random: Random) -> Iterator[list[Message]]:
    at = to_micros(START)
    for _ in range(STORED // BATCH):
        messages = []
        for n in range(BATCH):
            at += random.randrange(1, 20_000)
            crossing = (1, 0) if random.random() < 0.5 else (0, 1)
            messages.append(Message(f"door-{n % SPACES + 1}", at, at, crossing=crossing))
        yield messages


def _fill(
    engine: Engine, connection: psycopg.Connection, rows: int
) -> tuple[int, tuple[float, float], tuple[float, float], int]:
    """How many crossings there are; seconds, and of CPU, until all were reconciled, and one day again; how many that
    day has."""
    with engine.connect() as asking:
        storage = engine_of(asking)
    connection.execute("SET synchronous_commit = off")
    days = [START + timedelta(days=n) for n in range(DAYS)]
    storage.make_room(connection, "crossing", [day.date() for day in days])
    for day in days:
        connection.execute(MAKE, {"day": day, "spaces": SPACES, "each": rows // DAYS // SPACES})
    connection.execute("VACUUM ANALYZE crossing")
    _set_up(engine, connection)
    backend = connection.info.backend_pid
    with _timed(backend) as first:
        reconcile(connection, storage, NOW)
    connection.execute("VACUUM ANALYZE")
    span = (days[4].replace(hour=4), days[5].replace(hour=3))
    connection.execute(
        "INSERT INTO occupancy_mark (space_id, first, last, why) SELECT id, %s, %s, 'bench' FROM space", span
    )
    with _timed(backend) as again:
        assert reconcile(connection, storage, NOW) == SPACES
    of_day = "SELECT count(*), count(*) FILTER (WHERE ts >= %s AND ts < %s) FROM crossing"
    counted = connection.execute(of_day, (span[0], span[0] + timedelta(days=1))).fetchone()
    assert counted is not None
    return counted[0], (first[0], first[1]), (again[0], again[1]), counted[1]


@contextmanager
def _timed(backend: int) -> Iterator[list[float]]:
    """Seconds, and those of CPU of this process and of the server's process `backend`, once it is over."""
    server = psutil.Process(backend)

    def used() -> float:
        used_there: float = sum(server.cpu_times()[:2])
        return time.process_time() + used_there

    taken: list[float] = []
    begin, before = time.perf_counter(), used()
    yield taken
    taken += [time.perf_counter() - begin, used() - before]


def _ask(connection: Connection, found: list[Space]) -> tuple[list[float], float]:
    """Milliseconds of each question, and of CPU on average."""
    random = Random(2)  # noqa: S311 - the same each time
    backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    asked = [
        (random.choice(found), START + timedelta(hours=4) + random.random() * timedelta(days=DAYS - 1))
        for _ in range(ASKED + 10)
    ]
    taken = []
    for space, at in asked[:10]:
        count_at(connection, space, at)
    with _timed(backend) as whole:
        for space, at in asked[10:]:
            begin = time.perf_counter()
            assert count_at(connection, space, at) is not None
            taken.append((time.perf_counter() - begin) * 1000)
    return taken, whole[1] * 1000 / ASKED
