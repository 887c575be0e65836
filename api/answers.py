"""Answers as bytes: rendered once, kept for a moment for all who ask the same, and named by an ETag.

Many viewers of one page cost one query in WAYPOST_CACHE_S seconds, and who has the answer already is told so (304).
"""

import hashlib
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from core.cache import SingleFlightCache

_MAX_BYTES: Final = 64 << 20
_LOADS_AT_ONCE: Final = 8
"""Of the 15 connections that the pool has: pages and live states need the others."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A body and what its headers say. `made_at` is of the monotonic clock, in seconds."""

    body: bytes
    media_type: str
    headers: Mapping[str, str]
    made_at: float = field(default_factory=time.monotonic)

    def __len__(self) -> int:
        return len(self.body)


def answer(body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with its ETag: a weak one, because the same answer may be sent compressed in several ways."""
    digest = hashlib.blake2b(body, digest_size=12, person=b"waypost").hexdigest()
    return Answer(body, media_type, {"ETag": f'W/"{digest}"', "Vary": "Accept", **(headers or {})})


def rendered(model: BaseModel, headers: Mapping[str, str] | None = None) -> Answer:
    """The answer as JSON."""
    return answer(model.model_dump_json(by_alias=True).encode(), "application/json", headers)


class Answers:
    """Gives answers from the cache, or has them made. Belongs to the event loop of the web server."""

    def __init__(self, ttl_s: float) -> None:
        self._ttl_s = ttl_s
        self._cache = SingleFlightCache[Answer](ttl_s=ttl_s, max_bytes=_MAX_BYTES, sizeof=len, loads=_LOADS_AT_ONCE)

    async def respond(self, request: Request, question: Hashable, make: Callable[[], Answer]) -> Response:
        """The answer to `question`, made by `make` in a thread where none is kept; 304 where the client has it.

        `question` must say all that the answer depends on. Raises what `make` raises.
        """
        found = await self._cache.get(question, make)
        left_s = max(0, round(found.made_at + self._ttl_s - time.monotonic()))
        return reply(request, found, keep_s=left_s)


def reply(request: Request, found: Answer, *, keep_s: int) -> Response:
    """The answer, or 304 where the client has it. A browser may keep it for `keep_s` seconds without asking."""
    # Private: who may look is decided here, by no cache between.
    headers = {**found.headers, "Cache-Control": f"private, max-age={keep_s}"}
    if _has(request.headers.get("if-none-match", ""), found.headers["ETag"]):
        return Response(status_code=304, headers=headers)
    return Response(found.body, media_type=found.media_type, headers=headers)


def _has(if_none_match: str, etag: str) -> bool:
    """Whether the client has this one, compared weakly as RFC 9110 (13.1.2) asks for."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag.removeprefix("W/") in tags


def answers_of(request: Request) -> Answers:
    """The answers that the application keeps."""
    answers: Answers = request.app.state.answers
    return answers


AnswersParam = Annotated[Answers, Depends(answers_of)]
