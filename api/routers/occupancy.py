"""How many people are in a space: now, at any past moment, and over time; and what people know better."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BeforeValidator
from starlette.concurrency import run_in_threadpool

from api.answers import Answer, AnswersParam, rendered
from api.asking import AnalystParam
from api.errors import Problem, documented
from api.formats import choose, described
from api.formats.table import Kind, file_answer
from api.limits import MAX_POINTS
from api.lookup import find_space
from api.parameters import TABLES, From, StoreParam, TableFormat, To, moment_of, window_of, with_plus
from api.routers.spaces import SpaceName, called, shown
from api.schemas_spaces import (
    AnchorIn,
    CorrectionOut,
    CountOut,
    HistoryOut,
    HistoryPointOut,
    KnownOut,
    StretchOut,
)
from core.errors import StoreUnavailable
from core.occupancy import LiveCount
from core.types import to_micros
from db import spaces as change
from db.queries import occupancy, spaces
from db.store import Store

router = APIRouter(prefix="/api/v1", tags=["spaces"])

_DEFAULT: Final = timedelta(hours=24)
_COLUMNS: Final[dict[str, Kind]] = {
    "ts": "moment",
    "reported": "count",
    "raw": "count",
    "count": "count",
    "low": "count",
    "high": "count",
    "reconciled": "count",
}
_CSV: Final = "ts,reported,raw,count,low,high,reconciled\r\n2026-11-22T08:05:00.000Z,3,3,2,1,3,1\r\n"
_LONGEST: Final = timedelta(days=366)

At = Annotated[
    datetime | None,
    Query(description="ISO 8601 with Z or an offset; left out: now", examples=["2026-11-22T21:19:03Z"]),
    BeforeValidator(with_plus),
]


@router.get("/spaces/{name:path}/count", responses=documented(404, 422, 503))
async def get_count(store: StoreParam, name: SpaceName, at: At = None) -> CountOut:
    """How many people are in the space, or were at a moment; null where nothing is known of then.

    Now is up to date within a tenth of a second of a crossing. A moment to come has no count.
    """
    now = datetime.now(UTC)
    if at is None:
        live = await _live(store, name)
        return CountOut(count=None if live is None else live.count(to_micros(now)), at=now, reconciled=False)
    moment = moment_of("at", at)

    def ask() -> CountOut:
        with store.connect() as connection:
            space = find_space(connection, name)
            found = None if moment > now else occupancy.count_at(connection, space, moment)
        return CountOut(
            count=None if found is None else found.count, at=moment, reconciled=found is not None and found.reconciled
        )

    return await run_in_threadpool(ask)


@router.get(
    "/spaces/{name:path}/history", response_model=HistoryOut, responses=documented(404, 422, 503) | described(csv=_CSV)
)
async def get_history(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    name: SpaceName,
    start: From = None,
    to: To = None,
    points: Annotated[int, Query(ge=1, le=MAX_POINTS, description="Most moments, about")] = 300,
    asked: TableFormat = None,
) -> Response:
    """Counts over time, as reported and with drift taken out, in an error band; the last 24 h if `from` is left out.

    A count holds until the next. Every stretch between two known counts says how far the sensors were off.
    """
    window = window_of(start, to, _DEFAULT)
    if window.span.end - window.span.start > _LONGEST:
        raise Problem(422, f"from and to are at most {_LONGEST.days} days apart; ask for several spans")
    chosen = choose(request, asked, TABLES)

    def make() -> Answer:
        with store.connect() as connection:
            space = find_space(connection, name)
            found = occupancy.history(connection, space, window.span, points=points)
            ended = occupancy.stretches(connection, space, window.span)
            known = spaces.list_known(connection, space.id, window.span)
            corrected = occupancy.corrections(connection, space, window.span)
        if chosen != "json":
            rows = ((c.at, c.reported, c.raw, c.count, c.low, c.high, int(c.reconciled)) for c in found)
            return file_answer(chosen, f"{name}-occupancy", _COLUMNS, rows, None)
        return rendered(
            HistoryOut(
                name=name,
                start=window.span.start,
                end=window.span.end,
                points=[HistoryPointOut.of(c) for c in found],
                stretches=[StretchOut.of(e) for e in ended if e.drift or e.passages],
                counted=[KnownOut.of(k) for k in known],
                corrections=[CorrectionOut.of(c) for c in corrected],
            )
        )

    return await answers.respond(request, ("occupancy", name, window, points, chosen), make)


@router.post("/spaces/{name:path}/anchor", response_model=CountOut, responses=documented(401, 403, 404, 422, 503))
async def post_anchor(store: StoreParam, analyst: AnalystParam, name: SpaceName, known: AnchorIn) -> Any:
    """Say that somebody has counted: from this moment on counting begins there, and drift before it is taken out.

    Needs an analyst.
    """
    now = datetime.now(UTC)
    at = now if known.at is None else moment_of("at", known.at)
    if at > now:
        raise Problem(422, "at is a moment to come; nobody has counted then")

    def work() -> LiveCount:
        with store.connect() as connection, connection.begin():
            space = find_space(connection, name)
            return change.note_count(connection, space, at, known.count, called(analyst))

    count = await run_in_threadpool(work)
    await shown(store, count)
    return CountOut(count=known.count, at=at, reconciled=True)


@router.delete("/spaces/{name:path}/anchor", status_code=204, responses=documented(401, 403, 404, 422, 503))
async def delete_anchor(store: StoreParam, analyst: AnalystParam, name: SpaceName, at: At = None) -> None:
    """Take back a count made by hand, by its moment. Needs an analyst."""
    if at is None:
        raise Problem(422, "at says which count: send the moment that it was made for")
    moment = moment_of("at", at)

    def work() -> LiveCount:
        with store.connect() as connection, connection.begin():
            space = find_space(connection, name)
            count = change.remove_count(connection, space, moment, called(analyst))
            if count is None:
                raise Problem(404, f"nobody has counted at {moment.isoformat()}; GET history lists who has, and when")
            return count

    await shown(store, await run_in_threadpool(work))


@router.post("/spaces/{name:path}/reconcile", status_code=202, responses=documented(401, 403, 404, 422, 503))
def post_reconcile(store: StoreParam, analyst: AnalystParam, name: SpaceName) -> dict[str, bool]:
    """Have the whole history of the space made anew from its raw crossings; the ingest takes it up within seconds.

    Needs an analyst.
    """
    with store.connect() as connection, connection.begin():
        change.ask_to_reconcile(connection, find_space(connection, name), called(analyst))
    return {"asked": True}


async def _live(store: Store, name: str) -> LiveCount | None:
    """The count of now, from Redis or else from the database. Raises Problem 404."""
    try:
        found = await store.live.read_count(name)
    except StoreUnavailable:
        found = None
    if found is not None:
        return found

    def ask() -> LiveCount | None:
        with store.connect() as connection:
            find_space(connection, name)
            return spaces.live_counts(connection, name).get(name)

    return await run_in_threadpool(ask)
