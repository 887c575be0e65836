"""The time machine plays what was, on the same map, and goes back to what is live."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served
from tests.browser.conftest import PHONE, Browse
from tests.browser.screen import eventually, open_map, state

pytestmark = pytest.mark.browser

_PLACES = """() => {
    const { store } = window.waypost.live.session().scene;
    return Array.from(store.id.subarray(0, store.count), (id, slot) => [store.name[slot], store.x[slot], store.y[slot]])
        .filter(([, x]) => !Number.isNaN(x));
}"""
_NOW_MS = "() => window.waypost.live.session().scene.serverMs()"
_MOMENT_MS = "() => document.getElementById('live-machine-slider').valueAsNumber"


def _places(page: Page) -> dict[str, tuple[float, float]]:
    return {name: (x, y) for name, x, y in page.evaluate(_PLACES)}


def test_it_plays_the_past_of_all_devices_and_goes_back_to_live(page: Page, demo: Served, browse: Browse) -> None:
    open_map(page, demo)
    eventually(page, "buses", lambda: state(page)["total"] > 50)
    body, play = page.locator("#live-machine-body"), page.locator("#live-machine-play")
    expect(body).to_be_hidden()
    page.keyboard.press("b")
    expect(body).to_be_visible()
    expect(page.locator("#live-indicator")).to_have_text("In the past")
    expect(page.locator("#live-page")).to_have_attribute("data-status", "past")
    eventually(page, "a past with buses", lambda: state(page)["total"] > 50 and page.evaluate(_MOMENT_MS) > 0)
    expect(page.locator("#live-machine-note")).not_to_contain_text("Loading")
    began, before = page.evaluate(_MOMENT_MS), _places(page)
    eventually(page, "ages of that moment", lambda: abs(page.evaluate(_NOW_MS) - began) <= 2000)

    page.locator("#live-machine-speed").select_option("50")
    page.keyboard.press(" ")
    expect(play).to_have_attribute("aria-label", "Pause")
    eventually(page, "a minute of the past", lambda: page.evaluate(_MOMENT_MS) > began + 60_000)
    page.keyboard.press(" ")
    expect(play).to_have_attribute("aria-label", "Play")
    expect(page.locator("#live-indicator")).to_have_text("In the past")
    after = _places(page)
    assert sum(before.get(name) != place for name, place in after.items()) > 20, "buses have moved"
    stopped_at = page.evaluate(_MOMENT_MS)
    page.keyboard.press(",")
    eventually(page, "a step back", lambda: page.evaluate(_MOMENT_MS) == stopped_at - 10_000)
    page.keyboard.press("[")
    eventually(page, "half an hour earlier", lambda: page.evaluate(_MOMENT_MS) == stopped_at - 10_000 - 1_800_000)
    page.keyboard.press("]")
    page.locator("#live-machine-later").click()
    expect(page.locator("#live-machine-note")).to_contain_text("event")
    slider = page.locator("#live-machine-slider")
    slider.focus()
    moment = page.evaluate(_MOMENT_MS)
    page.keyboard.press("ArrowRight")
    eventually(page, "a second on", lambda: page.evaluate(_MOMENT_MS) == moment + 1000)
    assert re.search(r"\d", slider.get_attribute("aria-valuetext") or "")
    expect(page).to_have_url(re.compile(r"t=20\d\d-\d\d-\d\dT[\d:]+Z&speed=50&span=1"))

    phone = browse(viewport=PHONE)  # the address shows the same to another
    phone.goto(page.url)
    expect(phone.locator("#live-machine-body")).to_be_visible()
    # The address has whole seconds, and the slider steps of a second from where its span begins.
    eventually(phone, "the same moment", lambda: abs(phone.evaluate(_MOMENT_MS) - moment - 1000) <= 1000)
    eventually(phone, "buses", lambda: state(phone)["total"] > 50)
    eventually(phone, "names", lambda: not any(name.startswith("#") for name in _places(phone)))
    box = phone.locator("#live-machine").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= PHONE["width"]
    phone.close()

    page.locator("#live-machine-close").click()
    expect(body).to_be_hidden()
    expect(page.locator("#live-page")).to_have_attribute("data-status", "live")
    expect(page).not_to_have_url(re.compile(r"[?&](t|speed|span)="))
    assert page.evaluate(_NOW_MS) > moment + 60_000
