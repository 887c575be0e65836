"""Dash on FastAPI, with three things mended that stock Dash 4.4.1 lacks. They lean on its private API: Dash is pinned
in requirements.in, and tests/components/test_server.py fails where an update changes what they rely on.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from dash import Dash
from starlette.responses import Response

from components.bundle import MEDIA_TYPES, Bundle, bundle

_MOST_CALLBACKS_AT_ONCE = 16


class WaypostDash(Dash):
    """Dash whose callbacks never hold up the event loop, which is ready before its first request, and whose pages ask
    for one script and one stylesheet of ours."""

    _limiter: anyio.CapacityLimiter | None = None
    script_hashes: Sequence[str] = ()
    """What `csp_hashes()` gives once it is complete; kept, for every answer names them."""

    def _execute_callback(self, func: Callable[..., Any], args: Any, outs: Any, g: Any) -> Any:
        """Run callbacks that are no coroutines in threads.

        Stock Dash runs them on the event loop: one slow query would freeze the live map of everyone.
        """
        run = super()._execute_callback(func, args, outs, g)  # type: ignore[no-untyped-call]  # Dash types a part of itself
        if inspect.iscoroutinefunction(func) or getattr(g, "dash_websocket", None):
            return run

        async def in_thread() -> Any:
            if self._limiter is None:
                self._limiter = anyio.CapacityLimiter(_MOST_CALLBACKS_AT_ONCE)
            # anyio takes the context along: dash.ctx and get_app() work in there.
            return await anyio.to_thread.run_sync(run, limiter=self._limiter)

        return in_thread

    async def prepare(self) -> None:
        """Do now what Dash leaves to its first request; to be awaited before the server takes any.

        Otherwise a first visit by a deep link lacks assets, title and scripts, and `csp_hashes()` is incomplete.
        """
        for function in list(self.backend._before_request_funcs):  # type: ignore[attr-defined]  # that of the FastAPI backend
            result = function()
            if isinstance(result, Awaitable):
                await result
        self.script_hashes = self.csp_hashes()

    def _walk_assets_directory(self) -> None:
        """Name one bundle of each kind where stock Dash names every file in the folder of assets."""
        folder, ignored = Path(self.config.assets_folder), self.config.assets_path_ignore or ()
        for made, resources in (
            (bundle(folder, "css", without=ignored), self.css.append_css),
            (bundle(folder, "js", without=ignored), self.scripts.append_script),
        ):
            if made is not None:
                self._serve(made)
                resources(self._add_assets_resource(made.name, str(made.newest)))  # type: ignore[no-untyped-call]  # Dash types a part of itself

    def _serve(self, made: Bundle) -> None:
        async def answer() -> Response:
            return Response(made.content, media_type=MEDIA_TYPES[made.kind])

        self.server.add_api_route(f"/assets/{made.name}", answer, methods=["GET"], include_in_schema=False)
        # It must be asked before Dash's own route of /assets/, which was added earlier.
        self.server.router.routes.insert(0, self.server.router.routes.pop())
