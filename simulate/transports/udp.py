"""UDP: one message a datagram. Nobody acknowledges; what the system tells of losses is counted."""

import errno
import socket
from typing import Final

from simulate.transports.address import Address
from simulate.transports.base import Opening

_BUFFER: Final = 4 * 1024 * 1024
_NO_ROOM: Final = frozenset({errno.EAGAIN, errno.ENOBUFS})


class UdpSender:
    """Datagrams to one address. While nobody listens there it goes on, and counts those that came back."""

    def __init__(self, address: Address, opening: Opening) -> None:
        """Raises StartupError where the name is not known or the address cannot be reached from here."""
        self._notice = opening.notice
        self._where = address.where
        self._lost = self._too_large = 0
        self._away = False
        try:
            family, kind, protocol, _, place = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_DGRAM)[0]
            self._socket = socket.socket(family, kind, protocol)
        except OSError as error:
            address.refuse(f"cannot be sent to: {error.strerror}.")
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
            self._socket.setblocking(False)
            self._socket.connect(place)
        except OSError as error:
            self._socket.close()
            address.refuse(f"cannot be sent to: {error.strerror}.")

    def has_receiver(self) -> bool:
        """True: UDP does not tell."""
        return True

    def send(self, payload: bytes, device: str = "") -> bool:  # noqa: ARG002 - no topics
        """Send one datagram. False: the system has no room for it at present."""
        for _ in range(3):
            try:
                self._socket.send(payload)
            except OSError as error:
                if error.errno in _NO_ROOM:
                    return False
                if error.errno == errno.EMSGSIZE:
                    self._too_large += 1
                    return True
                # This one was not sent: the error is the answer to one before it, which came back.
                self._missed(error)
                continue
            return True
        self._lost += 1
        return True

    def flush(self) -> int:
        """0: what was sent is on its way. Looks whether some came back."""
        if code := self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            self._missed(OSError(code, errno.errorcode.get(code, "")))
        return 0

    def close(self) -> None:
        """Let go."""
        if self._socket.fileno() >= 0:
            self.flush()
            self._socket.close()

    def account(self) -> dict[str, int]:
        """`lost` came back or were never sent; there may be more, of which nobody tells."""
        return {"lost": self._lost + self._too_large, "too_large": self._too_large}

    def _missed(self, error: OSError) -> None:
        self._lost += 1
        if not self._away:
            self._away = True
            why = "nobody listens there" if error.errno == errno.ECONNREFUSED else str(error.strerror)
            self._notice(f"udp://{self._where}: {why}. Going on; what comes back is counted as lost.")
