"""Kafka to committed, beside quixstreams' PostgreSQL sink on the same topic in the same run."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict

from bench.fleet import payload
from bench.ingest import own_cpu, own_database, servers_cpu
from bench.report import Result
from core.settings import Settings
from db.embedded import EmbeddedServers, start_embedded
from db.engine import StorageEngine
from ingest.service import Ingest
from tests.fix_kafka import Broker

MESSAGES = 1_000_000
DEVICES = 5_000
PARTITIONS = 4
RUNS = 3
PEER = "quixstreams[postgresql]==3.28.1"
"""In an environment of its own, which uv makes: it asks for older packages than ours."""
TARGET = 6


class Measured(NamedTuple):
    """Seconds from the first message to the last commit, and seconds of CPU meanwhile."""

    seconds: float
    cpu: float
    servers: float


def run() -> Result:
    """Three rounds, each a topic of its own that both read, the peer first; medians."""
    broker = Broker()
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
    ):
        rounds = [_round(broker, servers, Path(directory), number) for number in range(RUNS)]
    broker.stop()
    peer, ours = zip(*rounds, strict=True)
    ratio = median(theirs.seconds / own.seconds for theirs, own in rounds)
    return Result(
        "From Kafka to committed",
        ["path", "messages a second", "times as many", "its CPU µs a message", "servers' CPU µs a message"],
        [_row(PEER, peer, "1.0"), _row("Waypost", ours, f"{ratio:.1f}")],
        [
            f"{MESSAGES:,} messages of {DEVICES:,} devices, in {PARTITIONS} partitions before it begins (Tansu, in"
            " memory, on the same cores), from the first one read to the last commit; medians of"
            f" {RUNS} rounds, the ratio taken within each.",
            "Waypost stores into its own tables with their unique index, with live state, ledger and checkpoints, and"
            " publishes to Valkey: exactly once. The peer fills a table of its own without any index, a commit a"
            " second: at least once.",
            f"Target: at least {TARGET} times the peer's rate. Read ratios, not rates: the machine is shared.",
        ],
    )


def _row(name: str, measured: tuple[Measured, ...], ratio: str) -> list[str]:
    seconds, cpu, servers = (median(column) for column in zip(*measured, strict=True))
    each = 1e6 / MESSAGES
    return [name, f"{MESSAGES / seconds:,.0f}", ratio, f"{cpu * each:.1f}", f"{servers * each:.1f}"]


def _round(broker: Broker, servers: EmbeddedServers, directory: Path, number: int) -> tuple[Measured, Measured]:
    topic = broker.topic(PARTITIONS)
    producer = broker.producer(**{"queue.buffering.max.messages": MESSAGES, "linger.ms": 20})
    begin = time.time() - 600
    for n in range(MESSAGES):
        device = n % DEVICES
        producer.produce(topic, payload(n, DEVICES, begin + n // DEVICES), partition=device % PARTITIONS)
        if n % 1000 == 0:
            producer.poll(0)
    assert producer.flush(60) == 0
    with own_database(servers, f"kafka_{number}") as (database, storage):
        theirs = _measure_peer(broker, topic, servers, database, directory)
        ours = _measure_ours(broker, topic, servers, directory / f"round_{number}", (database, storage))
    return theirs, ours


def _measure_peer(broker: Broker, topic: str, servers: EmbeddedServers, database: str, directory: Path) -> Measured:
    """In `directory`, as it leaves a folder where it runs."""
    places = {name: str(value) for name, value in conninfo_to_dict(database).items()}
    password = places.pop("password", "")
    uv = Path(sys.executable).with_name("uv")
    command = [
        str(uv),
        "run",
        "-q",
        "--no-project",
        "--python",
        sys.executable,
        "--with",
        PEER,
        "python",
        "-W",
        "ignore",
    ]
    script = Path(__file__).with_name("kafka_peer.py")
    before = servers_cpu(servers)
    ran = subprocess.run(
        [*command, str(script), broker.address, topic, str(MESSAGES), json.dumps(places)],
        cwd=directory,
        env=os.environ | {"PGPASSWORD": password},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    said = json.loads(ran.stdout.splitlines()[-1])
    _check(database, "SELECT count(*) FROM peer")
    return Measured(said["seconds"], said["cpu"], servers_cpu(servers) - before)


def _measure_ours(
    broker: Broker, topic: str, servers: EmbeddedServers, directory: Path, into: tuple[str, StorageEngine]
) -> Measured:
    database, storage = into
    url = f"kafka://{broker.address}/{topic}?source=bench&session_s=2"
    settings = Settings(data_dir=directory, batch_messages=50_000)
    ingest = Ingest(settings, [url], conninfo=database, engine=storage, redis_url=servers.redis_url)
    ingest.start()
    try:
        with psycopg.connect(database, autocommit=True) as connection:
            while not ingest.status()["sources"]["bench"]["received"]:
                time.sleep(0.001)
            begin, own, of_servers = time.perf_counter(), own_cpu(), servers_cpu(servers)
            while connection.execute("SELECT sum(position) FROM checkpoint").fetchone() != (MESSAGES,):
                time.sleep(0.05)
            measured = Measured(time.perf_counter() - begin, own_cpu() - own, servers_cpu(servers) - of_servers)
        _check(database, "SELECT count(*) FROM position")
    finally:
        ingest.stop()
    return measured


def _check(database: str, statement: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        assert connection.execute(statement.encode()).fetchone() == (MESSAGES,)
