"""Real receivers on this machine, each on a free port, for what the transports send."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from simulate.transports.base import Transport

LOCAL = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL, 0))
        return int(probe.getsockname()[1])


def until(happened: Callable[[], object], within_s: float = 20) -> None:
    """Wait for something; fails when it does not come."""
    end = time.monotonic() + within_s
    while not happened():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.005)


def send_all(transport: Transport, messages: list[tuple[str, bytes]]) -> None:
    """Send as a patient sender does, until nothing is under way."""
    for device, payload in messages:
        until(lambda device=device, payload=payload: transport.send(payload, device))  # type: ignore[misc]
    until(lambda: transport.flush() == 0)


class LineServer:
    """Takes lines over TCP; can go away and come back at the same port."""

    def __init__(self) -> None:
        self.port = free_port()
        self.lines: list[bytes] = []
        self._connected: list[socket.socket] = []
        self.open()

    def open(self) -> None:
        self._listening = socket.create_server((LOCAL, self.port))
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def close(self) -> None:
        """Be gone, rudely: the other side learns of it at its next line."""
        # A thread in accept() would keep the port.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connected in self._connected:
            with contextlib.suppress(OSError):
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                connected.shutdown(socket.SHUT_RDWR)
        self._connected.clear()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = listening.accept()
                self._connected.append(connected)
                threading.Thread(target=self._read, args=(connected,), daemon=True).start()

    def _read(self, connected: socket.socket) -> None:
        with contextlib.suppress(OSError), connected, connected.makefile("rb") as stream:
            for line in stream:
                if line.endswith(b"\n"):
                    self.lines.append(line[:-1])


class Collector(ThreadingHTTPServer):
    """A collector that keeps lines. `answers` gives the status of the next requests; empty: 200."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__((LOCAL, port), _Handler)
        self.lines: list[bytes] = []
        self.batches: list[int] = []
        self.refused = 0
        self.seen: list[dict[str, str]] = []
        self.answers: list[int] = []
        self.retry_after = "0.05"
        self.lock = threading.Lock()
        self._connected: list[socket.socket] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def get_request(self) -> tuple[socket.socket, object]:
        connected, place = super().get_request()
        self._connected.append(connected)
        return connected, place

    def close(self) -> None:
        """Be gone, with all connections."""
        self.shutdown()
        self.server_close()
        for connected in self._connected:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Collector

    def do_POST(self) -> None:
        lines = self.rfile.read(int(self.headers["Content-Length"])).split(b"\n")
        server = self.server
        with server.lock:
            server.seen.append({"path": self.path, **dict(self.headers.items())})
            status = server.answers.pop(0) if server.answers else 200
            rejected = []
            if status == 200:
                server.lines += lines
                server.batches.append(len(lines))
                rejected = [{"index": i, "reason": "no"} for i, line in enumerate(lines) if not line.endswith(b"}")]
            else:
                server.refused += 1
        said = {"accepted": len(lines) - len(rejected), "rejected": rejected, "detail": f"says {status}"}
        body = json.dumps(said).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", server.retry_after)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def collector() -> Iterator[Collector]:
    made = Collector()
    try:
        yield made
    finally:
        made.close()
