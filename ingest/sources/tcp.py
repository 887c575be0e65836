"""TCP: connects to a sender of lines, and again when the connection is lost. Each line is a payload."""

import socket
from typing import Final

from ingest.sources.address import AddressForm, SourceAddress
from ingest.sources.base import Failed, ThreadedSource, why
from ingest.sources.intake import Intake
from ingest.sources.sockets import Readable, resolve
from ingest.sources.tcp_connection import LineConnection, give_lines
from ingest.sources.tcp_listener import TcpListener

FORM: Final = AddressForm(options=frozenset({"listen", "connections"}))

_CONNECT_S: Final = 10.0


def tcp_source(address: SourceAddress) -> "TcpListener | TcpClient":
    """Connects, or with listen=1 waits for devices to connect. Raises StartupError."""
    if address.flag("listen"):
        return TcpListener(address)
    if "connections" in address.options:
        address.refuse("connections bounds how many devices connect with listen=1, and that is missing")
    return TcpClient(address)


class TcpClient(ThreadedSource):
    """Reads lines from the host. While the journal is full it reads none, and so the sender waits."""

    def _receive(self, intake: Intake) -> None:
        with self._connect() as connected, Readable(connected) as readable:
            connection = LineConnection(connected, self._address)
            intake.opened("connected")
            while not self._stopping.is_set():
                if readable(0.1):
                    give_lines(connection.lines(intake, readable), intake)
                else:
                    intake.quiet()
                if connection.closed is not None:
                    raise Failed(connection.closed)

    def _connect(self) -> socket.socket:
        """Connect to the first of the host's addresses that answers. Raises Failed."""
        said = "it has no address"
        for family, where in resolve(self._address, socket.SOCK_STREAM):
            connecting = socket.socket(family, socket.SOCK_STREAM)
            connecting.settimeout(_CONNECT_S)
            try:
                connecting.connect(where)
            except OSError as error:
                connecting.close()
                said = why(error)
                continue
            return connecting
        raise Failed(f"no connection to {self._address.where}: {said}")
