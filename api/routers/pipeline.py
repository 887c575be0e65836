"""How the messages fare: received, stored, waiting, not usable."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.asking import visitor_of
from api.parameters import StoreParam
from api.schemas_pipeline import PipelineOut, pipeline_out
from auth.roles import Role
from core.errors import StoreUnavailable
from db.pipeline import read_pipeline

router = APIRouter(prefix="/api/v1", tags=["pipeline"])


@router.get("/pipeline")
async def get_pipeline(request: Request, store: StoreParam) -> PipelineOut:
    """For each source received = stored + duplicate + quarantined + in flight; what waits; how the jobs went.

    Where the database, Redis or every process that ingests is away, `missing` says so, what they know is null, and
    the status is 200 all the same.
    """
    found, missing = await read_pipeline(store, request.app.state.ingest_status)
    limit = store.settings.journal_max_mb << 20
    return pipeline_out(
        datetime.now(UTC), found, missing, journal_limit=limit, full=await run_in_threadpool(_is_admin, request)
    )


def _is_admin(request: Request) -> bool:
    """Whether to tell what servers said; who cannot be known now is not told."""
    try:
        return visitor_of(request).may(Role.ADMIN)
    except StoreUnavailable:
        return False
