"""ZMQ: subscribes to a publisher, waits for one that is not there, and finds it again when it comes back."""

import time
from typing import Final

import zmq

from ingest.journal import Journal
from ingest.sources.address import AddressForm, SourceAddress
from ingest.sources.base import ThreadedSource
from ingest.sources.batch import BATCH_S, gather
from ingest.sources.intake import Intake

FORM: Final = AddressForm(options=frozenset({"topic"}))

_MAX_MESSAGE: Final = 64 * 1024 * 1024
"""Bytes; with a batch before it this still fits into a record. ZMQ drops the connection of a sender of more."""
_JSON: Final = (b"{", b"[")
_DRAIN_S: Final = 2.0
_SURE: Final = 1_000
_LOOK_EVERY: Final = 17
"""Asking whether a frame has more behind it costs 1.1 µs, receiving it 0.4. So a sender of whole JSON messages is asked
about each frame until so many in a row were whole, then about all that do not begin like JSON, and about one in 17: a
prime, so that it is not always the same frame of several."""


class ZmqSource(ThreadedSource):
    """A SUB socket. Of a message of several frames the last is the payload: those before it are topic."""

    def __init__(self, address: SourceAddress) -> None:
        super().__init__(address)
        self._topic = address.options.get("topic", "")
        self._opened: zmq.Socket[bytes] | None = None
        self._whole = 0

    def start(self, journal: Journal) -> None:
        """Connect and receive. Raises StartupError for an address that ZMQ does not take."""
        try:
            self._opened = self._open()
        except zmq.ZMQError as error:
            self._address.refuse(str(error))
        super().start(journal)

    def _open(self) -> "zmq.Socket[bytes]":
        socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
        socket.setsockopt(zmq.RCVHWM, 200_000)
        socket.setsockopt(zmq.MAXMSGSIZE, _MAX_MESSAGE)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IPV6, 1)
        socket.setsockopt(zmq.RECONNECT_IVL, 100)
        socket.setsockopt(zmq.RECONNECT_IVL_MAX, 2_000)
        # A publisher's machine that vanished without a word is noticed by the missing heartbeat.
        socket.setsockopt(zmq.HEARTBEAT_IVL, 5_000)
        socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 15_000)
        socket.setsockopt(zmq.SUBSCRIBE, self._topic.encode())
        try:
            socket.connect(f"tcp://{self._address.where}")
        except zmq.ZMQError:
            socket.close()
            raise
        return socket

    def _receive(self, intake: Intake) -> None:
        socket, self._opened = self._opened or self._open(), None
        try:
            while not self._stopping.is_set():
                if socket.poll(100):
                    intake.take(self._batch(socket))
                else:
                    intake.quiet()
            # What ZMQ has received but not handed over would be lost with the socket.
            until = time.monotonic() + _DRAIN_S
            while time.monotonic() < until and (batch := self._batch(socket, within_s=0)):
                intake.take(batch)
        finally:
            socket.close()

    def _batch(self, socket: "zmq.Socket[bytes]", within_s: float = BATCH_S) -> list[bytes]:
        receive, more, again = socket.recv, zmq.RCVMORE, zmq.NOBLOCK
        whole = self._whole

        def message() -> bytes:
            nonlocal whole
            payload = receive(again)
            whole += 1
            if whole <= _SURE or whole % _LOOK_EVERY == 0 or payload[:1] not in _JSON:
                while socket.getsockopt(more):
                    payload = receive(again)
                    whole = 0
            return payload

        def wait(seconds: float) -> bool:
            return bool(socket.poll(max(1, int(seconds * 1000))))

        batch = gather(message, wait, nothing=zmq.Again, within_s=within_s)
        self._whole = whole
        return batch
