"""Events: how many a second are decoded, judged and stored, and what pages ask of five million of them."""

import json
import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import psycopg
from sqlalchemy import Connection

from bench.databases import database
from bench.report import Result
from core.timelines import DEFAULT_RULES
from db.database import conninfo
from db.embedded import EmbeddedServers, start_embedded
from db.engine import engine_of
from db.live import LiveWriter
from db.queries.cursor import Cursor
from db.queries.events import Filter, list_events, list_types, moved_events, states_before
from db.registry import Registry
from db.rejudging import judge_devices
from db.write import Writer
from ingest.decoders import decoder_for
from ingest.journal import Journal
from ingest.pipeline import Pipeline

ROWS = 5_000_000
SENT = 100_000
DEVICES = 5_000
TIMES = 7
DAYS = 30
END = datetime(2026, 1, 31, tzinfo=UTC)
_KINDS = ("door_open", "door_close", "ignition_on", "ignition_off", "alarm")

FILL = """
INSERT INTO event (ts, received_at, device_id, type, digest, data)
SELECT %(start)s + n * %(every)s + d * interval '1 ms', %(start)s + n * %(every)s + d * interval '1 ms', d,
    CASE WHEN n %% 10 = 0 THEN 'alarm' WHEN n %% 2 = 0 OR n %% 37 = 0 THEN 'door_open' ELSE 'door_close' END,
    n, '{"by": "badge"}'
FROM generate_series(0, %(turns)s - 1) n, generate_series(1, %(devices)s) d
"""
MAKE_DEVICES = """
INSERT INTO device (name, label, kind, fleet, attributes)
SELECT 'door-' || to_char(d, 'FM000000'), 'Door ' || d, 'door', 'house-' || d %% 10, '{}'
FROM generate_series(1, %s) d
"""
FRONTIER = """
INSERT INTO event_frontier SELECT device_id, max(ts), max(received_at), %s FROM event GROUP BY device_id
"""


def run(rows: int = ROWS) -> Result:
    """Send events through journal and pipeline, in order and in any order; then fill the table, and ask."""
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
    ):
        sent = min(SENT, rows)
        table = [_rate(servers, Path(directory) / "ordered", sent, late=0.0)]
        table.append(_rate(servers, Path(directory) / "late", sent, late=0.1))
        with database(servers, "asked") as (engine, connection):
            with engine.connect() as found:
                storage = engine_of(found)
            filled, judged = _fill(connection, storage.make_room, rows)
            with engine.connect() as asking:
                table += _questions(asking, filled)
    return Result(
        "Events",
        ["what", "a second", "ms"],
        table,
        [
            f"Sent: {sent:,} events of {DEVICES:,} devices, four of five of a state machine, from the journal on disk"
            " to committed: decoded, checked against the state of their device, stored with their marks, live states"
            " and ledger in one transaction a batch of 20,000. Late: one of ten comes up to a minute after its time, so"
            " that it and the next of its machine are judged by what stands around them.",
            f"Asked: of {filled:,} events of {DEVICES:,} devices over {DAYS} days; medians of {TIMES}, the first left"
            " out, by the functions that pages and API call.",
            f"All of them judged anew by a plain computation, as after a change of rules: {judged:.1f} s.",
        ],
    )


def _rate(servers: EmbeddedServers, directory: Path, count: int, *, late: float) -> list[str]:
    with database(servers, f"rate_{directory.name}") as (engine, _):
        journal = Journal(directory, segment_bytes=64 << 20, max_bytes=1 << 30)
        draw = random.Random(1)  # noqa: S311 - the same events each time
        begin = END.timestamp()
        messages = []
        for n in range(count):
            at = begin + n / 1000 - (draw.uniform(0, 60) if draw.random() < late else 0)
            message = {
                "device_id": f"door-{n % DEVICES}",
                "ts": at,
                "event": draw.choice(_KINDS),
                "data": {"by": "badge"},
            }
            messages.append(json.dumps(message).encode())
        for start in range(0, count, 2_000):
            journal.append(
                "bench", messages[start : start + 2_000], received_at=round((begin + start / 1000 + 2) * 1e6)
            )
        with engine.connect() as connection:
            storage = engine_of(connection)
        decoder = decoder_for({}, max_ahead_s=10**9)
        pipeline = Pipeline(
            decoders={},
            default_decoder=decoder,
            writer=Writer(conninfo(engine.url), storage),
            live=LiveWriter(servers.redis_url),
            registry=Registry(DEVICES, 100),
            batch_messages=20_000,
        )
        pipeline.start()
        journal.take_up(pipeline.add(journal))
        started = time.perf_counter()
        pipeline.tick()
        took = time.perf_counter() - started
        pipeline.close()
        journal.close()
        with engine.connect() as connection:
            stored = connection.exec_driver_sql("SELECT count(*) FROM event").scalar()
        assert stored == count, stored
    what = f"one of {1 / late:g} late" if late else "in order"
    return [f"journal to committed and judged, {what}", f"{count / took:,.0f}", ""]


def _fill(connection: psycopg.Connection, make_room: Callable[..., None], rows: int) -> tuple[int, float]:
    """Fill the table and judge it; how many events, and how long judging took in s."""
    turns = max(1, rows // DEVICES)
    start = END - timedelta(days=DAYS)
    connection.execute(MAKE_DEVICES.encode(), (DEVICES,))
    make_room(connection, "event", [(start + timedelta(days=day)).date() for day in range(DAYS + 2)])
    every = timedelta(days=DAYS) / turns
    connection.execute(FILL.encode(), {"start": start, "every": every, "turns": turns, "devices": DEVICES})
    connection.execute(FRONTIER.encode(), (DEFAULT_RULES.digest,))
    began = time.perf_counter()
    for first in range(1, DEVICES + 1, 500):
        judge_devices(connection, DEFAULT_RULES, list(range(first, first + 500)))
    judged = time.perf_counter() - began
    connection.execute("VACUUM ANALYZE event")
    connection.execute("ANALYZE")
    return turns * DEVICES, judged


def _questions(asking: Connection, rows: int) -> list[list[str]]:
    day = END - timedelta(days=1)
    deep = Cursor(END - timedelta(days=DAYS / 2), 0)
    asked: dict[str, Callable[[], object]] = {
        "newest page of a device's timeline": lambda: list_events(asking, Filter(device="door-000777"), limit=100),
        "its page in the middle, by cursor": lambda: list_events(
            asking, Filter(device="door-000777"), limit=100, after=deep
        ),
        "its bands of a week": lambda: (
            moved_events(asking, 777, END - timedelta(days=7), END, limit=400),
            states_before(asking, 777, END - timedelta(days=7)),
        ),
        "newest page of all devices": lambda: list_events(asking, Filter(), limit=100),
        "the page in the middle, by cursor": lambda: list_events(asking, Filter(), limit=100, after=deep),
        "newest page of one type": lambda: list_events(asking, Filter(types=("alarm",)), limit=100),
        "newest page of what is marked": lambda: list_events(asking, Filter(marked=True), limit=100),
        "of a fleet, within a day": lambda: list_events(asking, Filter(fleet="house-3", start=day), limit=100),
        "all types there are": lambda: list_types(asking),
    }
    table = []
    for what, ask in asked.items():
        times = []
        for _ in range(TIMES + 1):
            began = time.perf_counter()
            ask()
            times.append(time.perf_counter() - began)
        table.append([f"{what}, of {rows:,}", "", f"{median(times[1:]) * 1000:.1f}"])
    return table
