"""Bodies of requests that bring messages: read up to a limit, unpacked, and cut into items."""

import zlib

import msgspec
from starlette.requests import Request

from api.errors import Problem


async def read_body(request: Request, most: int) -> bytes:
    """The body, unpacked if it came as gzip, of at most `most` bytes either way. Raises Problem 413, 415 or 400."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", "gzip"}:
        raise Problem(415, f"Content-Encoding {encoding} is not understood; send gzip, or none.")
    unpack = zlib.decompressobj(wbits=31) if encoding == "gzip" else None
    parts: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        try:
            part = chunk if unpack is None else unpack.decompress(chunk, most + 1 - size)
        except zlib.error as error:
            raise Problem(400, f"The body is not gzip: {error}.") from None
        parts.append(part)
        size += len(part)
        if size > most or (unpack is not None and unpack.unconsumed_tail):
            raise Problem(413, f"The body is larger than {most >> 20} MB (WAYPOST_MAX_BODY_MB); send it in parts.")
    if unpack is not None and not unpack.eof:
        raise Problem(400, "The gzip of the body ends too early.")
    return b"".join(parts)


def split_items(body: bytes) -> list[bytes]:
    """The messages of a body: an object, the elements of an array, or lines. Raises Problem 400 where it is none."""
    stripped = body.strip()
    if not stripped:
        raise Problem(400, "The body is empty; send a JSON object, an array of them, or one a line.")
    if stripped[:1] == b"[":
        try:
            return [bytes(item) for item in msgspec.json.decode(stripped, type=list[msgspec.Raw])]
        except msgspec.MsgspecError as error:
            raise Problem(400, f"The body is not JSON: {error}.") from None
    lines = [line for line in stripped.split(b"\n") if line.strip()]
    if len(lines) > 1 and not _is_json(stripped):
        return lines
    if not _is_json(stripped):
        raise Problem(400, "The body is not JSON; send an object, an array of them, or one a line.")
    return [stripped]


def _is_json(text: bytes) -> bool:
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True
