"""How soon a crossing shows in the count: `python -m bench.crossing` measures this alone."""

import http.client
import json
import random
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from tests.app.process import Waypost, free_port, wait_for
from tests.browser.doors import PASSWORD, TOKEN, Admin

CROSSINGS = 300
PATIENCE_S = 10.0
PAUSE_S = 0.001
"""Between two questions: each takes a millisecond or two, so that much may a figure be too high."""


def shown_in_count() -> list[list[str]]:
    """Rows of a result: crossings over HTTP and UDP to a Waypost as it really runs, until REST shows each count."""
    udp_port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        Waypost(
            Path(directory) / "data",
            SOURCES=f"udp://127.0.0.1:{udp_port}?source=udp",
            INGEST_TOKEN=TOKEN,
            ADMIN_PASSWORD=PASSWORD,
        ) as waypost,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
    ):
        waypost.ready()
        posting = http.client.HTTPConnection("127.0.0.1", waypost.port, timeout=PATIENCE_S)
        asking = http.client.HTTPConnection("127.0.0.1", waypost.port, timeout=PATIENCE_S)

        def by_http(message: bytes) -> None:
            posting.request("POST", "/api/v1/ingest", message, {"Authorization": f"Bearer {TOKEN}"})
            answer = posting.getresponse()
            answer.read()
            assert answer.status < 300, answer.status

        def by_udp(message: bytes) -> None:
            datagrams.sendto(message, ("127.0.0.1", udp_port))

        _set_up(waypost, by_http)
        rows = []
        for name, send in (("HTTP", by_http), ("UDP", by_udp)):
            p50, p99 = np.percentile(_ages(asking, send), [50, 99])
            rows += [
                [f"from sending a crossing over {name} to the count by REST, p50 ms", f"{p50:.0f}", ""],
                ["the same, p99 ms (target: 100)", f"{p99:.0f}", ""],
            ]
        posting.close()
        asking.close()
    return rows


def _set_up(waypost: Waypost, send: Callable[[bytes], None]) -> None:
    """One space with one door, whose sensor has been heard."""
    send(_crossing())
    wait_for("the sensor", lambda: "device_id" in waypost.get("/api/v1/devices/door"))
    admin, since = Admin(waypost), "2026-01-01T00:00:00Z"
    admin.ask("PUT", "/api/v1/spaces/room", {})
    admin.ask("PUT", "/api/v1/spaces/room/placements", [{"device_id": "door", "sign": 1, "from": since}])
    wait_for("the first count", lambda: waypost.get("/api/v1/spaces/room/count")["count"] is not None)


def _crossing() -> bytes:
    return json.dumps({"device_id": "door", "ts": datetime.now(UTC).isoformat(), "direction": 1}).encode()


def _ages(asking: http.client.HTTPConnection, send: Callable[[bytes], None]) -> list[float]:
    """Milliseconds from before each crossing is sent until the answer that shows it has been read."""
    draw, ages = random.Random(1), []  # noqa: S311 - the same pauses each time
    count = _count(asking)
    for _ in range(CROSSINGS):
        time.sleep(draw.uniform(0.02, 0.12))  # at any moment between two turns of the ingest
        message, begin = _crossing(), time.perf_counter()
        send(message)
        while (now := _count(asking)) == count:
            assert time.perf_counter() - begin < PATIENCE_S, "the count does not move"
            time.sleep(PAUSE_S)
        ages.append((time.perf_counter() - begin) * 1000)
        assert now == count + 1, "a crossing was counted twice"
        count = now
    return ages


def _count(asking: http.client.HTTPConnection) -> int:
    asking.request("GET", "/api/v1/spaces/room/count")
    count: int = json.loads(asking.getresponse().read())["count"]
    return count


if __name__ == "__main__":
    for what, figure, _ in shown_in_count():
        sys.stdout.write(f"{what}: {figure}\n")
