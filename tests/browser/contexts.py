"""Contexts of a browser that tests use one after the other: a user each, who has never been here before.

A context that was used keeps what the browser itself keeps of a site, its scripts and their compiled code: opening a
page then costs a quarter of the processor time. What a user has (cookies, storage, rights, pages) is gone between two
tests.
"""

from contextlib import suppress
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error

_FORGET = "() => { window.localStorage.clear(); window.sessionStorage.clear(); }"


class Contexts:
    """Lends contexts by their options; the browser that they belong to closes them."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = {}

    def take(self, options: dict[str, Any]) -> BrowserContext:
        """One that nobody else has; options are those of `Browser.new_context`."""
        free = self._free.get(repr(sorted(options.items())), [])
        return free.pop() if free else self._browser.new_context(**options)

    def give_back(self, context: BrowserContext, options: dict[str, Any]) -> None:
        """Close its pages and forget the user."""
        for page in context.pages:
            with suppress(Error):  # a page that is not of our site, or that has ended, has nothing to forget
                page.evaluate(_FORGET)
            page.close()
        context.unroute_all(behavior="ignoreErrors")
        context.clear_cookies()
        self._free.setdefault(repr(sorted(options.items())), []).append(context)
