"""One open page: what it is still to be sent. A slow one is given the newest picture, never a backlog."""

import asyncio
from collections import deque
from typing import Final

_MOST_WAITING: Final = 4
"""Frames; a viewer that has more waiting than that is behind and starts over with a snapshot."""


class Viewer:
    """Frames are `bytes` (binary) or `str` (text). `told` is how many devices it has been told the names of."""

    def __init__(self, *, json: bool) -> None:
        self.json = json
        self.told = 0
        self.needs_snapshot = True
        self.dropped = 0
        self._waiting: deque[bytes | str] = deque()
        self._ready = asyncio.Event()

    def offer(self, *frames: bytes | str) -> None:
        """Give frames to send, in order; where too many wait, drop all of them: a snapshot comes instead."""
        if len(self._waiting) >= _MOST_WAITING:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self.told = 0
            self.needs_snapshot = True
            return
        self._waiting.extend(frames)
        self._ready.set()

    async def next(self) -> bytes | str:
        """The next frame to send."""
        while not self._waiting:
            self._ready.clear()
            await self._ready.wait()
        return self._waiting.popleft()
