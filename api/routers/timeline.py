"""What happened to devices: their timelines, events of all of them, and the states they are in."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.answers import Answer, AnswersParam, rendered
from api.bodies import read_body, split_items
from api.errors import Problem, documented
from api.lookup import find_device, unknown_device
from api.parameters import DeviceName, FleetParam, From, OneDevice, StoreParam, Text, To, span_of
from api.routers.devices import get_device
from api.routers.ingest import ERRORS, SOURCE, accepted, collector_of, source_of, take
from api.schemas import AcceptedOut
from api.schemas_timeline import EventItemOut, EventsOut, StateOut, StatesOut, TimelineItemOut, TimelineOut
from core.collector import Rejected
from core.errors import StoreUnavailable
from core.types import from_micros
from db.queries import devices, events
from db.queries.cursor import Cursor
from db.queries.events import Event, Filter
from db.store import Store

router = APIRouter(prefix="/api/v1", tags=["timelines"])

Mark = Literal["any", "clock_jump", "out_of_order_state", "repeat"]
_MOST_TYPES: Final = 50
_LONGEST_SPAN: Final = timedelta(days=365 * 500)
_ERRORS: Final = documented(404, 422, 503)
_NAMES: Final = ("device_id", "id", "deviceId", "vehicle_id")
_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "One event, an array of them, or one a line: type, ts, data; the device is that of the path",
        "content": {
            "application/json": {
                "schema": {},
                "example": {"type": "door_open", "ts": "2026-11-22T21:19:03.123Z", "data": {"by": "badge"}},
            }
        },
    }
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of events as it was asked for."""

    types: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    limit: int
    after: Cursor | None


