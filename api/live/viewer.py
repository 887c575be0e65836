"""One open page: what it is still to be sent. A slow one is given the newest picture, never a backlog."""

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from api.live.frames import Ids
from api.live.views import Asked

if TYPE_CHECKING:
    from api.live.group import Group

_MOST_WAITING: Final = 6
"""Frames; a viewer that has more waiting than that is behind and starts over with a snapshot."""


class Viewer:
    """Frames are `bytes` (binary) or `str` (text). `group` is where its frames come from; None: it needs a snapshot."""

    def __init__(self, *, json: bool, asked: Asked | None = None) -> None:
        self.json = json
        self.asked = asked or Asked()
        self.group: Group | None = None
        self.brought_at = float("-inf")
        """When (monotonic, s) it was given its view last: of views asked for in quick succession the last counts."""
        self.dropped = 0
        self.taken = 0
        """Frames that it has asked for."""
        self._told = np.zeros(0, bool)
        self._waiting: deque[bytes | str] = deque()
        self._ready = asyncio.Event()
        self._is_asking = False

    @property
    def can_take_snapshot(self) -> bool:
        """Whether it has sent all it was given: a snapshot made earlier would only grow old."""
        return self._is_asking

    def offer(self, frame: bytes | str) -> bool:
        """Give a frame to send. Where too many wait already, all are dropped: False, and a snapshot comes instead."""
        if len(self._waiting) >= _MOST_WAITING:
            self.dropped += len(self._waiting) + 1
            self.start_over()
            return False
        self._waiting.append(frame)
        self._ready.set()
        return True

    def start_over(self) -> None:
        """Forget what waits and what it was told: it gets a snapshot."""
        self._waiting.clear()
        self._told[:] = False
        self.asked = Asked(self.asked.view)
        self.detach()

    def enter(self, group: "Group") -> None:
        """Get the frames of `group` from here on."""
        self.detach()
        self.group = group
        group.members.add(self)
        self.brought_at = time.monotonic()

    def detach(self) -> None:
        """Get no frames of a group any more."""
        if self.group is not None:
            self.group.members.discard(self)
        self.group = None

    def not_told(self, ids: Ids) -> Ids:
        """Those of these devices that it does not know the names of."""
        if len(ids) == 0:
            return ids
        self._grow(int(ids.max()))
        return ids[~self._told[ids]]

    def told(self, ids: Ids) -> None:
        """Note that it knows what these devices are called."""
        if len(ids):
            self._grow(int(ids.max()))
            self._told[ids] = True

    def knows(self, device: int) -> bool:
        """Whether it was told the name of this device."""
        return device < len(self._told) and bool(self._told[device])

    async def next(self) -> bytes | str:
        """The next frame to send."""
        while not self._waiting:
            self._ready.clear()
            self._is_asking = True
            try:
                await self._ready.wait()
            finally:
                self._is_asking = False
        self.taken += 1
        return self._waiting.popleft()

    def _grow(self, device: int) -> None:
        if device >= len(self._told):
            self._told = np.concatenate([self._told, np.zeros(device + 1024 - len(self._told), bool)])
