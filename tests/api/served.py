"""The API as browsers reach it: a real uvicorn in a thread, and viewers of its live socket."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from tests.api import frames

TIMEOUT_S = 20.0
"""How long a test waits for what must come; it never comes close where the code is right."""


class Served:
    """`app` on a free port until stopped. `small_buffers` lets a viewer that does not read be noticed soon."""

    def __init__(self, app: Any, *, small_buffers: bool = False) -> None:
        listening = socket.socket()
        if small_buffers:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        self.port: int = listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            app, log_level="error", access_log=False, ws_per_message_deflate=False, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self.app = app
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started or not self._thread.is_alive())
        assert self._server.started, "the server did not start"

    def stop(self) -> None:
        """Stop in an orderly way, and wait."""
        self._server.should_exit = True
        self._thread.join(TIMEOUT_S)
        assert not self._thread.is_alive(), "the server does not stop"
        if self.failure is not None:
            raise self.failure

    @contextlib.contextmanager
    def viewer(
        self, *, json_format: bool = False, origin: str | None = None, slow: bool = False, query: str = ""
    ) -> Iterator["LiveViewer"]:
        """An open live socket. A `slow` one takes hardly anything that it has not asked for."""
        raw = socket.socket()
        if slow:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.connect(("127.0.0.1", self.port))
        query = query or ("?format=json" if json_format else "")
        with connect(
            f"ws://127.0.0.1:{self.port}/api/v1/live{query}",
            sock=raw,
            origin=None if origin is None else Origin(origin),
            compression=None,
            max_size=None,
            max_queue=1 if slow else 64,
            ping_interval=None,
            close_timeout=0.3,
        ) as connection:
            yield LiveViewer(connection)

    def _run(self, listening: socket.socket) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[listening]))
        except BaseException as error:  # noqa: BLE001 - handed to the test in stop()
            self.failure = error


class LiveViewer:
    """What a page hears, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.names: dict[int, str] = {}
        self.labels: dict[int, str | None] = {}

    def next(self) -> frames.Frame | dict[str, Any]:
        """The next frame: binary ones decoded, text as a dict."""
        data = self.connection.recv(TIMEOUT_S)
        if isinstance(data, bytes):
            frame = frames.decode(data)
            unnamed = set(frame.id) - self.names.keys()
            assert not unnamed, f"a frame speaks of devices {unnamed} that were not named"
            return frame
        text: dict[str, Any] = json.loads(data)
        if text["type"] == "devices":
            self.names.update(zip(text["id"], text["name"], strict=True))
            self.labels.update(zip(text["id"], text["label"], strict=True))
        return text

    def until(self, matches: Callable[[frames.Frame], bool]) -> frames.Frame:
        """The next binary frame that matches; others are passed over."""
        while True:
            frame = self.next()
            if isinstance(frame, frames.Frame) and matches(frame):
                return frame

    def until_text(self, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next text frame that matches; others are passed over."""
        while True:
            frame = self.next()
            if isinstance(frame, dict) and matches(frame):
                return frame

    def until_closed(self) -> int | None:
        """Read to the end; the code on close."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                self.connection.recv(TIMEOUT_S)
        return self.connection.close_code


def wait_until(holds: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
    """Wait until something holds; an AssertionError where it never does."""
    waiting = threading.Event()
    for _ in range(int(timeout_s / 0.01)):
        if holds():
            return
        waiting.wait(0.01)
    raise AssertionError("it never came to hold")
