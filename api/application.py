"""The FastAPI application: routers, errors, the live hub. Pages are put on top of it by the composition root."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException

from api import errors
from api.live import socket
from api.live.hub import Hub
from api.routers import analytics, devices, docs, health
from db.store import Store

IngestStatus = Callable[[], dict[str, Any]]


def create_api(
    store: Store, *, ingest_status: IngestStatus | None, version: str, on_start: list[Callable[[], Awaitable[None]]]
) -> FastAPI:
    """The API over `store`. `ingest_status` tells of the ingest where it runs in this process; `on_start` are
    awaited before the first request is taken."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        for start in on_start:
            await start()
        following = asyncio.create_task(app.state.hub.run())
        try:
            yield
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
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
    app.state.ingest_status = ingest_status
    errors.install(app)
    for router in (health.router, devices.router, analytics.router, socket.router, docs.router):
        app.include_router(router)

    @app.api_route("/api/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def unknown(path: str) -> None:
        # Without this, Dash answers an unknown API path with its page and 200.
        raise HTTPException(404, f"there is nothing at /api/{path}; GET /api/docs shows what there is")

    return app
