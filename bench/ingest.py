"""ZMQ to committed, beside a server-side COPY of the same rows in the same run."""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import psutil
import psycopg

from bench.report import Result
from core.settings import Settings
from db.database import conninfo, make_engine, parse_url
from db.embedded import EmbeddedServers, start_embedded
from db.engine import StorageEngine, engine_of
from db.migrate import upgrade
from ingest.service import Ingest
from simulate.demo import free_address

MESSAGES = 600_000
DEVICES = 5_000
COPY_ROWS = 5_000
RUNS = 3


def run() -> Result:
    """Three rounds, each the path first and the COPY of the very same rows after it; medians."""
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
    ):
        rounds = [_round(servers, Path(directory), number) for number in range(RUNS)]
    path, copy, ingest_cpu, server_cpu, ratio = (median(column) for column in zip(*rounds, strict=True))
    rows = [
        ["server-side COPY of the same rows", f"{copy:,.0f}", "1.00", "", ""],
        ["ZMQ to committed, journal on", f"{path:,.0f}", f"{ratio:.2f}", f"{ingest_cpu:.1f}", f"{server_cpu:.1f}"],
    ]
    return Result(
        "From ZMQ to committed",
        ["path", "messages a second", "ratio", "ingest CPU µs a message", "servers' CPU µs a message"],
        rows,
        [
            f"{MESSAGES:,} messages of {DEVICES:,} devices, sent at full speed by a process of its own on the same"
            f" cores; medians of {RUNS} rounds, the ratio taken within each.",
            f"The path: SUB socket, journal with fdatasync, decode, COPY with live state, ledger and checkpoint in one"
            f" transaction, Redis. COPY: binary files of {COPY_ROWS:,} rows, a commit each, the same table and index.",
            "Target: at least 0.45 of COPY. Read ratios, not rates: the machine is shared.",
        ],
    )


def _round(servers: EmbeddedServers, directory: Path, number: int) -> tuple[float, float, float, float, float]:
    with own_database(servers, f"round_{number}") as (database, storage):
        return _measure(servers, directory / f"round_{number}", database, storage)


@contextmanager
def own_database(servers: EmbeddedServers, name: str) -> Iterator[tuple[str, StorageEngine]]:
    """A new database with our tables: how to connect to it, and its engine."""
    url = parse_url(servers.database_url)
    with psycopg.connect(conninfo(url), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
    engine = make_engine(url.set(database=name))
    upgrade(engine)
    with engine.connect() as connection:
        storage = engine_of(connection)
    engine.dispose()
    yield conninfo(url.set(database=name)), storage


def _measure(
    servers: EmbeddedServers, directory: Path, database: str, storage: StorageEngine
) -> tuple[float, float, float, float, float]:
    address = free_address()
    ingest = Ingest(
        Settings(data_dir=directory, batch_messages=50000),
        [address],
        conninfo=database,
        engine=storage,
        redis_url=servers.redis_url,
    )
    command = [sys.executable, "-m", "bench.fleet", "--bind", address.replace("zmq://", "tcp://")]
    publisher = subprocess.Popen(
        [*command, "--devices", str(DEVICES), "--count", str(MESSAGES)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert publisher.stdout is not None
    time.sleep(6)  # its messages are made before anything is measured
    servers_before, own_before = servers_cpu(servers), own_cpu()
    ingest.start()
    publisher.stdout.readline()
    begin = time.perf_counter()
    while (status := ingest.status())["sources"][address]["received"] < MESSAGES or status["backlog"]:
        time.sleep(0.01)
    path = time.perf_counter() - begin
    own, of_servers = own_cpu() - own_before, servers_cpu(servers) - servers_before
    publisher.communicate()
    ingest.stop()
    with psycopg.connect(database, autocommit=True) as connection:
        copy = _copy_the_same(connection, directory / "files")
    return MESSAGES / path, MESSAGES / copy, own / MESSAGES * 1e6, of_servers / MESSAGES * 1e6, copy / path


def _copy_the_same(connection: psycopg.Connection, files: Path) -> float:
    """Seconds that the server takes to COPY the rows of `position` from binary files into an empty `position`."""
    files.mkdir(mode=0o777)
    files.chmod(0o777)
    stored = connection.execute("SELECT count(*) FROM position").fetchone()
    assert stored == (MESSAGES,), stored
    connection.execute("CREATE TABLE kept AS SELECT *, row_number() OVER (ORDER BY ts, device_id) AS n FROM position")
    connection.execute("CREATE INDEX ON kept (n)")
    columns = "ts, received_at, lat, lon, device_id, altitude, speed, heading"
    for start in range(0, MESSAGES, COPY_ROWS):
        rows = f"SELECT {columns} FROM kept WHERE n > {start} AND n <= {start + COPY_ROWS} ORDER BY n"
        connection.execute(f"COPY ({rows}) TO '{files}/{start}' (FORMAT BINARY)".encode())
    connection.execute("TRUNCATE position")
    connection.execute("CHECKPOINT")
    begin = time.perf_counter()
    for start in range(0, MESSAGES, COPY_ROWS):
        connection.execute(f"COPY position ({columns}) FROM '{files}/{start}' (FORMAT BINARY)".encode())
    taken = time.perf_counter() - begin
    shutil.rmtree(files)
    return taken


def own_cpu() -> float:
    """Seconds of CPU that this process has taken."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def servers_cpu(servers: EmbeddedServers) -> float:
    """Seconds of CPU that the servers have taken."""
    total = 0.0
    for status in servers.check():
        assert status.pid is not None
        server = psutil.Process(status.pid)
        for process in (server, *server.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total
