"""What open pages are told without asking, at /api/v1/notices: JSON texts, one socket a page (docs/settings.md).

There are two kinds, `{"type": "settings", "settings": {...}}` and `{"type": "alerts", "alerts": {...}}`: a page hears
both at once, and each whenever it has changed. One that is slow hears the newest of each, never a backlog.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from api.live.socket import OTHER_ORIGIN, TOO_MANY
from auth.guard import same_origin
from components.standing import for_pages, sentence
from core.alert_conditions import Metric
from core.errors import StoreUnavailable
from core.units import Units
from db.queries.alerts import Alert
from db.queries.metrics import get_metric
from db.store import Store

router = APIRouter()

BEAT: Final = '{"type":"beat"}'
_BEAT_S: Final = 10.0
"""A page that hears nothing for longer knows that its connection is gone, whatever the network says."""
_GIVEN_UP_AFTER_S: Final = 60.0


class Board:
    """Tells the open pages of one worker. Belongs to one event loop, between `begin` and `end`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._wake: set[asyncio.Event] = set()
        self._texts: dict[str, str] = {}
        self._ends: list[Callable[[], None]] = []
        self._writing = threading.Lock()
        self._said: tuple[int, Units, str] | None = None

    @property
    def viewers(self) -> int:
        """How many pages are connected."""
        return len(self._wake)

    async def begin(self) -> None:
        """Listen to changes of the settings and of what is open."""
        loop = asyncio.get_running_loop()

        def changed() -> None:
            with self._writing:  # else what was written first could be told last
                for kind, text in self._written().items():
                    loop.call_soon_threadsafe(self._tell, kind, text)

        self._ends = [self._store.site.listen(changed), self._store.alerts.listen(changed)]
        await asyncio.to_thread(changed)

    def end(self) -> None:
        """Listen no more."""
        while self._ends:
            self._ends.pop()()

    @contextlib.contextmanager
    def joined(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever there is something to tell."""
        wake = asyncio.Event()
        self._wake.add(wake)
        try:
            yield wake
        finally:
            self._wake.discard(wake)

    def next(self, told: dict[str, str]) -> str | None:
        """A notice that a page, which was `told` these by kind, does not know yet; None where it knows all."""
        for kind, text in self._texts.items():
            if told.get(kind) != text:
                told[kind] = text
                return text
        return None

    def _tell(self, kind: str, text: str) -> None:
        if self._texts.get(kind) != text:
            self._texts[kind] = text
            for wake in self._wake:
                wake.set()

    def _written(self) -> dict[str, str]:
        """The notices by kind, as things are now. Of a metric the database is asked for its label and unit."""
        site, standing = self._store.site.current, self._store.alerts.current
        text = "" if standing.newest is None else self._sentence(standing.newest, site.units)
        return {
            "settings": _notice("settings", site.for_pages()),
            "alerts": _notice("alerts", for_pages(standing, text)),
        }

    def _sentence(self, alert: Alert, units: Units) -> str:
        if self._said is not None and self._said[:2] == (alert.id, units):
            return self._said[2]
        if not isinstance(alert.condition, Metric):
            return sentence(alert, None, units)
        try:
            with self._store.connect() as connection:
                metric = get_metric(connection, alert.condition.metric)
        except StoreUnavailable:
            return sentence(alert, None, units)  # without a unit, until the next change finds the database back
        self._said = (alert.id, units, sentence(alert, metric, units))
        return self._said[2]


def _notice(kind: str, content: dict[str, Any]) -> str:
    return msgspec.json.encode({"type": kind, kind: content}).decode()


@router.websocket("/api/v1/notices")
async def notices(socket: WebSocket) -> None:
    """Tell each kind now and whenever it changes, and a beat in between, until the page is left."""
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
    told: dict[str, str] = {}
    with contextlib.suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
        while True:
            text = board.next(told)
            if text is None:
                try:
                    async with asyncio.timeout(_BEAT_S):
                        await wake.wait()
                    wake.clear()
                    continue
                except TimeoutError:
                    text = BEAT
            async with asyncio.timeout(_GIVEN_UP_AFTER_S):
                await socket.send_text(text)
