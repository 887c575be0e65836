"""Lines out of a stream of bytes."""

from typing import Final

MAX_LINE: Final = 1024 * 1024
"""Bytes. A sender that never ends its line would fill the memory."""


class LineSplitter:
    """Puts lines together from pieces, however the network cut them.

    A line ends with a line feed, before which a carriage return is left out; empty lines are none. One of more than
    `max_line` bytes is left out and counted in `overlong`; the lines behind it are taken.
    """

    def __init__(self, max_line: int = MAX_LINE) -> None:
        self.overlong = 0
        self._max = max_line
        self._pieces: list[bytes] = []
        self._length = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        first, *more = data.split(b"\n")
        self._hold(first)
        if not more:
            return []
        *whole, last = more
        lines = [self._take(), *whole]
        self._hold(last)
        return [line for line in map(self._finish, lines) if line]

    def end(self) -> bytes:
        """What stands behind the last line feed, at the end of the stream; empty where nothing does."""
        return self._finish(self._take())

    def _hold(self, piece: bytes) -> None:
        self._length += len(piece)
        if self._length <= self._max + 1:
            self._pieces.append(piece)
        else:
            self._pieces.clear()

    def _take(self) -> bytes:
        """What was held; a line that was too long is stood for by one that is too long as well."""
        line = b"".join(self._pieces) if self._length <= self._max + 1 else bytes(self._max + 2)
        self._pieces.clear()
        self._length = 0
        return line

    def _finish(self, line: bytes) -> bytes:
        line = line.removesuffix(b"\r")
        if len(line) > self._max:
            self.overlong += 1
            return b""
        return line
