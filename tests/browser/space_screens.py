"""Takes the pictures of the Spaces page: python -m tests.browser.space_screens. It invents doors and people."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, expect, sync_playwright

from tests.app.process import Waypost
from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import PHONE
from tests.browser.doors import PASSWORD, TOKEN, open_doors
from tests.browser.screens import open_page, take

SIZE: ViewportSize = {"width": 1440, "height": 1500}
PATIENCE_MS = 120_000


def main() -> None:
    """Take them."""
    chromium = os.environ.get("WAYPOST_TEST_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium: set WAYPOST_TEST_CHROMIUM")
    settings = {"SOURCES": "", "ADMIN_PASSWORD": PASSWORD, "INGEST_TOKEN": TOKEN}
    with tempfile.TemporaryDirectory() as folder, Waypost(Path(folder) / "data", **settings) as waypost:
        waypost.ready()
        open_doors(waypost)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            for name, scheme, size in (("light", "light", SIZE), ("dark", "dark", SIZE), ("phone", "light", PHONE)):
                picture(browser, waypost, name, scheme, size)
            browser.close()


def picture(browser: Browser, waypost: Waypost, name: str, scheme: str, size: ViewportSize) -> None:
    """One of them, of yesterday and today in the reading room."""
    page = open_page(browser, scheme, size)
    page.set_default_timeout(PATIENCE_MS)
    page.goto(f"{waypost.url}/spaces?space=Reading+room&from=now-36h&to=now")
    expect(page.locator(".wp-space[aria-pressed=true]")).to_contain_text("Reading room", timeout=PATIENCE_MS)
    expect(page.locator(".wp-drift-number").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator(".wp-graph .ytick").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#spaces-heat td").first).to_be_attached(timeout=PATIENCE_MS)
    page.wait_for_timeout(6000)
    take(page, f"spaces-{name}")
    page.context.close()


if __name__ == "__main__":
    main()
