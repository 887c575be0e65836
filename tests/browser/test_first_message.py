"""Before the first message, its arrival, and devices whose names are anything that a sender may write."""

import shlex
import subprocess
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import ROOT, Waypost, free_port
from tests.browser.conftest import Browse, Start
from tests.browser.publisher import Publisher
from tests.browser.screen import DRAWN_TRACK, eventually, fleets_mean, open_map, state

pytestmark = pytest.mark.browser

HOSTILE = '<img src=x onerror=alert(1)>/../ä?x&y#z "q"'
NAMES = (HOSTILE, "</script><script>alert(2)</script>", "%2e%2e%2f50% мост-7 🚌", "x" * 200, "device/track")

# It says so for two seconds, which a slow look misses.
_NOTE_WHAT_THE_BUTTON_SAYS = """() => {
    const button = document.getElementById("live-empty-copy");
    window.__said = [];
    const note = () => window.__said.push(button.textContent);
    new MutationObserver(note).observe(button, { childList: true, subtree: true });
}"""


def test_without_a_source_the_map_says_so_and_how_to_start_one(page: Page, start: Start) -> None:
    waypost = start(SOURCES="")
    page.goto(waypost.url)
    expect(page.locator("#live-page")).to_have_attribute("data-phase", "empty")
    expect(page.locator(".wp-empty-map")).to_contain_text("No source is set")
    expect(page.locator("#live-empty-command")).to_contain_text("WAYPOST_SOURCES=zmq://127.0.0.1:5556")
    expect(page.locator("#live-total")).to_have_text("0")
    expect(page.locator("#live-indicator")).to_contain_text("Waiting for data")
    page.get_by_role("link", name="Summary").first.click()
    expect(fleets_mean(page).locator(".wp-chart-cover")).to_contain_text("No device has sent anything yet")


def test_one_message_and_the_copied_command_fill_the_map_by_themselves(browse: Browse, start: Start) -> None:
    page = browse(permissions=["clipboard-read", "clipboard-write"])
    with Publisher() as publisher:
        waypost = start(SOURCES=f"zmq://127.0.0.1:{free_port()}?source=buses {publisher.source}")
        page.goto(waypost.url)
        expect(page.locator(".wp-empty-map")).to_contain_text("No device has sent anything yet")
        page.evaluate(_NOTE_WHAT_THE_BUTTON_SAYS)
        page.get_by_role("button", name="Copy").click()
        eventually(page, "it to be said", lambda: "Copied" in page.evaluate("() => window.__said"))
        command = page.evaluate("() => navigator.clipboard.readText()")
        assert command == page.locator("#live-empty-command").inner_text()

        publisher.await_subscriber()
        publisher.send(device_id=HOSTILE, lat=30.27, lon=-97.74, speed=8.2, heading=271)
        expect(page.locator("#live-page")).to_have_attribute("data-phase", "ready")
        expect(page.locator(".wp-empty-map")).to_be_hidden()
        expect(page.locator("#live-total")).to_have_text("1")
        expect(page.locator("#live-total-word")).to_have_text("device")
        page.locator(".wp-row").click()
        expect(page.locator("#live-card-name")).to_have_attribute("title", HOSTILE)
        page.locator("#live-card-open").click()
        expect(page.locator("#device-head .wp-name-text").first).to_have_attribute("title", HOSTILE)
        eventually(page, "its place in view", lambda: _newest_place_is_in_view(page))
        publisher.send(device_id=HOSTILE, lat=30.6, lon=-97.2, speed=8.2, heading=271)
        eventually(page, "the track to grow", lambda: page.locator(DRAWN_TRACK).count() > 0)
        eventually(page, "its new place in view", lambda: _newest_place_is_in_view(page))

        for place, name in enumerate(NAMES):
            publisher.send(device_id=name, lat=30.2 + place / 100, lon=-97.7, speed=5 + place, heading=0)
        eventually(page, "all of them", lambda: waypost.get("/api/v1/summary?metric=speed")["devices"] == len(NAMES))
        for name in NAMES:
            _is_shown_as_text(page, waypost, name)
        page.goto(f"{waypost.url}/top")
        expect(page.locator("#top-grid .wp-link")).to_have_count(len(NAMES))
        for name in NAMES:
            link = page.locator("#top-grid").get_by_title(name, exact=True)
            path, _, _ = (link.get_attribute("href") or "").partition("?")
            assert unquote(path.removeprefix("/device/")) == name

    open_map(page, waypost)
    pasted = subprocess.Popen([*shlex.split(command), "--quiet"], cwd=ROOT)
    try:
        eventually(page, "buses on the map", lambda: state(page)["moving"] > len(NAMES) + 50, 90)
    finally:
        pasted.terminate()
        pasted.wait()


def _newest_place_is_in_view(page: Page) -> bool:
    frame, place = page.locator(".wp-track-map").bounding_box(), page.locator(".wp-track-end").bounding_box()
    if frame is None or place is None:
        return False
    inside_x = frame["x"] < place["x"] and place["x"] + place["width"] < frame["x"] + frame["width"]
    inside_y = frame["y"] < place["y"] and place["y"] + place["height"] < frame["y"] + frame["height"]
    return inside_x and inside_y


def _is_shown_as_text(page: Page, waypost: Waypost, name: str) -> None:
    """Its page opens by its address, shows the name as it was sent, and made no element of it."""
    page.goto(f"{waypost.url}/device/{quote(name, safe='')}?from=now-1h")
    expect(page.locator("#device-head .wp-name-text").first).to_have_attribute("title", name)
    expect(page.locator("#device-figures .wp-figure-value").first).to_be_visible()
    assert page.locator("#main img:not(.leaflet-tile), #main script").count() == 0
