"""Headers of every answer: what a page may load and do, and how long a browser may keep it."""

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
_FOR_EVER: Final = "public, max-age=31536000, immutable"


def content_security_policy(script_hashes: Sequence[str], tiles_url: str | None) -> str:
    """A policy without inline scripts (but for those hashed) and without eval. Dash and Leaflet style inline."""
    images = "'self' data: blob:"
    if tiles_url:
        images += f" {_host_source(tiles_url)}"
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' {' '.join(script_hashes)}".rstrip(),
            "style-src 'self' 'unsafe-inline'",
            f"img-src {images}",
            "font-src 'self' data:",
            "worker-src 'self' blob:",
            "connect-src 'self' ws: wss:",
            "object-src 'none'",
            "base-uri 'self'",
            "frame-ancestors 'none'",
        )
    )


def _host_source(url: str) -> str:
    """Scheme and host of `url` as a policy names them; a first label with {s} in it becomes *, the only way allowed."""
    parts = urlsplit(url)
    first, _, rest = parts.netloc.partition(".")
    return f"{parts.scheme}://{f'*.{rest}' if '{' in first else parts.netloc}"


class SecurityHeaders:
    """Pure ASGI. `policy` is asked at each answer: it is complete only after Dash has prepared its scripts."""

    def __init__(self, app: ASGIApp, policy: Callable[[], str]) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.raw.extend(((b"content-security-policy", self._policy().encode()), *_ALWAYS))
                if message["status"] == 200:
                    _set_cache(headers, scope)
            await send(message)

        await self._app(scope, receive, with_headers)


def _set_cache(headers: MutableHeaders, scope: Scope) -> None:
    """Dash puts a version into the address of what it serves: that may be kept for ever; other assets are asked for."""
    path: str = scope["path"]
    if path.startswith("/assets/"):
        versioned = "m" in parse_qs(scope["query_string"].decode("latin-1")) or path.endswith(".woff2")
        headers["Cache-Control"] = _FOR_EVER if versioned else "no-cache"
    elif path.startswith("/_dash-component-suites/") and ".v" in path:
        headers["Cache-Control"] = _FOR_EVER
    elif "cache-control" not in headers:
        headers["Cache-Control"] = "no-store"
