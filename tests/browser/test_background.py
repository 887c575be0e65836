"""A live map in a tab that nobody looks at rests, and is up to date at once when it is looked at again."""

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served
from tests.browser.screen import eventually, live_sockets, open_map, state, still_open

pytestmark = pytest.mark.browser

LOOKED_AT = """(seen) => {
    Object.defineProperty(document, "hidden", { configurable: true, get: () => !seen });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
"""What a browser says of a tab that goes to the background or returns; a headless one shows all its tabs at once."""


def test_a_background_tab_stops_drawing_lets_its_socket_go_and_catches_up_at_once(page: Page, demo: Served) -> None:
    sockets = live_sockets(page)
    open_map(page, demo)
    eventually(page, "moving buses", lambda: state(page)["moving"] > 50 and state(page)["drawings"] > 5)

    page.evaluate(LOOKED_AT, False)
    eventually(page, "the socket's end", lambda: still_open(sockets) == 0)
    before = state(page)
    page.wait_for_timeout(2500)
    after = state(page)
    assert (after["drawings"], after["frames"]) == (before["drawings"], before["frames"]), "it goes on unseen"

    page.evaluate(LOOKED_AT, True)
    eventually(page, "news", lambda: state(page)["frames"] > after["frames"])
    eventually(page, "a new picture", lambda: state(page)["drawings"] > after["drawings"])
    eventually(page, "data that is not old", lambda: state(page)["newestAgeMs"] < 3000)
    expect(page.locator("#live-page")).to_have_attribute("data-status", "live")
    assert still_open(sockets) == 1
