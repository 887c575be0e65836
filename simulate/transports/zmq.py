"""ZMQ: one message a frame, without a topic."""

import errno
from typing import Final

import zmq

from core.errors import StartupError
from simulate.transports.address import Address
from simulate.transports.base import QUEUE_MESSAGES, Opening

LINGER_MS: Final = 1000


class ZmqPublisher:
    """A publisher that binds, or connects to a subscriber that does.

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

    def send(self, payload: bytes, device: str = "") -> bool:  # noqa: ARG002 - no topics
        """Send one message. False only when it is lossless and a subscriber's queue is full."""
        try:
            self._socket.send(payload, zmq.DONTWAIT)
        except zmq.Again:
            return False
        return True

    def flush(self) -> int:
        """0: ZMQ sends by itself, and tells nobody what arrived."""
        return 0

    def close(self) -> None:
        """Send what is still queued, for at most a second, and close the socket."""
        self._socket.close()
        self._context.term()

    def account(self) -> dict[str, int]:
        """Nothing is known to be lost: ZMQ does not tell."""
        return {"lost": 0}


def open_zmq(address: Address, opening: Opening) -> ZmqPublisher:
    """A publisher at zmq://, or one that connects to zmq+connect://. Raises StartupError."""
    return ZmqPublisher(address.where, connect=address.scheme == "zmq+connect", lossless=opening.lossless)


def _why(address: str, error: zmq.ZMQError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{address} is in use by another program. Stop that program or choose another port with --to."
    if error.errno in (errno.EADDRNOTAVAIL, errno.ENODEV):
        return f"{address} is not an address of this machine. Use 127.0.0.1, or 0.0.0.0 for all of its addresses."
    return f"{address} cannot be used: {error.strerror}. Choose another address with --to."
