"""What open pages are told without asking, at /api/v1/notices: JSON texts, one socket a page (docs/settings.md).

Now that is one notice, `{"type": "settings", "settings": {...}}`: at once, and whenever a setting has changed. A page
that is slow hears the newest, never a backlog.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import msgspec
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.live.socket import OTHER_ORIGIN, TOO_MANY
from auth.guard import same_origin
from core.site import Site
from db.site import SiteFollower

router = APIRouter()

BEAT: Final = '{"type":"beat"}'
_BEAT_S: Final = 10.0
"""A page that hears nothing for longer knows that its connection is gone, whatever the network says."""
_GIVEN_UP_AFTER_S: Final = 60.0


def settings_notice(site: Site) -> str:
    """The notice that tells pages the settings."""
    return msgspec.json.encode({"type": "settings", "settings": site.for_pages()}).decode()


class Board:
    """Tells the open pages of one worker. Belongs to one event loop, between `begin` and `end`."""

    def __init__(self, site: SiteFollower) -> None:
        self._site = site
        self._wake: set[asyncio.Event] = set()
        self._text = ""
        self._end: Callable[[], None] | None = None

    @property
    def viewers(self) -> int:
        """How many pages are connected."""
        return len(self._wake)

    @property
    def text(self) -> str:
        """The newest notice."""
        return self._text

    def begin(self) -> None:
        """Listen to changes of the settings."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            loop.call_soon_threadsafe(self._tell)

        self._end = self._site.listen(changed)
        self._tell()

    def end(self) -> None:
        """Listen no more."""
        if self._end is not None:
            self._end()
            self._end = None

    @contextlib.contextmanager
    def joined(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is something to tell."""
        wake = asyncio.Event()
        wake.set()
        self._wake.add(wake)
        try:
            yield wake
        finally:
            self._wake.discard(wake)

    def _tell(self) -> None:
        self._text = settings_notice(self._site.current)
        for wake in self._wake:
            wake.set()


@router.websocket("/api/v1/notices")
async def notices(socket: WebSocket) -> None:
    """Tell the settings now and whenever they change, and a beat in between, until the page is left."""
    await socket.accept()  # a refusal before shows in browsers without its reason
    if not same_origin(socket.headers):
        await socket.close(OTHER_ORIGIN, "a page of another origin asked")
        return
    board: Board = socket.app.state.board
    if board.viewers >= socket.app.state.store.settings.max_viewers:
        await socket.close(TOO_MANY, "too many pages; try later")
        return
    with board.joined() as wake:
        ends = {asyncio.create_task(_send(socket, board, wake)), asyncio.create_task(_listen(socket))}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)


async def _listen(socket: WebSocket) -> None:
    """Return when the page is left. What it says is not for us: it is read, so that pings are answered."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # RuntimeError: receive() after a disconnect
        while True:
            await socket.receive()


async def _send(socket: WebSocket, board: Board, wake: asyncio.Event) -> None:
    """Return when the page is left, or takes nothing any more."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        while True:
            try:
                async with asyncio.timeout(_BEAT_S):
                    await wake.wait()
                wake.clear()
                text = board.text
            except TimeoutError:
                text = BEAT
            async with asyncio.timeout(_GIVEN_UP_AFTER_S):
                await socket.send_text(text)
