"""A browser for each file, and a fresh context for each test."""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, Protocol

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.app.process import Waypost
from tests.browser.chromium import ARGUMENTS
from tests.browser.contexts import Contexts
from tests.browser.faults import Faults

DESKTOP: Final[ViewportSize] = {"width": 1440, "height": 900}
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
PATIENCE_MS = 60_000

expect.set_options(timeout=PATIENCE_MS)


class Browse(Protocol):
    """Opens a page in a context of its own; options are those of `Browser.new_context`."""

    def __call__(self, **options: Any) -> Page: ...


class Start(Protocol):
    """Starts a Waypost and waits until it is ready; settings are without WAYPOST_."""

    def __call__(self, **settings: str) -> Waypost: ...


def chromium() -> str:
    """The Chromium to test with. Without one the tests are skipped, which CI does not let pass."""
    found = os.environ.get("WAYPOST_TEST_CHROMIUM") or shutil.which("chromium")
    if found:
        return found
    missing = "no Chromium: set WAYPOST_TEST_CHROMIUM, or run `make test`, which finds or installs one"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(f"BROWSER TESTS DID NOT RUN: {missing}")


# Not for the session: while Playwright runs, no other test of this process could use asyncio.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    path = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Contexts:
    """Its contexts, lent to one test after the other."""
    return Contexts(browser)


@pytest.fixture
def faults() -> Iterator[Faults]:
    """Fails the test in which the browser meets a fault that it did not allow."""
    watching = Faults()
    yield watching
    assert watching.unexpected() == [], "the browser met faults"


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a Waypost for this test alone; it ends after the pages that look at it were closed."""
    with ExitStack() as running:

        def start_one(**settings: str) -> Waypost:
            return running.enter_context(Waypost(tmp_path / "data", **settings)).ready()

        yield start_one


@pytest.fixture
def browse(contexts: Contexts, faults: Faults, start: Start) -> Iterator[Browse]:
    """Opens pages, each in a context of its own; closed at the end."""
    with ExitStack() as opened:

        def open_page(**options: Any) -> Page:
            all_options = {"viewport": DESKTOP, "color_scheme": "light", "locale": "en-GB"} | options
            context = contexts.take(all_options)
            context.set_default_timeout(PATIENCE_MS)
            opened.enter_context(faults.watching(context))
            opened.callback(contexts.give_back, context, all_options)
            return context.new_page()

        yield open_page


@pytest.fixture
def page(browse: Browse) -> Page:
    """A page of a desktop browser in the light scheme."""
    return browse()
