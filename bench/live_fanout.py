"""From one tick to every viewer: how late frames are, what a frame costs the server, and how large it is.

Run as a process, it is the viewers: python -m bench.live_fanout PORT VIEWERS [--boxes]; it prints JSON.
"""

import argparse
import asyncio
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import numpy as np
import psycopg

from bench.report import Result
from db.database import conninfo, make_engine, parse_url
from db.embedded import start_embedded
from db.live import LiveWriter
from db.migrate import upgrade
from db.records import RECORD, Records
from tests.app.process import ROOT, Waypost, wait_for

SIZES: Final = ((1_000, 50), (5_000, 50), (5_000, 500), (20_000, 50), (50_000, 50))
"""Devices, viewers."""
ROUNDS: Final = 3
WARM_UP_S: Final = 4
MEASURED_S: Final = 15
IDLE_S: Final = 10
SIDE: Final = 0.316
"""Of the fleet's square, that a box has: a tenth of the devices."""
_TICKS_A_SECOND: Final = os.sysconf("SC_CLK_TCK")
_NO_AGE: Final = 0xFFFFFFFF


def run() -> Result:
    """One worker (`app.py web`), Redis and PostgreSQL; every device moves once a second, in one batch."""
    result = Result(
        "From a tick to every viewer of the live map",
        [
            "devices",
            "viewers",
            "view",
            "frames",
            "frame kB",
            "p50 ms",
            "p99 ms",
            "server CPU ms a viewer-frame",
            "server CPU %",
        ],
        notes=[
            "Every device changes once a second, in one batch. Late: the clock of the viewer when the frame is in, less"
            " the moment at which the batch was handed to Redis. One worker with WebSockets; viewers, publisher, Redis"
            " and worker share the cores.",
            "whole: all viewers look at everything and share one encoding. box: each looks at a part of its own with a"
            " tenth of the devices, and has its own frames.",
            "CPU of the worker by /proc, less what it takes without viewers, which itself varies by some 5 ms a second:"
            " by 0.01 ms a viewer-frame with 500 viewers, by 0.1 with 50. Targets: 0.1 ms a viewer-frame at 5,000"
            " devices; p99 at most 100 ms with 500 viewers.",
            "frames: of one a viewer and second. Viewers that fall behind are given the newest picture, not each.",
            f"Medians of {ROUNDS} rounds: {WARM_UP_S} s to warm up, {MEASURED_S} s measured.",
        ],
    )
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
    ):
        engine = make_engine(parse_url(servers.database_url), pool_size=1)
        upgrade(engine)
        most = max(devices for devices, _ in SIZES)
        with psycopg.connect(conninfo(engine.url), autocommit=True) as connection:
            connection.execute(
                "INSERT INTO device (name, attributes) SELECT 'vehicle-' || n, '{}' FROM generate_series(1, %s) n",
                [most],
            )
        engine.dispose()
        settings = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        writer = LiveWriter(servers.redis_url)
        with Waypost(Path(directory) / "web", "web", **settings) as waypost:
            waypost.ready()
            writer.replace(_fleet(SIZES[0][0]), {})
            _cpu_of_a_tick(waypost, writer, SIZES[0][0])  # what the start goes on with is over after that
            for devices, viewers in SIZES:  # ever more devices: none of those before must be forgotten
                writer.replace(_fleet(devices), {})
                idle = _cpu_of_a_tick(waypost, writer, devices)
                for boxes in (False, True):
                    rounds = [_measure(waypost, writer, devices, viewers, boxes=boxes) for _ in range(ROUNDS)]
                    result.rows.append(_row(devices, viewers, boxes, idle, rounds))
        writer.close()
    return result


def _row(devices: int, viewers: int, boxes: bool, idle_s: float, rounds: list[dict[str, Any]]) -> list[str]:
    figures = [_figures(viewers, idle_s, measured) for measured in rounds]
    share, size, p50, p99, own, busy = np.median(figures, axis=0)
    return [
        f"{devices:,}",
        f"{viewers}",
        "box" if boxes else "whole",
        f"{share:.0f} %",
        f"{size:.0f}",
        f"{p50:.0f}",
        f"{p99:.0f}",
        f"{own:.3f}",
        f"{busy:.0f}",
    ]


def _figures(viewers: int, idle_s: float, measured: dict[str, Any]) -> list[float]:
    """Of one round: % of a frame a viewer and second, kB and (p50, p99) ms and CPU ms a frame, CPU %."""
    frames = max(1, measured["frames"])
    return [
        100 * measured["frames"] / (viewers * MEASURED_S),
        measured["bytes"] / frames / 1000,
        *np.percentile(measured["late"], [50, 99]),
        1000 * (measured["cpu_s"] - idle_s * measured["seconds"]) / frames,
        100 * measured["cpu_s"] / measured["seconds"],
    ]


def _fleet(devices: int) -> Records:
    """Vehicles on a square grid of one degree."""
    records = np.zeros(devices, RECORD)
    side = int(np.ceil(np.sqrt(devices)))
    number = np.arange(devices)
    records["id"] = number + 1
    records["lat"], records["lon"] = 48 + number // side / side, 11 + number % side / side
    records["speed"], records["heading"] = 5, 90
    records["ts"] = records["received_at"] = time.time_ns() // 1000
    return records


