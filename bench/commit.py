"""Publish to commit: how old a position is when the transaction that stores it has ended, at 20,000 a second."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.ingest import own_database
from bench.report import Result
from core.settings import Settings
from db.embedded import start_embedded
from db.write import Writer
from ingest.service import Ingest
from simulate.demo import free_address

RATE = 20_000
DEVICES = 5_000
WARM_UP_S = 5
MEASURED_S = 20


class TimedWriter(Writer):
    """A writer that notes, after each commit, how old its rows are."""

    ages: list[np.ndarray[Any, np.dtype[np.float64]]]

    def store(self, batch: Any, *args: Any, **kwargs: Any) -> None:
        """As Writer.store."""
        super().store(batch, *args, **kwargs)
        self.ages.append(time.time() * 1000 - batch.positions.newer["ts"] / 1000)


def run() -> Result:
    """One run: every position of twenty seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
        own_database(servers, "commit") as (conninfo, storage),
    ):
        address = free_address()
        ingest = Ingest(
            Settings(data_dir=Path(directory) / "ingest"),
            [address],
            conninfo=conninfo,
            engine=storage,
            redis_url=servers.redis_url,
            writer=(writer := TimedWriter(conninfo, storage)),
        )
        writer.ages = []
        command = [sys.executable, "-m", "bench.fleet", "--bind", address.replace("zmq://", "tcp://")]
        count = RATE * (WARM_UP_S + MEASURED_S)
        publisher = subprocess.Popen(
            [*command, "--devices", str(DEVICES), "--count", str(count), "--rate", str(RATE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        ingest.start()
        time.sleep(WARM_UP_S)
        writer.ages.clear()
        time.sleep(MEASURED_S - 2)
        ages = np.concatenate(writer.ages)
        publisher.kill()
        publisher.wait()
        ingest.stop()
    p50, p99, worst = np.percentile(ages, [50, 99, 100])
    return Result(
        "From publisher to commit",
        ["messages a second", "positions", "p50 ms", "p99 ms", "worst ms"],
        [[f"{RATE:,}", f"{len(ages):,}", f"{p50:.0f}", f"{p99:.0f}", f"{worst:.0f}"]],
        [
            "Of every position: the clock when COMMIT has returned, less the moment at which its message was sent, on"
            " the same machine. On the way: ZMQ, journal with fdatasync, the tick of 50 ms, COPY.",
            "Target: p99 at most 130 ms.",
        ],
    )
