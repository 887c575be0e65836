"""A hub and pages that look at it, without sockets between."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import pytest

from api.live.hub import Hub
from api.live.viewer import Viewer
from api.live.views import Asked, read_view
from db.store import Store
from tests.api import frames
from tests.api.frames import DELTA, SNAPSHOT

LONG_S: Final = 20.0


class Page:
    """A viewer that reads all it is given."""

    def __init__(self, hub: Hub, *, json_format: bool = False, **view: Any) -> None:
        self.viewer = Viewer(json=json_format, asked=_asked(view))
        self.names: dict[int, str] = {}
        self.labels: dict[int, str | None] = {}
        self._hub = hub
        hub.join(self.viewer)

    def ask(self, **view: Any) -> None:
        """Ask for another view."""
        self._hub.ask(self.viewer, _asked(view))

    async def next(self) -> frames.Frame | dict[str, Any]:
        """The next frame that is no echo of a view; one that speaks of devices without a name fails."""
        async with asyncio.timeout(LONG_S):
            data = await self.viewer.next()
        if isinstance(data, bytes):
            frame = frames.decode(data)
            assert set(frame.id) <= self.names.keys()
            return frame
        text: dict[str, Any] = json.loads(data)
        if text["type"] == "view":
            return await self.next()
        if text["type"] == "devices":
            self.names.update(zip(text["id"], text["name"], strict=True))
            self.labels.update(zip(text["id"], text["label"], strict=True))
        return text

    async def until(self, *kinds: int, paused: bool | None = None) -> frames.Frame:
        """The next binary frame of these kinds."""
        while True:
            frame = await self.next()
            if isinstance(frame, frames.Frame) and frame.kind in kinds and paused in {None, frame.paused}:
                return frame

    async def shown(self, *names: str) -> frames.Frame:
        """The next snapshot or delta that is about just these."""
        while True:
            frame = await self.until(SNAPSHOT, DELTA)
            if {self.names[device] for device in frame.id} == set(names):
                return frame


def _asked(view: dict[str, Any]) -> Asked:
    return read_view(json.dumps({"type": "view", **view}))


@contextlib.asynccontextmanager
async def living(store: Store, *, alone: bool = True) -> AsyncIterator[Hub]:
    """A hub that runs, and is seen to end as it should. `alone`: no other runs beside it when it ends."""
    hub = Hub(store)
    task = asyncio.create_task(hub.run())
    try:
        yield hub
        assert not task.done(), "the hub has ended by itself"
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.live.close()
    assert not alone or len(asyncio.all_tasks()) == 1, "the hub left tasks behind"


def run(test: Awaitable[None]) -> None:
    """Run an asynchronous test."""

    async def bounded() -> None:
        async with asyncio.timeout(3 * LONG_S):
            await test

    asyncio.run(bounded())


async def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(LONG_S):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)
