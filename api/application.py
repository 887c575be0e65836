"""The FastAPI application: routers, errors, the live hub. Pages are put on top of it by the composition root."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import anyio
from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api import errors, notices
from api.answers import Answers
from api.direct import DirectWay
from api.head import HeadAsGet
from api.live import snapshot, socket
from api.live.hub import Hub
from api.routers import (
    alerts,
    annotations,
    devices,
    docs,
    geofences,
    health,
    ingest,
    lines,
    metrics,
    occupancy,
    pipeline,
    playback,
    quarantine,
    rules,
    series,
    session,
    settings,
    spaces,
    spread,
    summary,
    timeline,
    top,
    track,
)
from auth.sessions import Sessions
from auth.tokens import Tokens
from core.collector import Collector
from db.store import Store

IngestStatus = Callable[[], dict[str, Any]]

_HASHES_AT_ONCE: Final = 2
"""Checking a password takes 64 MB and tens of milliseconds: others wait."""
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def create_api(
    store: Store,
    *,
    ingest_status: IngestStatus | None,
    collector: Collector | None,
    version: str,
    on_start: list[Callable[[], Awaitable[None]]],
    key: str | None = None,
) -> FastAPI:
    """The API over `store`. `ingest_status` tells of the ingest where it runs in this process, `collector` takes
    messages where this process does; `on_start` are awaited before the first request is taken. `key` signs cookies;
    None: one for this process alone."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for start in on_start:
            await start()
        await asyncio.to_thread(store.site.start)
        await asyncio.to_thread(store.alerts.start)
        await app.state.board.begin()
        following = asyncio.create_task(app.state.hub.run())
        try:
            yield
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
            app.state.board.end()
            await asyncio.to_thread(store.alerts.stop)
            await asyncio.to_thread(store.site.stop)
            await store.live.close()

    app = FastAPI(
        title="Waypost",
        version=version,
        description="Self-hosted, real-time telemetry analytics. Units are SI, times UTC, errors problem+json.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.store = store
    app.state.hub = Hub(store)
    app.state.board = notices.Board(store)
    app.state.answers = Answers(store.settings.cache_s)
    app.state.ingest_status = ingest_status
    app.state.collector = collector
    app.state.tokens = Tokens(store.connect)
    app.state.sessions = Sessions(
        store.connect,
        key or secrets.token_urlsafe(32),
        hours=store.settings.session_hours,
        tokens=app.state.tokens,
    )
    app.state.hashing = anyio.CapacityLimiter(_HASHES_AT_ONCE)
    app.state.max_body = store.settings.max_body_mb << 20
    errors.install(app)
    # The track of a device before the device: names may have slashes, and end in anything.
    topics = (
        health, session, ingest, track, timeline, devices, metrics, summary, series, spread, lines, top, annotations,
        occupancy, spaces, alerts, rules, geofences, pipeline, quarantine, settings, playback, snapshot, socket,
        notices, docs,
    )  # fmt: skip
    for topic in topics:
        app.include_router(topic.router)

    _refuse_unknown_paths(app)
    app.add_middleware(HeadAsGet)
    app.add_middleware(DirectWay, endpoints=ingest.DIRECT)
    return app


def _refuse_unknown_paths(app: FastAPI) -> None:
    """Without this, Dash answers a path of the API that there is not with its page and 200."""
    known = tuple(app.routes)

    @app.api_route("/api", methods=list(_METHODS), include_in_schema=False)
    @app.api_route("/api/{path:path}", methods=list(_METHODS), include_in_schema=False)
    async def unknown(request: Request) -> None:
        scope, path = request.scope, request.url.path
        allowed = [m for m in _METHODS if any(r.matches({**scope, "method": m})[0] is Match.FULL for r in known)]
        if allowed:
            detail = f"{path} does not take {request.method}, only {', '.join(allowed)}"
            raise HTTPException(405, detail, {"Allow": ", ".join(allowed)})
        raise HTTPException(404, f"there is nothing at {path}; GET /api/docs shows what there is")
