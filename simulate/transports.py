"""Ways to send messages, chosen by the scheme of a URL. A new one is a class here and a line in SCHEMES."""

import errno
from collections.abc import Callable
from typing import Final, Protocol
from urllib.parse import urlsplit

import zmq

from core.errors import StartupError

LINGER_MS: Final = 1000
QUEUE_MESSAGES: Final = 100_000


class Transport(Protocol):
    """Sends messages, each whole."""

    def has_receiver(self) -> bool:
        """Whether someone would get what is sent now; True where that cannot be known."""

    def send(self, payload: bytes) -> bool:
        """Send one message. False: no room at present, nothing was sent, try again."""

    def close(self) -> None:
        """Send what is still queued, within a second or so, and let go."""


class ZmqPublisher:
    """One message a ZMQ frame, without a topic.

    Live, it is a PUB socket: a subscriber too slow loses messages, as with a real device. With `lossless` it is
    an XPUB socket, the same to a subscriber, which knows who listens and says when there is no room.
    """

    def __init__(
        self, address: str, *, connect: bool = False, lossless: bool = False, queue: int = QUEUE_MESSAGES
    ) -> None:
        """Bind to `address` ("host:port"), or connect to it; hold `queue` messages for each subscriber.

        Raises StartupError when that is not possible.
        """
        self._lossless = lossless
        self._subscribers = 0
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB if lossless else zmq.PUB)
        self._socket.setsockopt(zmq.LINGER, LINGER_MS)
        self._socket.setsockopt(zmq.SNDHWM, queue)
        self._socket.setsockopt(zmq.IPV6, 1 if "[" in address else 0)
        if lossless:
            self._socket.setsockopt(zmq.XPUB_NODROP, 1)
            self._socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        try:
            (self._socket.connect if connect else self._socket.bind)(f"tcp://{address}")
        except zmq.ZMQError as error:
            self.close()
            raise StartupError(_why(address, error)) from None

    def has_receiver(self) -> bool:
        """Whether anyone has subscribed; always True when it is not lossless."""
        while self._lossless and self._socket.poll(0):
            self._subscribers += 1 if self._socket.recv()[:1] == b"\x01" else -1
        return self._subscribers > 0 or not self._lossless

    def send(self, payload: bytes) -> bool:
        """Send one message. False only when it is lossless and a subscriber's queue is full."""
        try:
            self._socket.send(payload, zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def close(self) -> None:
        """Send what is still queued, for at most a second, and close the socket."""
        self._socket.close()
        self._context.term()


def _zmq_bind(address: str, lossless: bool) -> Transport:
    return ZmqPublisher(address, lossless=lossless)


def _zmq_connect(address: str, lossless: bool) -> Transport:
    return ZmqPublisher(address, connect=True, lossless=lossless)


SCHEMES: Final[dict[str, Callable[[str, bool], Transport]]] = {"zmq": _zmq_bind, "zmq+connect": _zmq_connect}


def open_transport(url: str, *, lossless: bool = False) -> Transport:
    """Open the transport that `url` names: zmq://HOST:PORT binds, zmq+connect://HOST:PORT connects.

    `lossless`: `send` says when there is no room, instead of losing messages, where the transport can.
    Raises StartupError, in one line, for an address that cannot be used.
    """
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        known = ", ".join(f"{scheme}://HOST:PORT" for scheme in SCHEMES)
        raise StartupError(f"{url} is no address that can be sent to. Use one of: {known}.")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or not port:
        raise StartupError(f"{url} lacks a host or a port. Write it as {parts.scheme}://127.0.0.1:5556.")
    return SCHEMES[parts.scheme](parts.netloc, lossless)


def _why(address: str, error: zmq.ZMQError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{address} is in use by another program. Stop that program or choose another port with --to."
    if error.errno in (errno.EADDRNOTAVAIL, errno.ENODEV):
        return f"{address} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of its addresses."
    return f"{address} cannot be used: {error.strerror}. Choose another address with --to."
