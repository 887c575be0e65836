"""kill -9 in mid-flight: what the journal had is in `position` exactly once."""

import json
import random
import signal
import threading
import time
from functools import partial
from pathlib import Path

import zmq

from ingest.journal.record import Decoder
from tests.app.process import Waypost, free_port, wait_for


class Publisher:
    """Sends numbered messages through a real PUB socket until stopped; each (device, ts) is sent once."""

    def __init__(self, port: int) -> None:
        self.sent = 0
        self._stopping = threading.Event()
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.bind(f"tcp://127.0.0.1:{port}")
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Publisher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self._socket.close()

    def has_sent(self, count: int) -> bool:
        """Whether that many messages are out."""
        return self.sent > count

    def _run(self) -> None:
        begin = time.time() - 3600
        while not self._stopping.is_set():
            for _ in range(50):
                number = self.sent
                message = {"device_id": f"d{number % 20}", "ts": begin + number / 1000, "lat": 1, "lon": 2}
                self._socket.send(json.dumps(message | {"speed": number % 30}).encode())
                self.sent += 1
            self._stopping.wait(0.01)


def journalled(data: Path) -> set[tuple[str, float]]:
    """The (device, ts) of every message in the journal's files."""
    found = set()
    for file in (data / "journal").glob("*.journal"):
        for record, _ in Decoder().salvage(file.read_bytes(), 0, lambda _damage, _again: None):
            found |= {(m["device_id"], m["ts"]) for m in map(json.loads, record.payloads)}
    return found


def test_after_kills_at_random_moments_every_journalled_message_is_stored_exactly_once(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    moments = random.Random(11)
    with Publisher(port) as publisher:
        for _ in range(3):
            with Waypost(data, SOURCES=f"zmq://127.0.0.1:{port}?source=fleet") as waypost:
                waypost.ready()
                enough = publisher.sent + 3000
                wait_for("messages to arrive", partial(publisher.has_sent, enough))
                time.sleep(moments.uniform(0, 0.3))
                waypost.kill(signal.SIGKILL)
                waypost.process.wait()
    in_journal = journalled(data)
    assert len(in_journal) > 5000
    with Waypost(data, SOURCES="") as waypost:
        waypost.ready()
        wait_for(
            "the backlog to be stored",
            lambda: waypost.get("/api/v1/summary?metric=speed&from=2020-01-01T00:00:00Z")["n"] >= len(in_journal),
        )
        summary = waypost.get("/api/v1/summary?metric=speed&from=2020-01-01T00:00:00Z&by=device")
        assert summary["n"] == len(in_journal)
        per_device = {item["device_id"]: item["n"] for item in summary["items"]}
        assert per_device == {d: sum(device == d for device, _ in in_journal) for d in per_device}
