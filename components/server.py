"""Dash on FastAPI, with two things mended that stock Dash 4.4.1 lacks. Both lean on its private API: Dash is pinned
in requirements.in, and tests/components/test_server.py fails where an update changes what they rely on.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio
import anyio.to_thread
from dash import Dash

_MOST_CALLBACKS_AT_ONCE = 16


class WaypostDash(Dash):
    """Dash whose callbacks never hold up the event loop, and which is ready before its first request."""

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