def asked_for(
    start: From = None,
    to: To = None,
    kinds: Annotated[
        list[Text] | None,
        Query(alias="type", description="Only this type; send it several times for several", max_length=_MOST_TYPES),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Events a page")] = 100,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> Asked:
    """The page asked for. Raises Problem 422."""
    if start is not None or to is not None:
        span = span_of(start, to, _LONGEST_SPAN)
        start, to = (None if start is None else span.start), (None if to is None else span.end)
    try:
        after = None if cursor is None else Cursor.parse(cursor)
    except ValueError:
        raise Problem(422, "cursor is none that a page has given; send `next` of the page before, or none") from None
    return Asked(tuple(kinds or ()), start, to, limit, after)


AskedParam = Annotated[Asked, Depends(asked_for)]


@router.post(
    "/devices/{name:path}/timeline",
    response_model=AcceptedOut,
    responses=ERRORS | documented(404),
    openapi_extra=_BODY | SOURCE,
)
async def post_timeline(request: Request, store: StoreParam, name: DeviceName) -> Response:
    """Take events of one device. The answer comes once they are on disk; what cannot be used is named, with the reason.

    Needs a token with the scope `ingest`. An event is checked against the state of its device when it is stored, a
    moment later. While the database is away events are taken all the same.
    """
    collector = await collector_of(request)
    source = source_of(request)
    items = split_items(await read_body(request, request.app.state.max_body))
    with suppress(StoreUnavailable):  # then the device is looked up when the journal is read
        await run_in_threadpool(_find, store, name)
    wrong: list[Rejected] = []
    messages: list[bytes] = []
    places: list[int] = []
    for index, item in enumerate(items):
        message = as_message(item, name)
        if isinstance(message, str):
            wrong.append(Rejected(index, message))
        else:
            messages.append(message)
            places.append(index)
    refused = await take(collector, source, messages)
    wrong += [Rejected(places[one.index], one.reason) for one in refused]
    return accepted(len(items), sorted(wrong, key=lambda one: one.index))


def as_message(item: bytes, name: str) -> bytes | str:
    """The native message of the device `name` that an item of a timeline is; or why it is none."""
    try:
        fields = msgspec.json.decode(item, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return f"not an event: {str(error)[:200]}"
    named = {fields.pop(one) for one in _NAMES if isinstance(fields.get(one), str)}
    if named - {name}:
        return f"not an event of this device: it names {min(named - {name})[:80]!r}"
    if "type" in fields and "event" not in fields:
        fields["event"] = fields.pop("type")
    if fields.get("event") is None:
        return 'not an event: send its "type"'
    return msgspec.json.encode({"device_id": name, **fields})


@router.get("/devices/{name:path}/timeline", response_model=TimelineOut, responses=_ERRORS)
async def get_timeline(
    request: Request, store: StoreParam, answers: AnswersParam, name: DeviceName, asked: AskedParam
) -> Response:
    """The events of a device, newest first, page by page."""
    if _is_name(request, "timeline"):
        return await _device_itself(store, f"{name}/timeline")

    def make() -> Answer:
        with store.connect() as connection:
            find_device(connection, name)
            wanted = Filter(device=name, types=asked.types, start=asked.start, end=asked.end)
            page = events.list_events(connection, wanted, limit=asked.limit, after=asked.after)
        items = [TimelineItemOut(id=e.id, ts=e.ts, type=e.type, data=e.data, marks=list(e.marks)) for e in page.items]
        return rendered(TimelineOut(items=items, next=page.next and str(page.next)))

    return await answers.respond(request, ("timeline", name, asked), make)


@router.get("/devices/{name:path}/states", responses=_ERRORS)
async def get_states(request: Request, store: StoreParam, name: DeviceName) -> StatesOut:
    """The states that a device's machines are in, and since when: from Redis, or from the database without it."""
    if _is_name(request, "states"):
        return await _device_itself(store, f"{name}/states")  # type: ignore[return-value]  # a response of its own

    device_id = await run_in_threadpool(_find, store, name)
    try:
        mirrored = await store.live.read_states(device_id)
    except StoreUnavailable:
        mirrored = None
    if mirrored is None:
        found = await run_in_threadpool(_states, store, device_id)
    else:
        found = [StateOut(machine=m, state=s, since=from_micros(us)) for m, (s, us) in sorted(mirrored.items())]
    return StatesOut(device_id=name, items=found)


@router.get("/events", response_model=EventsOut, responses=_ERRORS)
async def get_events(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    asked: AskedParam,
    device: OneDevice = None,
    fleet: FleetParam = None,
    search: Annotated[Text | None, Query(description="Any part of a device's name or label")] = None,
    marks: Annotated[
        list[Mark] | None, Query(alias="mark", description="Only events with this mark, or with any")
    ] = None,
) -> Response:
    """The events of all devices, newest first, page by page."""
    chosen = tuple(sorted(set(marks or ())))

    def make() -> Answer:
        wanted = Filter(
            device=device,
            search=search,
            fleet=fleet,
            types=asked.types,
            marks=tuple(mark for mark in chosen if mark != "any") if "any" not in chosen else (),
            marked=bool(chosen),
            start=asked.start,
            end=asked.end,
        )
        with store.connect() as connection:
            if device is not None:
                find_device(connection, device)
            page = events.list_events(connection, wanted, limit=asked.limit, after=asked.after)
        return rendered(EventsOut(items=[_item(e) for e in page.items], next=page.next and str(page.next)))

    return await answers.respond(request, ("events", device, fleet, search, chosen, asked), make)


def _item(e: Event) -> EventItemOut:
    return EventItemOut(
        id=e.id,
        ts=e.ts,
        type=e.type,
        data=e.data,
        marks=list(e.marks),
        device_id=e.device,
        received_at=e.received_at,
        machine=e.machine,
        state=e.state,
    )


def _find(store: Store, name: str) -> int:
    with store.connect() as connection:
        found = devices.get_device(connection, name)
    if found is None:
        raise unknown_device(name)
    return found.id


def _states(store: Store, device_id: int) -> list[StateOut]:
    with store.connect() as connection:
        found = events.list_states(connection, device_id)
    return [StateOut(machine=one.machine, state=one.state, since=one.since.astimezone(UTC)) for one in found]


def _is_name(request: Request, ending: str) -> bool:
    """Whether the slash before the ending belongs to the name of a device."""
    raw: bytes = request.scope.get("raw_path", b"")
    return raw.lower().endswith(b"%2f" + ending.encode())


async def _device_itself(store: Store, name: str) -> JSONResponse:
    found = await run_in_threadpool(get_device, store, name)
    return JSONResponse(found.model_dump(mode="json"))