def _cpu_s(pid: int) -> float:
    """Seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_A_SECOND


def _tick(writer: LiveWriter, records: Records, turn: int) -> None:
    records["lat"] += 1e-5 if turn % 2 else -1e-5
    records["ts"] = records["received_at"] = time.time_ns() // 1000
    writer.publish(records, {})


def _cpu_of_a_tick(waypost: Waypost, writer: LiveWriter, devices: int) -> float:
    """Seconds of CPU a second, with ticks and without viewers."""
    records = _fleet(devices)
    before, began = _cpu_s(waypost.process.pid), time.monotonic()
    for turn in range(IDLE_S):
        _tick(writer, records, turn)
        time.sleep(1)
    return (_cpu_s(waypost.process.pid) - before) / (time.monotonic() - began)


def _measure(waypost: Waypost, writer: LiveWriter, devices: int, viewers: int, *, boxes: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.live_fanout", str(waypost.port), str(viewers)]
    watching = subprocess.Popen(
        [*command, *(["--boxes"] if boxes else [])], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert watching.stdout is not None
    assert watching.stdin is not None
    assert watching.stdout.readline() == "connected\n"
    records = _fleet(devices)
    began = before = 0.0
    for turn in range(WARM_UP_S + MEASURED_S):
        if turn == WARM_UP_S:
            watching.stdin.write("begin\n")
            watching.stdin.flush()
            began, before = time.monotonic(), _cpu_s(waypost.process.pid)
        _tick(writer, records, turn)
        time.sleep(max(0.0, 1 - (time.time() - records["ts"][0] / 1e6)))
    cpu_s, seconds = _cpu_s(waypost.process.pid) - before, time.monotonic() - began
    said = watching.communicate("end\n", timeout=60)[0]
    found: dict[str, Any] = json.loads(said)
    assert found["frames"] >= viewers, f"{viewers} viewers got {found['frames']} frames"
    wait_for("the viewers to leave", lambda: watching.poll() is not None)
    return found | {"cpu_s": cpu_s, "seconds": seconds}


@dataclass
class Watched:
    """What all viewers saw."""

    measuring: bool = False
    frames: int = 0
    bytes: int = 0
    late: list[float] = field(default_factory=list)


class Watcher(asyncio.Protocol):
    """A viewer that reads frames and looks at nothing but their headers: it must not be what is measured."""

    def __init__(self, port: int, view: str, watched: Watched) -> None:
        self._port, self._view, self._watched = port, view, watched
        self._waiting = bytearray()
        self._greeted = False
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the socket (RFC 6455, 4.1)."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(
            f"GET /api/v1/live?view={quote(self._view)} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: d2F5cG9pbnQgYmVuY2htYQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Take the frames apart (RFC 6455, 5.2); those of a server are not masked."""
        self._waiting += data
        if not self._greeted:
            end = self._waiting.find(b"\r\n\r\n")
            if end < 0:
                return
            assert self._waiting.startswith(b"HTTP/1.1 101"), bytes(self._waiting[:80])
            del self._waiting[: end + 4]
            self._greeted = True
        while (size := self._size()) is not None:
            start, length = size
            if len(self._waiting) < start + length:
                return
            if self._waiting[0] & 0x0F == 2:
                self._see(bytes(self._waiting[start : start + 56]), length)
            del self._waiting[: start + length]

    def _size(self) -> tuple[int, int] | None:
        """Where the payload begins, and its length; None where that has not come yet."""
        if len(self._waiting) < 2:
            return None
        short = self._waiting[1] & 0x7F
        begin = 2 + {126: 2, 127: 8}.get(short, 0)
        if len(self._waiting) < begin:
            return None
        return begin, short if begin == 2 else int.from_bytes(self._waiting[2:begin], "big")

    def _see(self, header: bytes, length: int) -> None:
        if not self.ready.done():
            self.ready.set_result(None)
        kind, as_of = header[3], struct.unpack_from("<d", header, 8)[0]
        (newest_age,) = struct.unpack_from("<I", header, 24)
        if kind != 2 or not self._watched.measuring or newest_age == _NO_AGE:
            return
        self._watched.frames += 1
        self._watched.bytes += length
        self._watched.late.append(time.time() * 1000 - (as_of - newest_age))


def _view(number: int, *, boxes: bool) -> str:
    said: dict[str, Any] = {"type": "view"}
    if boxes:
        west, south = 11 + (number * 0.137) % (1 - SIDE), 48 + (number * 0.291) % (1 - SIDE)
        said["box"] = [west, south, west + SIDE, south + SIDE]
    return json.dumps(said)


async def _watch(port: int, viewers: int, *, boxes: bool) -> None:
    """Look until told to end."""
    loop, watched = asyncio.get_running_loop(), Watched()
    for first in range(0, viewers, 50):
        some = [Watcher(port, _view(n, boxes=boxes), watched) for n in range(first, min(viewers, first + 50))]
        await asyncio.gather(*(loop.create_connection(lambda one=one: one, "127.0.0.1", port) for one in some))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        await asyncio.gather(*(one.ready for one in some))
    sys.stdout.write("connected\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    watched.measuring = True
    await asyncio.to_thread(sys.stdin.readline)
    sys.stdout.write(json.dumps({"frames": watched.frames, "bytes": watched.bytes, "late": watched.late}))


def main() -> None:
    """The viewers of one measurement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("viewers", type=int)
    parser.add_argument("--boxes", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(_watch(arguments.port, arguments.viewers, boxes=arguments.boxes))


if __name__ == "__main__":
    main()
