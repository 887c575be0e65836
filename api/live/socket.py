"""The WebSocket itself: /api/v1/live."""

import asyncio
import contextlib
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from api.live.hub import Hub
from api.live.viewer import Viewer
from api.live.views import Asked, ViewRefused, read_view
from auth.guard import same_origin

router = APIRouter()

NOT_A_VIEW: Final = 4400
OTHER_ORIGIN: Final = 4403
TOO_MANY: Final = 1013

_GIVEN_UP_AFTER_S: Final = 60.0
"""A viewer that takes no frame for so long is gone, though its connection may stand for hours: it makes room."""
_LOOKS: Final = 2
"""So often is it looked at in that time. A timer for each frame took a tenth of all that a frame takes."""
_REASON_BYTES: Final = 123
"""What a close frame has room for (RFC 6455, 5.5)."""


@router.websocket("/api/v1/live")
async def live(
    socket: WebSocket,
    frame_format: Annotated[Literal["binary", "json"], Query(alias="format")] = "binary",
    view: str | None = None,
) -> None:
    """Send a snapshot, then what changes, until the viewer leaves (docs/live-protocol.md)."""
    # A refusal before accept shows as a bare 403 in browsers, without a reason: accept, then close with a code.
    await socket.accept()
    if not same_origin(socket.headers):
        await socket.close(OTHER_ORIGIN, "a page of another origin asked")
        return
    hub: Hub = socket.app.state.hub
    if hub.viewers >= socket.app.state.store.settings.max_viewers:
        await socket.close(TOO_MANY, "too many viewers; try later")
        return
    try:
        viewer = Viewer(json=frame_format == "json", asked=Asked() if view is None else read_view(view))
    except ViewRefused as refusal:
        await _close_for(socket, refusal)
        return
    hub.join(viewer)
    parts = (_send(socket, hub, viewer), _listen(socket, hub, viewer), _watch(viewer))
    ends = {asyncio.create_task(part) for part in parts}
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.leave(viewer)
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def _listen(socket: WebSocket, hub: Hub, viewer: Viewer) -> None:
    """Hear what the viewer wants to see. Return when it has left, or said what cannot be understood."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # RuntimeError: receive() after a disconnect
        while True:
            message = await socket.receive()
            if message["type"] != "websocket.receive":
                return
            try:
                text = message.get("text")
                if text is None:
                    raise ViewRefused("not a view: views are text")
                hub.ask(viewer, read_view(text))
            except ViewRefused as refusal:
                await _close_for(socket, refusal)
                return


async def _close_for(socket: WebSocket, refusal: ViewRefused) -> None:
    await socket.close(NOT_A_VIEW, str(refusal).encode()[:_REASON_BYTES].decode(errors="ignore"))


async def _send(socket: WebSocket, hub: Hub, viewer: Viewer) -> None:
    """Return when the viewer has left."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        frame: bytes | str = hub.hello()
        while True:
            if isinstance(frame, str):
                await socket.send_text(frame)
            else:
                await socket.send_bytes(frame)
            frame = await viewer.next()


async def _watch(viewer: Viewer) -> None:
    """Return when the viewer takes nothing any more: the same frame was under way at one look after the other."""
    taken, stuck = viewer.taken, 0
    while stuck < _LOOKS:
        await asyncio.sleep(_GIVEN_UP_AFTER_S / _LOOKS)
        stuck = stuck + 1 if viewer.taken == taken and not viewer.can_take_snapshot else 0
        taken = viewer.taken
