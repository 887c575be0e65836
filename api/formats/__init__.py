"""In which format to answer: as `format=` says, else as the Accept header prefers, else JSON."""

import re
from collections.abc import Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

from fastapi import Request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

MEDIA_TYPES: Final = {
    "json": "application/json",
    "geojson": "application/geo+json",
    "gpx": "application/gpx+xml",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.stream",
}

F = TypeVar("F", bound=str)


def choose(request: Request, asked: F | None, offered: Sequence[F]) -> F:
    """One of `offered`; the first where the Accept header names none of them, as a client can still read its type."""
    if asked is not None:
        return asked
    accept = parse_accept_header(request.headers.get("accept"), MIMEAccept)
    by_type = {MEDIA_TYPES[name]: name for name in offered}
    best = accept.best_match(by_type)
    return offered[0] if best is None else by_type[best]


def attachment(name: str, extension: str) -> dict[str, str]:
    """The header that makes a browser save the answer, under a name that any file system takes (RFC 6266)."""
    # \w of any script stays; separators, quotes and control characters would break the header or leave the folder.
    safe = re.sub(r"[^\w.-]+", "_", name).strip("._")[:100] or "waypost"
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    value = f'attachment; filename="{plain}.{extension}"'
    if plain != safe:
        value += f"; filename*=UTF-8''{quote(safe)}.{extension}"
    return {"Content-Disposition": value}


def described(**examples: Any) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of the formats beside JSON, each with an example."""
    content = {MEDIA_TYPES[name]: {"example": example} for name, example in examples.items()}
    not_modified = {"description": "The answer is the one whose ETag If-None-Match names"}
    return {200: {"description": "The answer", "content": content}, 304: not_modified}
