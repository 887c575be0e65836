"""What every request passes first: its host must be ours, and another site's page may not use ours.

Waypost lets anyone on this machine look. So that this does not mean any web page that is open on this machine, the
Host header must be one we answer to (against DNS rebinding), and what changes or streams must come from our own
pages (against requests that other sites' pages make).
"""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether an address to listen on can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from our own page, or from no page at all (a script sends neither of these headers)."""
    origin = headers.get("origin")
    if origin is None:  # a browser that leaves it out says at least where the request comes from
        return headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
    try:
        came_from = urlsplit(origin).netloc
    except ValueError:
        return False
    return came_from != "" and came_from.lower() == headers.get("host", "").lower()


class Guard:
    """Pure ASGI, for http and websocket. `hosts` are the names we answer to; None answers to any."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(name.lower() for name in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or answer 421 or 403."""
        if scope["type"] == "http":
            headers = Headers(scope=scope)
            if not self._is_ours(headers.get("host", "")):
                answer = PlainTextResponse(
                    "Waypost does not answer to this host name. Use the address it printed at its start,"
                    " or add the name to WAYPOST_ALLOWED_HOSTS.\n",
                    status_code=421,
                )
                await answer(scope, receive, send)
                return
            if scope["method"] not in {"GET", "HEAD", "OPTIONS"} and not same_origin(headers):
                await PlainTextResponse("A page of another origin asked.\n", status_code=403)(scope, receive, send)
                return
        elif scope["type"] == "websocket" and not self._is_ours(Headers(scope=scope).get("host", "")):
            await send({"type": "websocket.close", "code": 1008, "reason": "unknown host name"})
            return
        await self._app(scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        if self._hosts is None:
            return True
        try:
            return urlsplit(f"//{host}").hostname in self._hosts
        except ValueError:  # an unfinished [ of an IPv6 address
            return False
