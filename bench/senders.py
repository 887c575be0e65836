"""UDP and HTTP to committed: messages a second, and what one costs in CPU, by the size of a request."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from bench.report import Result
from tests.app.process import Waypost, free_port

TOKEN = "bench"  # noqa: S105 - of a Waypost that lives for seconds
RUNS = 3
UDP_RATE = 40_000
WAYS: tuple[tuple[str, int, list[str]], ...] = (
    (f"UDP, {UDP_RATE:,} datagrams a second", 200_000, ["udp", "--rate", str(UDP_RATE)]),
    ("HTTP, 1 message a request", 8_000, ["http", "--batch", "1"]),
    ("HTTP, 100 messages a request", 200_000, ["http", "--batch", "100"]),
    ("HTTP, 1,000 messages a request", 300_000, ["http", "--batch", "1000"]),
)


def run() -> Result:
    """Each way three times, each time all of them into a Waypost of its own; medians."""
    rounds = [_round() for _ in range(RUNS)]
    rows = []
    for way, measured in zip(WAYS, zip(*rounds, strict=True), strict=True):
        rate, cpu, stored = (median(column) for column in zip(*measured, strict=True))
        rows.append([way[0], f"{rate:,.0f}", f"{cpu:.1f}", f"{stored:.1%}"])
    return Result(
        "From UDP and HTTP to committed",
        ["way", "messages a second", "Waypost's CPU µs a message", "stored"],
        rows,
        [
            "From the first byte sent until all that arrived is committed; CPU of the Waypost process alone, without"
            " PostgreSQL, Valkey and the sender, which share the cores.",
            "HTTP: 8 connections, each request answered once it is synced to disk; the sender is Python's http.client."
            f" Medians of {RUNS} runs.",
        ],
    )


def _round() -> list[tuple[float, float, float]]:
    """Of each way: messages a second, µs of CPU a message, share that was stored."""
    udp_port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        Waypost(
            Path(directory) / "data", SOURCES=f"udp://127.0.0.1:{udp_port}?source=udp", INGEST_TOKEN=TOKEN
        ) as waypost,
    ):
        waypost.ready()
        # Each later than those before it: late rows are stored by another way.
        begins = range(1000 * len(WAYS), 0, -1000)
        return [
            _way(waypost, udp_port, count, [*arguments, "--ago", str(ago)])
            for (_, count, arguments), ago in zip(WAYS, begins, strict=True)
        ]


def _way(waypost: Waypost, udp_port: int, count: int, arguments: list[str]) -> tuple[float, float, float]:
    port = udp_port if arguments[0] == "udp" else waypost.port
    command = [sys.executable, "-m", "bench.sender", *arguments, "--port", str(port), "--token", TOKEN]
    with subprocess.Popen(
        [*command, "--count", str(count)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as sender:
        assert sender.stdin is not None
        assert sender.stdout is not None
        sender.stdout.readline()
        process = psutil.Process(waypost.process.pid)
        stored_before = _stored(waypost)
        before = process.cpu_times()
        begin = time.perf_counter()
        sender.stdin.write("go\n")
        sender.stdin.flush()
        assert sender.stdout.readline() == "sent\n", "the sender failed"
        stored, taken = _settled(waypost, stored_before, count, begin)
        after = process.cpu_times()
        sender.communicate()
    cpu = after.user + after.system - before.user - before.system
    return stored / taken, cpu / max(1, stored) * 1e6, stored / count


def _settled(waypost: Waypost, before: int, count: int, begin: float) -> tuple[int, float]:
    """How many rows have come once no more do, and the seconds until then."""
    stored, since, at = -1, time.monotonic(), begin
    while stored < count and time.monotonic() - since < 2:
        found = _stored(waypost) - before
        if found != stored:
            stored, since, at = found, time.monotonic(), time.perf_counter()
        time.sleep(0.05)
    return stored, at - begin


def _stored(waypost: Waypost) -> int:
    return sum(source["stored"] or 0 for source in waypost.get("/api/v1/pipeline")["sources"])
