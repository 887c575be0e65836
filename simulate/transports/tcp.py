"""TCP: one message a line, over a connection that is made again when it breaks."""

import contextlib
import fcntl
import socket
import struct
import sys
import termios
import threading
from collections import deque
from typing import Final

from simulate.transports.address import Address
from simulate.transports.base import CONNECT_S, GRACE_S, QUEUE_MESSAGES, Opening
from simulate.transports.outbox import Outbox

_CHUNK: Final = 500
_RETRY_S: Final = (0.1, 0.5, 1.0, 2.0)
_REMEMBERED: Final = 8 * 1024 * 1024
"""Bytes: no send buffer holds more, so what was sent before that has been acknowledged."""


class TcpLines:
    """Lines to one address, in order.

    When the connection breaks, lines that had been handed to the system and that the other side had not acknowledged
    count as lost (some may have arrived); the line that was cut is sent again whole, and so is everything behind it.
    """

    def __init__(self, address: Address, opening: Opening) -> None:
        """Connect. Raises StartupError where that is refused."""
        self._place, self._where, self._notice = (address.host, address.port), address.where, opening.notice
        self._stopping = threading.Event()
        self._outbox = Outbox(QUEUE_MESSAGES, batch=_CHUNK)
        self._lost = self._reconnected = 0
        self._sizes: deque[int] = deque()
        self._remembered = 0
        try:
            self._socket = self._connect()
        except OSError as error:
            address.refuse(f"does not answer: {error.strerror or error}. Start what is to receive there.")
        self._thread = threading.Thread(target=self._run, name="tcp", daemon=True)
        self._thread.start()

    def has_receiver(self) -> bool:
        """True: where the other side is away, what is sent waits for it."""
        return True

    def send(self, payload: bytes, device: str = "") -> bool:  # noqa: ARG002 - no topics
        """Queue one line; False: the queue is full. What holds line feeds would be several: they become spaces."""
        return self._outbox.put(payload.replace(b"\n", b" ") + b"\n")

    def flush(self) -> int:
        """How many lines still wait to be handed over, or to be acknowledged by the other side."""
        return self._outbox.pending or self._unacknowledged()

    def close(self) -> None:
        """Wait up to two seconds for what is queued; what is left then is lost."""
        self._outbox.close()
        self._thread.join(GRACE_S)
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(CONNECT_S + 1)
        self._lost += self._outbox.pending
        self._socket.close()

    def account(self) -> dict[str, int]:
        """`lost` may have arrived in part; `reconnected` is how often the connection broke."""
        return {"lost": self._lost, "reconnected": self._reconnected}

    def _run(self) -> None:
        while lines := self._outbox.take(0.005):
            if not self._bring(lines):
                return

    def _bring(self, lines: list[bytes]) -> bool:
        """Hand the lines over, however often it takes. False: stopped before that."""
        while lines:
            data = memoryview(b"".join(lines))
            gone = 0
            try:
                while gone < len(data):
                    gone += self._socket.send(data[gone:])
            except OSError as error:
                whole = self._remember(lines, gone)
                del lines[:whole]
                self._outbox.done(whole)
                if self._stopping.is_set() or not self._again(error):
                    return False
                continue
            self._outbox.done(self._remember(lines, gone))
            return True
        return True

    def _remember(self, lines: list[bytes], gone: int) -> int:
        """How many of the lines were handed over whole when `gone` bytes were; keeps their sizes."""
        whole = 0
        for line in lines:
            if len(line) > gone:
                break
            gone -= len(line)
            whole += 1
            self._sizes.append(len(line))
            self._remembered += len(line)
        while self._remembered > _REMEMBERED:
            self._remembered -= self._sizes.popleft()
        return whole

    def _again(self, error: OSError) -> bool:
        """Connect anew, until it works. False: stopped before that."""
        self._lost += self._unacknowledged()
        self._sizes.clear()
        self._remembered = 0
        self._socket.close()
        self._notice(f"tcp://{self._where} is gone ({error.strerror or error}). Waiting for it.")
        tries = 0
        while not self._stopping.wait(_RETRY_S[min(tries, len(_RETRY_S) - 1)]):
            tries += 1
            with contextlib.suppress(OSError):
                self._socket = self._connect()
                self._reconnected += 1
                self._notice(f"tcp://{self._where} is back.")
                return True
        return False

    def _connect(self) -> socket.socket:
        connected = socket.create_connection(self._place, CONNECT_S)
        connected.settimeout(None)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        return connected

    def _unacknowledged(self) -> int:
        """Lines that the other side's system has not confirmed. 0 where ours does not tell (elsewhere than Linux)."""
        if not sys.platform.startswith("linux"):
            return 0
        try:
            answer = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        except (OSError, ValueError):
            return 0
        left = int(struct.unpack("i", answer)[0])
        count = 0
        for size in reversed(list(self._sizes)):
            if left <= 0:
                break
            left -= size
            count += 1
        return count
