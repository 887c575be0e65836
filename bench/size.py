"""Bytes a row: in TimescaleDB before and after compression, and in Parquet."""

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from bench.report import Result
from core.types import from_micros
from db.database import conninfo, make_engine, parse_url
from db.engine import TimescaleEngine
from db.migrate import upgrade
from simulate.recording import find_recording, read_recording
from tests.timescaledb.server import start_timescaledb

ROWS = 400_000
DEVICES = 200
START = datetime(2026, 1, 1, tzinfo=UTC)

MAKE_ROWS = """
INSERT INTO position (ts, received_at, lat, lon, device_id, altitude, speed, heading)
SELECT %(start)s + make_interval(secs => t * %(every)s), %(start)s + make_interval(secs => t * %(every)s + 1),
    {lat}, {lon}, d, 500 + 20 * sin(t / 900.0),
    round((10 + 9 * sin(t / 300.0 + d))::numeric, 1), (t / 2 + d) %% 360
FROM generate_series(0, %(turns)s - 1) t, generate_series(1, %(devices)s) d
"""
KINDS = {"invented, six decimals of a degree": "round(({})::numeric, 6)", "invented, noise to the last digit": "{}"}
"""How a coordinate is written down; each has noise of a metre."""
PARQUET = pa.schema(
    [
        ("ts", pa.timestamp("us", tz="UTC")),
        ("received_at", pa.timestamp("us", tz="UTC")),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("device_id", pa.int32()),
        ("altitude", pa.float32()),
        ("speed", pa.float32()),
        ("heading", pa.float32()),
    ]
)
Fill = Callable[[psycopg.Connection], None]


def run(rows: int = ROWS) -> Result:
    """The same rows each way, from one table."""
    result = Result(
        "Bytes a row",
        ["rows", "count", "hypertable", "of that, index", "compressed", "times smaller", "Parquet, zstd"],
        notes=[
            "TimescaleDB in WebAssembly (PostgreSQL 17, TimescaleDB 2.23), which is why the rows are few; chunks of a"
            " day, segments by device, ordered by time. Sizes are those of all chunks with their indexes and TOAST,"
            " by `chunk_compression_stats`.",
            "Invented rows: a fix every minute of 200 devices on smooth ways. What compresses badly is noise in the"
            " last digits of a double, so both kinds are told. The recording has a fix every two minutes, no altitude"
            " and no heading.",
            "Parquet: the same columns and types, sorted by device and time, zstd level 3, a file a day.",
        ],
    )
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-") as directory,
        start_timescaledb(Path(directory)) as server,
    ):
        fills: dict[str, Fill] = {name: partial(_invent, rows, written) for name, written in KINDS.items()}
        for name, fill in (fills | {"transit-austin-2015": _record}).items():
            server.reset()
            result.rows.append([name, *_measure(server.url, Path(directory), fill)])
    return result


def _measure(url: str, directory: Path, fill: Fill) -> list[str]:
    engine = make_engine(parse_url(url), pool_size=1)
    upgrade(engine)
    engine.dispose()
    with psycopg.connect(conninfo(parse_url(url)), autocommit=True) as connection:
        fill(connection)
        parquet, count = _parquet(connection, directory / "rows.parquet")
        chunks = TimescaleEngine().compress(connection, ["position"], datetime(2100, 1, 1, tzinfo=UTC))
        found = connection.execute(
            "SELECT sum(before_compression_total_bytes), sum(before_compression_index_bytes),"
            " sum(after_compression_total_bytes), count(*) FROM chunk_compression_stats('position')"
        ).fetchone()
    assert found is not None
    assert chunks == found[3] > 0
    before, index, after = (float(value) / count for value in found[:3])
    sizes = [f"{size:.1f}" for size in (before, index, after)]
    return [f"{count:,}", *sizes, f"{before / after:.1f}", f"{parquet / count:.1f}"]


def _parquet(connection: psycopg.Connection, file: Path) -> tuple[int, int]:
    """Bytes of all rows as Parquet, a file a day, and how many rows."""
    chosen = (
        f"SELECT {', '.join(PARQUET.names)} FROM position WHERE ts >= %s AND ts < %s ORDER BY device_id, ts".encode()
    )
    days = connection.execute("SELECT DISTINCT date_trunc('day', ts) FROM position ORDER BY 1").fetchall()
    size = count = 0
    for (day,) in days:
        rows = connection.execute(chosen, (day, day + timedelta(days=1))).fetchall()
        columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), PARQUET.types, strict=True)]
        pq.write_table(pa.Table.from_arrays(columns, schema=PARQUET), file, compression="zstd", compression_level=3)
        size += file.stat().st_size
        count += len(rows)
    return size, count


def _invent(rows: int, written: str, connection: psycopg.Connection) -> None:
    way = {"lat": "48 + 0.02 * sin(t / 300.0 + d)", "lon": "11 + 0.02 * cos(t / 400.0 + d)"}
    places = {name: written.format(f"{place} + 1e-5 * random()") for name, place in way.items()}
    arguments = {"start": START, "every": 60, "turns": rows // DEVICES, "devices": DEVICES}
    connection.execute(MAKE_ROWS.format(**places).encode(), arguments)


def _record(connection: psycopg.Connection) -> None:
    """As it is received: a row a moment of a device."""
    ids: dict[str, int] = {}
    seen: set[tuple[str, int]] = set()
    with connection.cursor().copy("COPY position (ts, received_at, lat, lon, device_id, speed) FROM STDIN") as copy:
        for row in read_recording(find_recording("transit-austin-2015")).rows:
            if (row.device, row.ts) not in seen:
                seen.add((row.device, row.ts))
                moment = from_micros(row.ts)
                device = ids.setdefault(row.device, len(ids) + 1)
                copy.write_row((moment, moment + timedelta(seconds=1), row.lat, row.lon, device, row.speed))
