"""The WebSocket itself: /api/v1/live."""

import asyncio
import contextlib
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from api.live.hub import Hub
from api.live.viewer import Viewer
from auth.guard import same_origin

router = APIRouter()

OTHER_ORIGIN: Final = 4403
TOO_MANY: Final = 1013


@router.websocket("/api/v1/live")
async def live(
    socket: WebSocket, frame_format: Annotated[Literal["binary", "json"], Query(alias="format")] = "binary"
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
    viewer = Viewer(json=frame_format == "json")
    hub.join(viewer)
    sending = asyncio.create_task(_send(socket, viewer))
    try:
        while True:
            await socket.receive()
    except (WebSocketDisconnect, RuntimeError):
        pass  # the viewer has left: receive() after a disconnect raises RuntimeError
    finally:
        hub.leave(viewer)
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending


async def _send(socket: WebSocket, viewer: Viewer) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            frame = await viewer.next()
            if isinstance(frame, str):
                await socket.send_text(frame)
            else:
                await socket.send_bytes(frame)
