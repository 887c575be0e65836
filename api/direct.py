"""The direct way to endpoints that are asked once a message: past the routes, dependencies and models of FastAPI.

Measured with one message a request: FastAPI's way through them took two thirds of the request's CPU. The endpoints are
registered with FastAPI all the same, which documents them and refuses other methods.
"""

from collections.abc import Awaitable, Callable, Mapping

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api import errors
from core.errors import StoreUnavailable

Endpoint = Callable[[Request], Awaitable[Response]]


class DirectWay:
    """Pure ASGI. `endpoints` are by method and path; everything else is passed on."""

    def __init__(self, app: ASGIApp, endpoints: Mapping[tuple[str, str], Endpoint]) -> None:
        self._app = app
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on."""
        endpoint = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await self._app(scope, receive, send)
            return
        try:
            answer = await endpoint(Request(scope, receive))
        except HTTPException as error:
            answer = errors.of_refusal(error)
        except StoreUnavailable as error:
            answer = errors.of_unavailable(error)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)
