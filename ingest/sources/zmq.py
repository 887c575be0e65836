"""ZMQ: subscribes to a publisher, waits for one that is not there, and finds it again when it comes back."""

import time
from typing import Final

import zmq

from core.errors import StartupError
from core.log import RateLimitedLog, get_logger
from ingest.journal import Journal
from ingest.sources.address import SourceAddress
from ingest.sources.base import Intake, SourceStatus, SourceThread

_BATCH: Final = 5_000
_BATCH_BYTES: Final = 16 * 1024 * 1024
_BATCH_S: Final = 0.02
"""A micro-batch ends at so many messages or bytes, or after so long: one sync of the journal for all of them."""
_MAX_MESSAGE: Final = 64 * 1024 * 1024
"""Bytes; with a batch before it this still fits into a record. ZMQ drops the connection of a sender of more."""
_JSON: Final = (b"{", b"[")
_DRAIN_S: Final = 2.0
_SILENCE_S: Final = 10.0
_SURE: Final = 1_000
_LOOK_EVERY: Final = 17
"""Asking whether a frame has more behind it costs 1.1 µs, receiving it 0.4. So a sender of whole JSON messages is asked
about each frame until so many in a row were whole, then about all that do not begin like JSON, and about one in 17: a
prime, so that it is not always the same frame of several."""


class ZmqSource:
    """A SUB socket. Of a message of several frames the last is the payload: those before it are topic."""

    def __init__(self, address: SourceAddress) -> None:
        self.name = address.name
        self.status = SourceStatus()
        self._endpoint = f"tcp://{address.where}"
        self._topic = address.options.get("topic", "")
        self._thread = SourceThread(f"source {self.name}")
        self._log = get_logger("sources")
        self._limited = RateLimitedLog(self._log, interval_s=60.0)
        self._silent = False
        self._whole = 0

    def start(self, journal: Journal) -> None:
        """Connect and receive. Raises StartupError for an address that ZMQ does not take."""
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
            socket.connect(self._endpoint)
        except zmq.ZMQError as error:
            socket.close()
            raise StartupError(f"WAYPOST_SOURCES: {self.name} cannot be used: {error}.") from None
        intake = Intake(self.name, journal, self.status)
        self._thread.start(lambda: self._run(socket, intake))

    def stop(self) -> None:
        """Stop receiving; what was received is in the journal when this returns."""
        self._thread.stop()

    def _run(self, socket: "zmq.Socket[bytes]", intake: Intake) -> None:
        heard = time.monotonic()
        try:
            while not self._thread.stopping.is_set():
                if socket.poll(100):
                    intake.take(self._receive(socket))
                    heard = time.monotonic()
                    self._say_silence(heard, heard)
                else:
                    self._say_silence(heard, time.monotonic())
            # What ZMQ has received but not handed over would be lost with the socket.
            until = time.monotonic() + _DRAIN_S
            while time.monotonic() < until and (batch := self._receive(socket, wait_s=0)):
                intake.take(batch)
        finally:
            socket.close()

    def _receive(self, socket: "zmq.Socket[bytes]", wait_s: float = _BATCH_S) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        append, receive, more, again = batch.append, socket.recv, zmq.RCVMORE, zmq.NOBLOCK
        whole = self._whole
        end = time.monotonic() + wait_s
        while len(batch) < _BATCH and size < _BATCH_BYTES:
            try:
                payload = receive(again)
                whole += 1
                if whole <= _SURE or whole % _LOOK_EVERY == 0 or payload[:1] not in _JSON:
                    while socket.getsockopt(more):
                        payload = receive(again)
                        whole = 0
            except zmq.Again:
                remaining = end - time.monotonic()
                if remaining <= 0 or not socket.poll(max(1, int(remaining * 1000))):
                    break
                continue
            append(payload)
            size += len(payload)
            if wait_s and len(batch) % 256 == 0 and time.monotonic() >= end:
                break
        self._whole = whole
        return batch

    def _say_silence(self, heard: float, now: float) -> None:
        silent = now - heard > _SILENCE_S
        if silent and not self._silent:
            self._limited.warning("silent", "nothing received; waiting for the publisher", source=self.name)
        elif self._silent and not silent:
            self._log.info("receiving again", source=self.name)
        self._silent = silent
