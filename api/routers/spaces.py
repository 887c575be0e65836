"""Spaces: what they are, and where their sensors sit."""

import contextlib
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.asking import AdminParam
from api.errors import Problem, documented
from api.lookup import find_space, unknown_device
from api.parameters import StoreParam, Text
from api.schemas_spaces import PlacementIn, SpaceIn, SpaceOut, SpacesOut
from auth.roles import Visitor
from core.errors import Overlapping, StoreUnavailable, UnknownDevice
from core.occupancy import LiveCount
from db import spaces as change
from db.queries import spaces
from db.queries.spaces import Space
from db.store import Store

router = APIRouter(prefix="/api/v1", tags=["spaces"])

SpaceName = Annotated[Text, Path(description="The name of the space, percent-encoded", examples=["Reading room"])]
_MOST_PLACEMENTS = 1000
_LONGEST_NAME = 200


@router.get("/spaces", responses=documented(503))
async def list_spaces(store: StoreParam) -> SpacesOut:
    """All spaces: their hours and capacity, where their sensors sit and sat, and how many people are in them now."""
    live = await live_counts(store)

    def ask() -> SpacesOut:
        now = datetime.now(UTC)
        with store.connect() as connection:
            found = spaces.list_spaces(connection)
            answers = described(connection, found, live)
        return SpacesOut(as_of=now, spaces=answers)

    return await run_in_threadpool(ask)


@router.put(
    "/spaces/{name:path}/placements", response_model=SpaceOut, responses=documented(401, 403, 404, 409, 422, 503)
)
async def put_placements(store: StoreParam, admin: AdminParam, name: SpaceName, wanted: list[PlacementIn]) -> Any:
    """Say where the sensors of a space sit and sat, all of them; what differs from before is counted anew.

    One that moved has its old placement with an end, and a new one. Needs an admin.
    """
    if len(wanted) > _MOST_PLACEMENTS:
        raise Problem(422, f"a space has at most {_MOST_PLACEMENTS} placements")
    for one in wanted:
        if one.valid_to is not None and one.valid_to <= one.valid_from:
            raise Problem(422, f"{one.device_id} is placed until before it is: to must be after from")

    def work() -> tuple[LiveCount, SpaceOut]:
        with store.connect() as connection, connection.begin():
            space = find_space(connection, name)
            try:
                count = change.put_placements(connection, space, [one.placing() for one in wanted], called(admin))
            except Overlapping as error:
                raise Problem(409, str(error)) from None
            except UnknownDevice as error:
                raise unknown_device(str(error)) from None
            return count, described(connection, [space], {name: count})[0]

    count, answer = await run_in_threadpool(work)
    await shown(store, count)
    return answer


@router.put("/spaces/{name:path}", response_model=SpaceOut, responses=documented(401, 403, 422, 503))
async def put_space(store: StoreParam, admin: AdminParam, response: Response, name: SpaceName, wanted: SpaceIn) -> Any:
    """Make a space, or say anew what it is; its placements and counts stay. Needs an admin."""
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise Problem(422, f"the name of a space has 1 to {_LONGEST_NAME} characters")

    def work() -> tuple[LiveCount, bool, SpaceOut]:
        with store.connect() as connection, connection.begin():
            count, is_new = change.put_space(connection, name, wanted.capacity, wanted.hours(), called(admin))
            space = find_space(connection, name)
            return count, is_new, described(connection, [space], {name: count})[0]

    count, is_new, answer = await run_in_threadpool(work)
    await shown(store, count)
    if is_new:
        response.status_code = 201
    return answer


@router.delete("/spaces/{name:path}", status_code=204, responses=documented(401, 403, 404, 422, 503))
async def delete_space(store: StoreParam, admin: AdminParam, name: SpaceName) -> None:
    """Forget a space, its placements and its history. What its sensors have sent stays. Needs an admin."""

    def work() -> None:
        with store.connect() as connection, connection.begin():
            change.remove_space(connection, find_space(connection, name), called(admin))

    await run_in_threadpool(work)
    with contextlib.suppress(StoreUnavailable):
        await store.live.forget_count(name)


async def live_counts(store: Store) -> dict[str, LiveCount]:
    """The counts of now, from Redis or else from the database. Raises StoreUnavailable where neither answers."""
    with contextlib.suppress(StoreUnavailable):
        return dict(await store.live.read_counts())
    return {}


async def shown(store: Store, count: LiveCount) -> None:
    """Let Redis have a count that was changed here; where it is away, the ingest does it later."""
    with contextlib.suppress(StoreUnavailable):
        await store.live.keep_count(count)


def called(visitor: Visitor) -> str:
    """Who it is, for the audit."""
    return visitor.name or "?"


def described(connection: Connection, found: list[Space], live: dict[str, LiveCount]) -> list[SpaceOut]:
    """All that is known of these spaces; counts that `live` lacks come from the database."""
    now = datetime.now(UTC)
    return [SpaceOut.of(one, now) for one in spaces.describe(connection, found, live, now)]
