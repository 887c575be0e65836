"""The write stage by itself: batches to committed rows, beside a server-side COPY of the same rows."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
import psycopg
from sqlalchemy import Engine

from bench.databases import Files, database, empty
from bench.report import Result
from db.batch import Batch
from db.database import conninfo
from db.embedded import start_embedded
from db.engine import engine_of
from db.frontier import Frontier
from db.records import RECORD, Records
from db.write import Advance, Latest, Writer

ROWS = 600_000
DEVICES = 5_000
BATCHES = (5_000, 20_000)
ROUNDS = 5
REPEATED = 0.09
"""Of all messages; each repeats one of the batch before it."""


def run(rows: int = ROWS) -> Result:
    """In each round COPY and then each way to store, into the same emptied table; medians of the rounds."""
    result = Result(
        "The write stage",
        ["way", "rows a batch", "messages a second", "of COPY", "least", "greatest"],
        notes=[
            f"{rows:,} messages of {DEVICES:,} devices, medians of {ROUNDS} rounds, the ratio taken within each.",
            "Stored: made into a batch, sorted into newer and late, written by `Writer.store`: rows, the marks of"
            " rollups, ledger and checkpoint in one fsynced transaction a batch. No ZMQ, no journal, no decoding.",
            "COPY: binary files of as many rows, a commit each, by the server, into the same table with its unique"
            f" index. With repeats it is a COPY of the rows that remain; {REPEATED:.0%} of the messages are repeats.",
            "Targets: 0.75; with repeats 0.65. Read ratios, not rates: the machine is shared.",
        ],
    )
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
        database(servers, "written") as (engine, connection),
    ):
        for size in BATCHES:
            result.rows += _measure(engine, connection, Path(directory) / f"files_{size}", rows, size)
    return result


def _measure(engine: Engine, connection: psycopg.Connection, directory: Path, rows: int, size: int) -> list[list[str]]:
    batches = list(_batches(rows, size))
    repeating = list(_with_repeats(batches))
    with engine.connect() as asking:
        storage = engine_of(asking)
    writer = Writer(conninfo(engine.url), storage)
    _store(writer, connection, batches)
    files = Files(connection, directory, size)
    assert files.rows == rows
    rates: dict[str, list[float]] = {
        "COPY": [],
        "stored": [],
        "stored, with repeats": [],
        "stored, with live states": [],
    }
    for _ in range(ROUNDS):
        rates["COPY"].append(rows / files.copy(connection))
        rates["stored"].append(rows / _store(writer, connection, batches))
        sent = sum(map(len, repeating))
        rates["stored, with repeats"].append(sent / _store(writer, connection, repeating))
        assert connection.execute("SELECT sum(stored), sum(received) FROM ledger").fetchone() == (rows, sent)
        rates["stored, with live states"].append(rows / _store(writer, connection, batches, live=True))
    writer.close()
    files.remove()
    return [_line(way, size, found, rates["COPY"]) for way, found in rates.items()]


def _line(way: str, size: int, found: list[float], copy: list[float]) -> list[str]:
    ratios = [one / other for one, other in zip(found, copy, strict=True)]
    numbers = [f"{ratio:.2f}" for ratio in (median(ratios), min(ratios), max(ratios))]
    return [way, f"{size:,}", f"{median(found):,.0f}", *(["1.00", "", ""] if found is copy else numbers)]


def _batches(rows: int, size: int) -> Iterator[Records]:
    """A second of device time each turn of all devices, the last one now."""
    number = np.arange(rows, dtype=np.int64)
    device, turn = number % DEVICES, number // DEVICES
    now = time.time_ns() // 1000
    made = np.empty(rows, dtype=RECORD)
    made["id"] = device + 1
    made["ts"] = now + (turn - int(turn[-1])) * 1_000_000 + device * 150
    made["received_at"] = made["ts"] + 40_000
    made["lat"], made["lon"] = 48 + device * 1e-4 + turn * 1e-5, 11 + turn * 1e-5
    made["altitude"], made["speed"], made["heading"] = 500, 3 + turn % 20, turn * 7 % 360
    yield from np.split(made, range(size, rows, size))


def _with_repeats(batches: list[Records]) -> Iterator[Records]:
    """The same; among the messages of each batch some of the one before, anywhere."""
    chance = np.random.default_rng(1)
    before = batches[0][:0]
    for batch in batches:
        count = round(len(batch) * REPEATED / (1 - REPEATED)) if len(before) else 0
        repeats = before[chance.integers(0, max(1, len(before)), count)]
        place = np.sort(chance.integers(0, len(batch), count))
        yield np.insert(batch, place, repeats)
        before = batch


def _store(writer: Writer, connection: psycopg.Connection, batches: list[Records], *, live: bool = False) -> float:
    """Seconds from the first batch to the last commit, into empty tables."""
    empty(connection)
    frontier = Frontier()
    begin = time.perf_counter()
    for number, records in enumerate(batches):
        batch = Batch(frontier)
        batch.add("bench", records, [None] * len(records), 0)
        batch.sort()
        writer.store(batch, Latest(records[-DEVICES:]) if live else None, [Advance("bench", number, number + 1)])
    return time.perf_counter() - begin
