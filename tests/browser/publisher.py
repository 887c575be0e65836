"""A publisher of our own: a PUB socket that Waypost subscribes to, as devices have it."""

import json
import math
import threading
import time
from collections.abc import Sequence
from typing import Any, Self

import zmq


class Publisher:
    """Sends what it is given; with `every_s` it also sends moving devices called `names`, again and again."""

    def __init__(self, names: Sequence[str] = (), *, every_s: float = 0.2) -> None:
        self._socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.XPUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
        self.port: int = self._socket.bind_to_random_port("tcp://127.0.0.1")
        self._names = names
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)

    @property
    def source(self) -> str:
        """The source to give to Waypost."""
        return f"zmq://127.0.0.1:{self.port}?source=fleet"

    def __enter__(self) -> Self:
        if self._names:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        if self._names:
            self._thread.join()
        self._socket.close()

    def await_subscriber(self) -> None:
        """Wait until Waypost listens: what is sent before is lost."""
        assert self._socket.poll(30_000), "nobody subscribed"
        self._socket.recv()

    def send(self, **message: Any) -> None:
        """Send one message of now. Not while devices move: a ZMQ socket belongs to one thread."""
        assert not self._thread.is_alive()
        self._send(message)

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            turn = time.time() / 20
            for place, name in enumerate(self._names):
                angle = turn + place
                lat, lon = 50 + 0.02 * math.sin(angle) + place / 500, 8 + 0.02 * math.cos(angle)
                self._send({"device_id": name, "lat": lat, "lon": lon, "speed": 10, "heading": 90, "battery": 0.5})

    def _send(self, message: dict[str, Any]) -> None:
        self._socket.send(json.dumps({"ts": time.time()} | message).encode())
