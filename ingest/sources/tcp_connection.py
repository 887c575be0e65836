"""One TCP connection that sends lines."""

import socket
from collections.abc import Callable
from typing import Final

from ingest.sources.address import SourceAddress
from ingest.sources.base import why
from ingest.sources.batch import BATCH_S, gather
from ingest.sources.intake import Intake
from ingest.sources.lines import MAX_LINE, LineSplitter
from ingest.sources.sockets import keep_alive

_PIECE: Final = 64 * 1024
_BATCH_BYTES: Final = 1024 * 1024
_ENDLESS: Final = frozenset({"sbs"})
"""Formats in which half a line can pass for a whole one: neither a checksum nor a bracket closes it."""


class LineConnection:
    """Reads lines from a connected socket. `closed` says why there will be no more; None while there may be."""

    def __init__(self, connected: socket.socket, address: SourceAddress, max_line: int = MAX_LINE) -> None:
        connected.setblocking(False)
        keep_alive(connected)
        self.socket = connected
        self.closed: str | None = None
        self._clean = False
        self._keeps_last = address.options.get("decode", "json") not in _ENDLESS
        self._splitter = LineSplitter(max_line)
        self._max_line = max_line
        self._overlong = 0

    def lines(self, intake: Intake, wait: Callable[[float], bool] = lambda _: False) -> list[bytes]:
        """What lines came within a micro-batch. Those that are too long, or cut off at the end, are counted as lost."""
        pieces = gather(
            self._piece, lambda s: self.closed is None and wait(s), within_s=BATCH_S, most_bytes=_BATCH_BYTES
        )
        lines = self._splitter.feed(b"".join(pieces)) if pieces else []
        if self.closed is not None and (last := self._splitter.end()):
            if self._clean and self._keeps_last:
                lines.append(last)
            else:
                intake.missed(1, "a line was cut off as the connection ended")
        intake.missed(self._splitter.overlong - self._overlong, f"a line was longer than {self._max_line} bytes")
        self._overlong = self._splitter.overlong
        return lines

    def _piece(self) -> bytes:
        try:
            piece = self.socket.recv(_PIECE)
        except BlockingIOError:
            raise
        except OSError as error:
            self.closed = f"the connection broke: {why(error)}"
            raise BlockingIOError from None
        if not piece:
            self._clean = True
            self.closed = "the other side closed the connection"
            raise BlockingIOError
        return piece


def give_lines(lines: list[bytes], intake: Intake) -> None:
    """Have the journal take the lines; their sender waits meanwhile, as nothing more is read from it."""
    if not intake.give(lines):
        intake.lost(len(lines), "the journal had no room until Waypost was stopped")
