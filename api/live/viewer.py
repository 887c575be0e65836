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
        self._is_asking = False

    @property
    def can_take_snapshot(self) -> bool:
        """Whether it needs a snapshot and has sent all it was given: a snapshot made earlier would only grow old."""
        return self.needs_snapshot and self._is_asking

    def offer(self, frame: bytes | str) -> bool:
        """Give a frame to send. Where too many wait already, all are dropped: False, and a snapshot comes instead."""
        if len(self._waiting) >= _MOST_WAITING:
            self.dropped += len(self._waiting) + 1
            self._waiting.clear()
            self.told = 0
            self.needs_snapshot = True
            return False
        self._waiting.append(frame)
        self._ready.set()
        return True

    async def next(self) -> bytes | str:
        """The next frame to send."""
        while not self._waiting:
            self._ready.clear()
            self._is_asking = True
            try:
                await self._ready.wait()
            finally:
                self._is_asking = False
        return self._waiting.popleft()
