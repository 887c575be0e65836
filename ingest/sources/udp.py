"""UDP: listens for datagrams, or asks a publisher for them and takes them from it alone. A datagram is a payload."""

import socket
import time
from typing import Final

from ingest.journal import Journal
from ingest.sources.address import AddressForm, SourceAddress
from ingest.sources.base import Failed, Pauses, ThreadedSource
from ingest.sources.datagrams import drain, prepare, receive_batch
from ingest.sources.intake import Intake
from ingest.sources.sockets import Address, Readable, listen, resolve

FORM: Final = AddressForm(options=frozenset({"subscribe", "repeat_s"}))

_LOOK_S: Final = 5.0
"""Seconds between two looks at what the system has dropped."""


def udp_source(address: SourceAddress) -> "UdpListener | UdpSubscriber":
    """Asks for datagrams where the address says what with; otherwise waits for them. Raises StartupError."""
    if "subscribe" in address.options:
        return UdpSubscriber(address)
    if "repeat_s" in address.options:
        address.refuse("repeat_s says how often to send what subscribe= names, and that is missing")
    return UdpListener(address)


class UdpListener(ThreadedSource):
    """Takes every datagram that comes to its port."""

    def __init__(self, address: SourceAddress) -> None:
        super().__init__(address)
        self._bound: socket.socket | None = None

    def start(self, journal: Journal) -> None:
        """Bind the port and receive. Raises StartupError where it is in use or not this machine's."""
        try:
            self._bound = listen(self._address, socket.SOCK_DGRAM)
        except Failed as error:
            self._address.refuse(str(error))
        super().start(journal)

    def _receive(self, intake: Intake) -> None:
        bound, self._bound = self._bound or listen(self._address, socket.SOCK_DGRAM), None
        with bound, Readable(bound) as readable:
            drops = prepare(bound, self.name)
            intake.opened("listening again")
            look = time.monotonic() + _LOOK_S
            while not self._stopping.is_set():
                if readable(0.1):
                    intake.take(receive_batch(bound))
                else:
                    intake.quiet()
                if time.monotonic() >= look:
                    drops.count(intake)
                    look = time.monotonic() + _LOOK_S
            drain(bound, intake)
            drops.count(intake)


class UdpSubscriber(ThreadedSource):
    """Sends the publisher a request, again whenever it has been silent, and takes datagrams from it alone."""

    def __init__(self, address: SourceAddress) -> None:
        super().__init__(address)
        self._request = address.options["subscribe"].encode()
        self._repeat_s = address.number("repeat_s", 5.0, least=0.1, most=3600.0)
        self._pauses = Pauses(longest=max(self._repeat_s, 0.5))
        self._peer: Address | None = None
        self._answered = False

    def _receive(self, intake: Intake) -> None:
        """Ask one address of the publisher's, and receive until another is to be asked."""
        peer = self._peer = self._next_peer(resolve(self._address, socket.SOCK_DGRAM))
        asked = socket.socket(peer[0], socket.SOCK_DGRAM)
        with asked, Readable(asked) as readable:
            drops = prepare(asked, self.name)
            asked.setblocking(False)
            # Connected, the system hands over nothing that anybody else sends.
            asked.connect(peer[1])
            try:
                while not self._stopping.is_set():
                    asked.send(self._request)
                    self._listen(asked, readable, intake)
                    if not self._stopping.is_set() and self._moved(peer):
                        return
                drain(asked, intake)
            except ConnectionRefusedError:
                self._answered = False
                raise Failed(f"nobody listens at {self._address.where}") from None
            finally:
                drops.count(intake)

    def _next_peer(self, addresses: list[Address]) -> Address:
        """The address that answered, while the name still means it; otherwise the one behind the last tried."""
        if self._peer not in addresses:
            self._answered = False
            return addresses[0]
        return addresses[(addresses.index(self._peer) + (not self._answered)) % len(addresses)]

    def _moved(self, peer: Address) -> bool:
        """Whether another address is to be asked now; no where the name cannot be looked up just now."""
        try:
            return self._next_peer(resolve(self._address, socket.SOCK_DGRAM)) != peer
        except Failed:
            return False

    def _listen(self, asked: socket.socket, readable: Readable, intake: Intake) -> None:
        """Receive until nothing came for `repeat_s`. Raises ConnectionRefusedError."""
        heard = time.monotonic()
        while not self._stopping.is_set() and time.monotonic() - heard < self._repeat_s:
            if not readable(min(0.1, self._repeat_s)):
                intake.quiet()
            elif batch := receive_batch(asked):
                if not self._answered:
                    self._answered = True
                    intake.opened("the publisher answers")
                intake.take(batch)
                heard = time.monotonic()
            else:
                # Something was there to read, and it was no datagram: the system's word that nobody listens.
                raise ConnectionRefusedError
