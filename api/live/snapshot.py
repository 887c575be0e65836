"""The picture of the live map for those who ask now and then: GET /api/v1/live/snapshot and /api/v1/live/names."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from api.answers import answer, reply
from api.errors import Problem, documented
from api.live.hub import Hub
from api.live.views import View, ViewRefused, view_of
from api.parameters import BoxParam, Text

router = APIRouter(prefix="/api/v1/live", tags=["live"], responses=documented(422, 503))

_FRAME: Final = {"content": {"application/octet-stream": {}}, "description": "A snapshot frame: docs/live-protocol.md"}


def _view(
    bbox: BoxParam,
    metric: Annotated[Text | None, Query(description="Values of it in a column")] = None,
    also: Annotated[Text | None, Query(description="Ids or names of devices to get wherever they are, a,b,c")] = None,
) -> View:
    try:
        return view_of(bbox, metric, also)
    except ViewRefused as refusal:
        raise Problem(422, str(refusal)) from None


ViewParam = Annotated[View, Depends(_view)]


@router.get("/snapshot", response_class=Response, responses={200: _FRAME})
async def get_snapshot(request: Request, view: ViewParam) -> Response:
    """One binary snapshot frame, as the live socket sends it first."""
    hub: Hub = request.app.state.hub
    frame = await hub.snapshot(view)
    return Response(frame, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})


@router.get("/names", response_class=Response)
async def get_names(request: Request, view: ViewParam) -> Response:
    """What the live socket says in text before its first frame: limits, and the names of the devices of the view."""
    hub: Hub = request.app.state.hub
    body = b'{"hello":' + hub.hello().encode() + b',"devices":' + await hub.names(view) + b"}"
    return reply(request, answer(body, "application/json"), keep_s=0)
