"""Alive, and able to take traffic."""

from fastapi import APIRouter, Request, Response

from api.parameters import StoreParam
from api.schemas import ReadyOut
from core.errors import StoreUnavailable
from db.store import Store

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz", responses={503: {"model": ReadyOut}}, response_model_exclude_none=True)
async def readyz(request: Request, response: Response, store: StoreParam) -> ReadyOut:
    """200 when every part answers, 503 when one does not; the body says which."""
    parts = {"database": await _database(store), "redis": await _redis(store)}
    metrics_refused = None
    if request.app.state.ingest_status is not None:
        status = request.app.state.ingest_status()
        parts["ingest"] = _ingest(status)
        metrics_refused = status.get("metrics_refused")
    ready = all(state == "ok" for state in parts.values())
    response.status_code = 200 if ready else 503
    return ReadyOut(ready=ready, parts=parts, metrics_refused=metrics_refused)


# Anyone may ask: what the servers said, which names hosts and users, is in the log alone.


async def _database(store: Store) -> str:
    try:
        await store.ping()
    except StoreUnavailable:
        return "does not answer"
    return "ok"


async def _redis(store: Store) -> str:
    try:
        await store.live.ping()
    except StoreUnavailable:
        return "does not answer"
    return "ok"


def _ingest(status: dict[str, object]) -> str:
    if status["database_problem"]:
        return "waits for the database; what arrives is kept in the journal"
    if status["redis_problem"]:
        return "waits for Redis; live updates are paused"
    return "ok"
