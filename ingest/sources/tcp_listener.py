"""TCP the other way round: devices connect by themselves and send lines."""

import contextlib
import selectors
import socket
import time
from typing import Final

from ingest.journal import Journal
from ingest.sources.address import SourceAddress
from ingest.sources.base import Failed, ThreadedSource
from ingest.sources.batch import BATCH, BATCH_BYTES, BATCH_S
from ingest.sources.intake import Intake
from ingest.sources.sockets import listen
from ingest.sources.tcp_connection import LineConnection, give_lines

_BACKLOG: Final = 128


class TcpListener(ThreadedSource):
    """Takes connections, up to a bound, and lines from all of them. While the journal is full all wait."""

    def __init__(self, address: SourceAddress) -> None:
        super().__init__(address)
        self._most = int(address.number("connections", 100, least=1, most=10_000))
        self._bound: socket.socket | None = None

    def start(self, journal: Journal) -> None:
        """Listen and receive. Raises StartupError where the port is in use or not this machine's."""
        try:
            self._bound = listen(self._address, socket.SOCK_STREAM)
        except Failed as error:
            self._address.refuse(str(error))
        self._bound.listen(_BACKLOG)
        super().start(journal)

    def _receive(self, intake: Intake) -> None:
        bound, self._bound = self._bound or listen(self._address, socket.SOCK_STREAM), None
        with contextlib.ExitStack() as closing, selectors.DefaultSelector() as selector:
            closing.enter_context(bound)
            bound.listen(_BACKLOG)
            selector.register(bound, selectors.EVENT_READ)
            connections: dict[int, LineConnection] = {}
            closing.callback(_close_all, connections)
            intake.opened("listening again")
            while not self._stopping.is_set():
                if lines := self._batch(bound, selector, connections, intake):
                    give_lines(lines, intake)
                else:
                    intake.quiet()

    def _batch(
        self,
        bound: socket.socket,
        selector: selectors.BaseSelector,
        connections: dict[int, LineConnection],
        intake: Intake,
    ) -> list[bytes]:
        """The lines of a micro-batch from all connections."""
        lines: list[bytes] = []
        size = 0
        remaining, end = 0.1, None
        while remaining > 0 and len(lines) < BATCH and size < BATCH_BYTES and (ready := selector.select(remaining)):
            end = end or time.monotonic() + BATCH_S
            for key, _ in ready:
                if key.fileobj is bound:
                    self._accept(bound, selector, connections)
                    continue
                connection = connections[key.fd]
                came = connection.lines(intake)
                lines += came
                size += sum(map(len, came))
                if connection.closed is not None:
                    selector.unregister(connection.socket)
                    del connections[key.fd]
                    connection.socket.close()
            remaining = end - time.monotonic()
        return lines

    def _accept(
        self, bound: socket.socket, selector: selectors.BaseSelector, connections: dict[int, LineConnection]
    ) -> None:
        try:
            connected, peer = bound.accept()
        except (BlockingIOError, ConnectionError):
            return
        if len(connections) >= self._most:
            connected.close()
            self._limited.warning(
                "connections",
                "a connection was refused: there are as many as connections= allows",
                source=self.name,
                peer=str(peer[0]),
                connections=self._most,
            )
            return
        connections[connected.fileno()] = LineConnection(connected, self._address)
        selector.register(connected, selectors.EVENT_READ)


def _close_all(connections: dict[int, LineConnection]) -> None:
    for connection in connections.values():
        connection.socket.close()
