"""What the time machine plays, and the heat map: where all devices were during a past window."""

import struct
from datetime import timedelta
from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Query, Request, Response

from api.answers import Answer, AnswersParam, answer, rendered
from api.errors import Problem, documented
from api.parameters import BoxParam, From, StoreParam, To, Window, window_of
from api.schemas_playback import CoverageOut, EventOut, HeatOut
from core.types import to_micros
from db.queries import playback
from db.queries.heat import heat
from db.queries.playback import Fixes
from db.queries.rows import Span

router = APIRouter(prefix="/api/v1", tags=["playback"], responses=documented(422, 503))

VERSION: Final = 1
_HEADER: Final = struct.Struct("<2sBBIddII")
_UNKNOWN: Final = 0xFFFF
_LONGEST: Final = timedelta(hours=6)
_LONGEST_HEAT: Final = timedelta(days=7)
_LONGEST_COVERAGE: Final = timedelta(days=400)
_DEFAULT: Final = timedelta(hours=1)
_MOST_EVENTS: Final = 1000
_BINARY: Final = "application/octet-stream"
_CHUNK: Final = {"content": {_BINARY: {}}, "description": "A chunk of fixes: docs/live-protocol.md, Playback"}


@router.get("/playback", response_class=Response, responses={200: _CHUNK})
async def get_playback(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    bbox: BoxParam,
    start: From = None,
    to: To = None,
    step_s: Annotated[int, Query(ge=1, le=3600, description="At most one fix of a device in so many seconds")] = 1,
) -> Response:
    """Where all devices were within a window, and just before and after it, as one binary chunk; at most 6 h.

    The step is made longer where there would be more than about 200,000 fixes; the chunk says which it has.
    """
    window = _window(start, to, _LONGEST)

    def make() -> Answer:
        with store.connect() as connection:
            found = playback.fixes_within(connection, window.span, step_s=step_s, bbox=bbox)
        return answer(encode(found, window.span), _BINARY)

    return await answers.respond(request, ("playback", window, step_s, bbox), make)


@router.get("/playback/coverage", response_model=CoverageOut)
async def get_coverage(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    start: From = None,
    to: To = None,
    points: Annotated[int, Query(ge=1, le=1000, description="Most buckets; each a minute or longer")] = 120,
) -> Response:
    """How many devices moved and stood still, bucket by bucket, and the first 1000 events of the window."""
    window = _window(start, to, _LONGEST_COVERAGE)
    stopped_below = store.settings.stopped_below

    def make() -> Answer:
        with store.connect() as connection:
            found = playback.activity(connection, window.span, points=points, stopped_below=stopped_below)
            events = playback.events_within(connection, window.span, most=_MOST_EVENTS)
        buckets = list(zip(found.starts, found.moving, found.stopped, strict=True))
        listed = [EventOut(ts=e.ts, device_id=e.device, type=e.type) for e in events]
        return rendered(CoverageOut(bucket_s=found.bucket_s, buckets=buckets, events=listed))

    return await answers.respond(request, ("coverage", window, points), make)


@router.get("/heat", response_model=HeatOut)
async def get_heat(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    bbox: BoxParam,
    start: From = None,
    to: To = None,
    cells: Annotated[int, Query(ge=1, le=512, description="Most cells along the longer side of the box")] = 128,
) -> Response:
    """Where devices spent their time: counts by the cells of a Web Mercator grid; the last hour, at most 7 days.

    Each device counts once in `step_s` seconds, however often it sent.
    """
    window = _window(start, to, _LONGEST_HEAT)

    def make() -> Answer:
        with store.connect() as connection:
            found = heat(connection, window.span, box=bbox, cells=cells)
        return rendered(HeatOut(zoom=found.zoom, step_s=found.step_s, x=found.x, y=found.y, count=found.n))

    return await answers.respond(request, ("heat", window, bbox, cells), make)


def encode(fixes: Fixes, span: Span) -> bytes:
    """A chunk as docs/live-protocol.md describes it."""
    start_us, end_us = to_micros(span.start), to_micros(span.end)
    header = _HEADER.pack(b"WB", VERSION, 0, len(fixes), start_us / 1000, end_us / 1000, fixes.step_s * 1000, 0)
    located = np.clip(fixes.lat, -90, 90), np.clip(fixes.lon, -180, 180)
    lat, lon = (np.rint(column * 1e7).astype("<i4") for column in located)
    offset = ((fixes.ts - start_us) // 1000).astype("<i4")
    speed = _unsigned_16(fixes.speed * 100)
    heading = _unsigned_16(np.rint(fixes.heading * 100) % 36000)
    return b"".join((header, *(column.tobytes() for column in (fixes.id, lat, lon, offset, speed, heading))))


def _unsigned_16(values: "np.typing.NDArray[np.float32]") -> "np.typing.NDArray[np.uint16]":
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(values), _UNKNOWN, np.clip(np.rint(values), 0, _UNKNOWN - 1)).astype("<u2")


def _window(start: From, to: To, longest: timedelta) -> Window:
    window = window_of(start, to, _DEFAULT)
    if window.span.end - window.span.start > longest:
        raise Problem(422, f"from and to may be at most {longest.total_seconds() / 3600:g} h apart here")
    return window
