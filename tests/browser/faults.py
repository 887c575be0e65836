"""What a browser must never meet on our pages: errors, failed requests, violations of the CSP, dialogs, strangers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Response, WebError

_OURS = {"127.0.0.1", "localhost"}
_LEFT = "net::ERR_ABORTED"
"""A request that was under way when its page was left, or that our own code has given up."""


class Faults:
    """Collects what goes wrong in the contexts that it watches. Chromium reports violations of the CSP as errors."""

    def __init__(self) -> None:
        self._found: list[str] = []
        self._allowed: list[re.Pattern[str]] = []

    @contextmanager
    def watching(self, context: BrowserContext) -> Iterator[None]:
        """Listen to all pages of a context meanwhile."""
        listeners: dict[Any, Any] = {
            "console": self._console,
            "weberror": self._error,
            "dialog": self._dialog,
            "request": self._request,
            "requestfailed": self._failed,
            "response": self._response,
        }
        for event, listener in listeners.items():
            context.on(event, listener)
        yield
        for event, listener in listeners.items():
            context.remove_listener(event, listener)

    def allow(self, *patterns: str) -> None:
        """Expect faults with such words: those of a server that a test stops."""
        self._allowed += [re.compile(pattern) for pattern in patterns]

    def unexpected(self) -> list[str]:
        """What was found and not allowed, and forget it."""
        found = [fault for fault in self._found if not any(allowed.search(fault) for allowed in self._allowed)]
        self._found.clear()
        return found

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._found.append(f"console {message.type}: {message.text} ({message.location['url']})")

    def _error(self, error: WebError) -> None:
        self._found.append(f"page error: {error.error}")

    def _dialog(self, dialog: Dialog) -> None:
        self._found.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in _OURS:
            self._found.append(f"request to another host: {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != _LEFT:
            self._found.append(f"request failed: {request.failure} {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self._found.append(f"answer {response.status}: {response.url}")
