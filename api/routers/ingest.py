"""The collector: messages by HTTP, answered once they survive any crash."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.bodies import read_body, split_items
from api.direct import Endpoint
from api.errors import Problem, documented
from api.schemas import AcceptedOut
from auth.first_start import INGEST_SCOPE
from auth.tokens import Tokens, token_of
from core.collector import Collector, Rejected
from core.errors import JournalFull

router = APIRouter(tags=["collector"])

_NAME: Final = re.compile(r"[\w.-]{1,64}", re.ASCII)
_RETRY_AFTER_S: Final = "5"
_CHECKED_AT_ONCE: Final = 4096
"""Bytes: to decode so few takes less than to hand them to a thread, and holds up nobody."""
ERRORS: Final = documented(400, 401, 403, 413, 415, 422, 429, 503)
_EXAMPLE: Final = [
    {"device_id": "bus-8929", "ts": "2026-11-22T21:19:03Z", "lat": 30.2686, "lon": -97.7441, "speed": 8.2},
    {"device_id": "dpu-17", "ts": 1795382343123, "battery": 0.83},
]
SOURCE: Final = {
    "parameters": [
        {
            "name": "source",
            "in": "query",
            "required": False,
            "description": "What the ledger calls the sender: letters, digits, - _ .",
            "schema": {"type": "string", "default": "http", "title": "Source", "pattern": f"^{_NAME.pattern}$"},
        }
    ]
}
_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "One message, an array of them, or one a line (docs/protocols.md lists the fields)",
        "content": {"application/json": {"schema": {}, "example": _EXAMPLE}},
    }
}


def source_of(request: Request) -> str:
    """What the ledger shall call the sender. Raises Problem 422."""
    source = request.query_params.get("source", "http")
    if not _NAME.fullmatch(source):
        raise Problem(422, "source takes 1 to 64 letters, digits, dots, dashes and underscores.")
    return source


async def collector_of(request: Request) -> Collector:
    """The collector, for a request that may use it. Raises Problem 404, 401 or 403."""
    state = request.app.state
    collector: Collector | None = state.collector
    if collector is None:
        raise Problem(404, "Messages are taken by the process that ingests, not by this one.")
    tokens: Tokens = state.tokens
    token = token_of(request.headers, request.query_params)
    if token is None:
        detail = "Send the collector token: Authorization: Bearer TOKEN (it was printed at the first start)."
        raise Problem(401, detail, {"WWW-Authenticate": "Bearer"})
    scopes = tokens.known(token)
    if scopes is None:
        scopes = await run_in_threadpool(tokens.scopes, token)
    if not scopes:
        raise Problem(401, "The token is not known.", {"WWW-Authenticate": 'Bearer error="invalid_token"'})
    if INGEST_SCOPE not in scopes:
        raise Problem(403, f"The token lacks the scope {INGEST_SCOPE}.")
    return collector


@router.post("/api/v1/ingest", response_model=AcceptedOut, responses=ERRORS, openapi_extra=_BODY | SOURCE)
async def ingest(request: Request) -> Response:
    """Take messages. The answer comes once they are on disk; items that cannot be used are named, with the reason.

    Needs a token with the scope `ingest`. The body may be gzip. 429 means: wait, then send the same again.
    """
    collector = await collector_of(request)
    source = source_of(request)
    items = split_items(await read_body(request, request.app.state.max_body))
    return accepted(len(items), await take(collector, source, items))


@router.get("/osmand", response_model=AcceptedOut, responses=ERRORS)
@router.post("/osmand", response_model=AcceptedOut, responses=ERRORS)
@router.api_route("/osmand/", methods=["GET", "POST"], include_in_schema=False)
async def osmand(request: Request) -> Response:
    """OsmAnd and Traccar Client: fields in the query, in a form, or as JSON."""
    collector = await collector_of(request)
    body = await read_body(request, request.app.state.max_body)
    query = [(name, value) for name, value in parse_qsl(request.url.query) if name != "token"]
    return await _receive(collector, "osmand", body if body.strip() else urlencode(query).encode())


@router.post("/owntracks", responses=ERRORS, openapi_extra=_BODY)
async def owntracks(request: Request) -> Response:
    """OwnTracks in HTTP mode. The answer is what its apps expect: a list of messages for them, which is empty."""
    collector = await collector_of(request)
    body = await read_body(request, request.app.state.max_body)
    await _receive(collector, "owntracks", _with_owner(body, request.headers))
    return JSONResponse([])


@router.post("/traccar", response_model=AcceptedOut, responses=ERRORS, openapi_extra=_BODY)
async def traccar(request: Request) -> Response:
    """Traccar's position forwarding, as JSON."""
    collector = await collector_of(request)
    return await _receive(collector, "traccar", await read_body(request, request.app.state.max_body))


DIRECT: Final[Mapping[tuple[str, str], Endpoint]] = {
    ("POST", "/api/v1/ingest"): ingest,
    ("GET", "/osmand"): osmand,
    ("POST", "/osmand"): osmand,
    ("POST", "/owntracks"): owntracks,
    ("POST", "/traccar"): traccar,
}
"""What senders ask once a message, for api.direct."""


async def _receive(collector: Collector, source: str, payload: bytes) -> Response:
    """Take the one message of a device. What cannot be used is answered with 200 too, and kept in the quarantine:
    a device would send it again for ever, and nothing behind it."""
    return accepted(1, await take(collector, source, [payload]))


def accepted(items: int, rejected: Sequence[Rejected]) -> Response:
    """The answer to who sent so many items, of which these cannot be used."""
    return Response(AcceptedOut.of(items, rejected).model_dump_json(), media_type="application/json")


async def take(collector: Collector, source: str, items: Sequence[bytes]) -> list[Rejected]:
    """Check items and have them kept; those that cannot be used. Raises Problem 422, and 429 without room for them."""
    try:
        if sum(map(len, items)) <= _CHECKED_AT_ONCE:
            rejected = collector.check(source, items)
        else:
            rejected = await run_in_threadpool(collector.check, source, items)
    except ValueError as error:
        raise Problem(422, str(error)) from None
    try:
        await collector.accept(source, items)
    except JournalFull as error:
        detail = f"No room for more at the moment ({error}); send the same again."
        raise Problem(429, detail, {"Retry-After": _RETRY_AFTER_S}) from None
    return rejected


def _with_owner(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The message with user and device from OwnTracks' headers, where it is an object and they are there."""
    owner = {"_user": headers.get("x-limit-u"), "_device": headers.get("x-limit-d")}
    known = {name: value for name, value in owner.items() if value}
    if not known:
        return body
    try:
        message: Any = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        return body
    return msgspec.json.encode(message | known) if isinstance(message, dict) else body
