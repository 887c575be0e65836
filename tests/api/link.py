"""A line to a server that a test can cut, leave hanging, and mend."""

import contextlib
import selectors
import socket
import threading
from pathlib import Path


class Link:
    """Passes a TCP port on to a unix socket. In a thread of its own, until closed."""

    def __init__(self, target: Path) -> None:
        self._target = str(target)
        self._lock = threading.Lock()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._hanging = False
        self._listening: socket.socket | None = None
        self.port = 0
        self.mend()
        self._closed = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        """Close every connection and refuse new ones."""
        with self._lock:
            if self._listening is not None:
                self._selector.unregister(self._listening)
                self._listening.close()
                self._listening = None
            self._drop_all()

    def hang(self) -> None:
        """Take what is sent, and answer nothing: nobody is told that the other end is gone."""
        with self._lock:
            self._hanging = True

    def mend(self) -> None:
        """Let it work again; connections that hung are closed."""
        with self._lock:
            if self._hanging:
                self._hanging = False
                self._drop_all()
            if self._listening is None:
                listening = socket.socket()
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                listening.bind(("127.0.0.1", self.port))
                listening.listen(64)
                self.port = listening.getsockname()[1]
                self._listening = listening
                self._selector.register(listening, selectors.EVENT_READ)

    def close(self) -> None:
        """End the thread."""
        self.cut()
        self._closed = True
        self._thread.join(5)
        self._selector.close()

    def _drop_all(self) -> None:
        for end in list(self._peers):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(end)
            end.close()
        self._peers.clear()

    def _run(self) -> None:
        while not self._closed:
            ready = self._selector.select(0.02)
            with self._lock:
                for key, _ in ready:
                    end = key.fileobj
                    assert isinstance(end, socket.socket)
                    if end is self._listening:
                        self._accept(end)
                    elif end in self._peers and not self._hanging:
                        self._pass_on(end)

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):
            near, _ = listening.accept()
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._target)
            for end, other in ((near, far), (far, near)):
                self._peers[end] = other
                self._selector.register(end, selectors.EVENT_READ)

    def _pass_on(self, end: socket.socket) -> None:
        other = self._peers[end]
        data = b""
        with contextlib.suppress(OSError):
            data = end.recv(1 << 16)
            if data:
                other.sendall(data)
        if not data:
            for each in (end, other):
                self._selector.unregister(each)
                self._peers.pop(each)
                each.close()
