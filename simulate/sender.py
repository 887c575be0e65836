"""Brings messages to a transport at a pace: waits for their time, for someone to listen, and for room."""

import math
from typing import Final

from simulate.pace import Pace
from simulate.transports.base import Transport

RETRY_S: Final = 0.005
DRAIN_S: Final = 0.02


class Sender:
    """Sends through `transport` at `pace`, and counts what it took as `sent`."""

    def __init__(self, transport: Transport, pace: Pace) -> None:
        self._transport, self._pace = transport, pace
        self.sent = 0

    def wait_for_receiver(self, within_s: float = math.inf) -> bool:
        """Wait until someone listens, for `within_s` at most. False: nobody did, or it was over before."""
        until = self._pace.clock.monotonic() + within_s
        while not self._transport.has_receiver():
            if self._pace.clock.monotonic() >= until or self._pace.over or self._pace.clock.sleep(RETRY_S):
                return False
        return True

    def reached(self, after: float) -> bool:
        """Wait for `after` seconds of the play. False: it is over."""
        wait = self._pace.wait_s(after)
        if wait > 0:
            self._transport.flush()
            if not self._pace.sleep(wait):
                return False
        return not self._pace.over

    def send(self, payload: bytes, device: str = "", *, final: bool = False) -> bool:
        """Send one message as soon as there is room. False: it was over before; a `final` one ends by a stop alone."""
        while not self._transport.send(payload, device):
            if (self._pace.over and not final) or self._pace.clock.sleep(RETRY_S):
                return False
            self._transport.flush()
        self.sent += 1
        return True

    def drain(self) -> int:
        """Wait until all that was sent is known to have arrived, where the transport can know; how many are not.

        Ends at once when stopped; the duration does not end it, or the last messages would be lost.
        """
        while left := self._transport.flush():
            if self._pace.clock.stopped or self._pace.clock.sleep(DRAIN_S):
                return left
        return 0
