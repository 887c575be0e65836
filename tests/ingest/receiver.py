"""Who is called of alerts, on loopback: a server that takes what is posted, refuses it, or hangs."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Call(NamedTuple):
    """What was posted."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def delivery(self) -> str:
        """Which alert, and what of it."""
        return self.headers["x-waypost-delivery"]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # else a few who come at once wait for a second


class Receiver:
    """`answers` gives the status to answer a call with, or None to leave it hanging until the end."""

    def __init__(self, answers: Callable[[Call], int | None] = lambda _: 204, port: int = 0) -> None:
        self.answers = answers
        self.calls: list[Call] = []
        self.others: list[str] = []
        self._done = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.take(self)

            def do_GET(self) -> None:
                receiver.others.append(self.path)
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                """To nobody."""

        self._server = _Server(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook?key=secret"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def deliveries(self) -> list[str]:
        """What was posted, in order."""
        return [call.delivery for call in self.calls]

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        """Note a call, and answer it."""
        body = json.loads(handler.rfile.read(int(handler.headers["content-length"])))
        call = Call(handler.path, {name.lower(): value for name, value in handler.headers.items()}, body)
        status = self.answers(call)
        self.calls.append(call)
        if status is None:
            self._done.wait()
            return
        handler.send_response(status)
        if 300 <= status < 400:
            handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def close(self) -> None:
        """Be away."""
        self._done.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
