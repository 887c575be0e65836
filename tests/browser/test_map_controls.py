"""Every control of the live map, on one page that these tests share: each begins with an address of its own."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.app.process import Served
from tests.browser.conftest import DESKTOP, PATIENCE_MS
from tests.browser.faults import Faults
from tests.browser.screen import (
    click_device,
    device_alone,
    eventually,
    live_sockets,
    open_map,
    press_in_a_row,
    state,
    still_open,
)

pytestmark = pytest.mark.browser

HERE = {"latitude": 30.2672, "longitude": -97.7431, "accuracy": 30}
DOWNTOWN = "at=30.26700,-97.74300,15"
CITY = "at=30.29000,-97.74000,11.5"


@pytest.fixture(scope="module")
def shared(browser: Browser, demo: Served) -> Iterator[Page]:
    """A page of a desktop browser that may tell where it is."""
    context = browser.new_context(
        viewport=DESKTOP,
        color_scheme="light",
        locale="en-GB",
        geolocation={"latitude": 30.2672, "longitude": -97.7431, "accuracy": 30},
        permissions=["geolocation", "clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(PATIENCE_MS)
    faults = Faults()
    with faults.watching(context):
        yield context.new_page()
        context.close()
    assert faults.unexpected() == [], "the browser met faults"


def rows(page: Page) -> Locator:
    """The rows of the list that exist."""
    return page.locator("#live-list .wp-row")


def says(page: Page, *parts: str) -> None:
    """The address comes to have these parts."""
    eventually(page, f"an address with {parts}", lambda: all(part in page.url for part in parts))


def says_not(page: Page, part: str) -> None:
    """The address comes to be without this part."""
    eventually(page, f"an address without {part}", lambda: part not in page.url)


def looks_at(page: Page) -> Any:
    """[lat, lon, zoom] of the map."""
    script = (
        "() => { const { map } = window.waypost.live.session(), at = map.getCenter();"
        " return [at.lat, at.lng, map.getZoom()]; }"
    )
    return page.evaluate(script)


def test_colours_and_switches_change_what_is_drawn_the_legend_and_the_address(shared: Page, demo: Served) -> None:
    page = shared
    open_map(page, demo, f"?{DOWNTOWN}")
    legend = page.locator("#live-legend")
    expect(legend).to_be_hidden()
    page.keyboard.press("l")
    expect(page.locator("#live-colour")).to_be_focused()
    page.locator("#live-colour").select_option("fleet")
    expect(legend).to_contain_text("Capital Metro")
    says(page, "colour=fleet")
    page.locator("#live-colour").select_option(label="Speed")
    expect(legend.locator(".wp-map-legend-ticks > span")).to_have_count(5)
    expect(legend).to_contain_text("km/h")
    says(page, "colour=value")
    assert state(page)["domain"]["ticks"][0] == 0
    page.keyboard.press("Escape")
    expect(page.locator("#live-layers")).to_be_hidden()
    expect(page.locator("#live-tool-layers")).to_be_focused()
    page.keyboard.press("c")
    expect(legend).to_be_hidden()
    says_not(page, "colour=")

    eventually(page, "names beside the devices", lambda: state(page)["named"] > 3)
    page.keyboard.press("l")
    for letter, name, parameter in (
        ("n", "names", "names=off"),
        ("s", "glide", "smooth=off"),
        ("d", "density", "density=off"),
    ):
        switch = page.locator(f"#live-shows-{name}")
        expect(switch).to_have_attribute("aria-checked", "true")
        switch.click()
        expect(switch).to_have_attribute("aria-checked", "false")
        says(page, parameter)
        page.keyboard.press(letter)
        expect(switch).to_have_attribute("aria-checked", "true")
        says_not(page, parameter)
    page.keyboard.press("n")
    eventually(page, "no name", lambda: state(page)["named"] == 0)
    page.locator("#live-trails").select_option("selected")
    says(page, "trails=selected")
    page.keyboard.press("Escape")
    page.keyboard.press("t")
    says(page, "trails=none")
    page.keyboard.press("h")
    expect(page.locator("#live-legend")).to_contain_text("Time spent")
    says(page, "heat=on")
    page.keyboard.press("h")
    expect(page.locator("#live-legend")).to_be_hidden()


def test_filters_and_the_list_agree_with_the_map(shared: Page, demo: Served) -> None:
    page = shared
    open_map(page, demo, f"?{CITY}")
    note, found = page.locator("#live-list-note"), page.get_by_role("searchbox")
    eventually(page, "a full list", lambda: rows(page).count() > 20)
    found.fill("/^bus-2[0-2]/")
    expect(note).to_have_text(re.compile("found"))
    assert all(re.match("bus-2[0-2]", row.get_attribute("title") or "") for row in rows(page).all())
    eventually(page, "them alone on the map", lambda: 0 < state(page)["visible"] < 60)
    found.fill("/bus-(/")
    expect(note).to_have_text("Not a pattern: unterminated group")
    found.fill("")
    page.locator("#live-filters-open").click()
    page.locator("#live-kind").select_option("bus")
    page.get_by_role("textbox", name="Least value").fill("30")
    eventually(page, "fast ones alone", lambda: 0 < state(page)["visible"] < state(page)["moving"])
    expect(page.locator("#live-filters-count")).to_have_text("2")
    expect(note).to_contain_text("hidden")
    says(page, "kind=bus", "least=30")
    page.locator("#live-sort").select_option("speed")
    speeds = "(all) => all.map((one) => Number(one.textContent))"
    eventually(
        page,
        "the fastest first",
        lambda: (seen := page.locator("#live-list .wp-value").evaluate_all(speeds)) == sorted(seen, reverse=True),
    )
    page.locator("#live-clear").click()
    expect(page.get_by_role("textbox", name="Least value")).to_have_value("")
    says_not(page, "least=")
    before = state(page)["held"]
    page.locator("#live-in-view").click()
    expect(note).to_have_text(re.compile(r"^\d+ devices$"))
    says(page, "list=all")
    eventually(page, "everything", lambda: state(page)["held"] >= before and state(page)["box"] is None)
    page.keyboard.press("p")
    expect(page.locator("#live-list")).to_be_hidden()
    page.keyboard.press("/")
    expect(found).to_be_focused()


def test_several_devices_are_selected_isolated_followed_and_let_go(shared: Page, demo: Served) -> None:
    page = shared
    open_map(page, demo, f"?{CITY}")
    first = device_alone(page, demo)
    click_device(page, first)
    expect(page.locator("#live-card-name")).to_have_text(first)
    page.keyboard.down("Shift")
    for corner in ((640, 250), (1000, 760)):
        page.mouse.move(*corner)
        if corner == (640, 250):
            page.mouse.down()
            page.mouse.move(700, 400)
    page.mouse.up()
    page.keyboard.up("Shift")
    eventually(page, "several", lambda: len(state(page)["chosen"]) > 5)
    expect(page.locator("#live-card-several")).to_contain_text("selected")
    assert first in state(page)["chosen"]
    page.keyboard.press("i")
    eventually(page, "these alone", lambda: state(page)["visible"] <= len(state(page)["chosen"]))
    expect(page.locator("#live-card-isolate")).to_have_attribute("aria-pressed", "true")
    chip = page.locator("#live-card-several .wp-map-chip").nth(2)
    chip.click()
    expect(page.locator("#live-card-name")).to_have_text(chip.get_attribute("title") or "")
    link = page.url
    page.keyboard.press("Escape")
    eventually(page, "all again", lambda: state(page)["visible"] > len(state(page)["chosen"]))
    page.keyboard.press("f")
    assert state(page)["following"] is True
    says(page, "follow=on")
    page.keyboard.press("Escape")
    expect(page.locator("#live-card")).to_be_hidden()
    page.goto(link)
    eventually(page, "the same by the link", lambda: state(page) and len(state(page)["chosen"]) > 5)
    eventually(page, "alone by the link", lambda: state(page)["visible"] <= len(state(page)["chosen"]))
    page.locator("#live-card-share").click()
    expect(page.locator("#live-message")).to_have_text("The link to this view is copied")
    assert page.evaluate("() => navigator.clipboard.readText()") == page.url


def test_measuring_jumping_and_finding_oneself(shared: Page, demo: Served) -> None:
    page = shared
    open_map(page, demo, f"?{DOWNTOWN}")
    page.keyboard.press("m")
    expect(page.locator("#live-tool-measure")).to_have_attribute("aria-pressed", "true")
    for x, y in ((600, 300), (900, 300), (900, 600)):
        page.mouse.click(x, y)
    length = page.locator(".wp-map-measure-length")
    expect(length).to_have_text(re.compile(r"^2\.\d+ km$"))
    expect(page.locator("#live-message")).to_contain_text("Esc ends")
    page.keyboard.press("Escape")
    expect(page.locator("#live-message")).to_be_hidden()
    expect(length).to_have_count(0)
    expect(page.locator(".wp-map-measure-line")).to_have_count(0)
    assert state(page)["selected"] is None

    page.keyboard.press("j")
    field = page.get_by_role("textbox", name="Latitude and longitude")
    expect(field).to_be_focused()
    field.fill("somewhere")
    field.press("Enter")
    expect(page.locator("#live-jump-note")).to_contain_text("no place")
    field.fill("51°30′N 0°7′W")
    field.press("Enter")
    expect(page.locator("#live-jump")).to_be_hidden()
    eventually(page, "London", lambda: abs(looks_at(page)[0] - 51.5) < 0.01 and abs(looks_at(page)[1] + 7 / 60) < 0.01)
    eventually(page, "the box of London", lambda: state(page)["box"] is not None and state(page)["box"][3] > 51)
    page.keyboard.press("w")
    expect(page.locator("#live-message")).to_contain_text("within 30 m")
    eventually(page, "Austin", lambda: abs(looks_at(page)[0] - HERE["latitude"]) < 0.01)
    page.keyboard.press("a")
    eventually(page, "all devices", lambda: state(page)["visible"] > 0.9 * state(page)["located"])
    assert looks_at(page)[2] < 13


def test_modes_open_and_close_the_socket_and_keys_lead_to_the_wall_and_to_pages(shared: Page, demo: Served) -> None:
    page = shared
    sockets = live_sockets(page)
    open_map(page, demo)
    eventually(page, "one socket", lambda: still_open(sockets) == 1)
    page.locator("#main").focus()
    page.keyboard.press("Space")
    expect(page.locator("#live-indicator")).to_contain_text("Paused")
    eventually(page, "no socket", lambda: still_open(sockets) == 0)
    says(page, "mode=paused")
    page.keyboard.press("Space")
    expect(page.locator("#live-indicator")).to_contain_text("Live")
    eventually(page, "a socket again", lambda: still_open(sockets) == 1)
    page.locator("#live-indicator").click()
    page.locator("#refresh-menu").get_by_role("button", name="1 s", exact=True).click()
    expect(page.locator("#live-indicator")).to_contain_text("Every 1 s")
    eventually(page, "no socket in interval mode", lambda: still_open(sockets) == 0)
    says(page, "mode=interval", "every=1")
    before = state(page)["snapshots"]
    eventually(page, "pictures that are asked for", lambda: state(page)["snapshots"] >= before + 2)
    expect(page.locator("#live-page")).to_have_attribute("data-status", "interval")
    page.locator("#refresh-menu").get_by_role("button", name="Do as everyone").click()
    expect(page.locator("#live-indicator")).to_contain_text("Live")
    page.keyboard.press("Escape")
    expect(page.locator("#refresh-menu")).to_be_hidden()

    page.keyboard.press("?")
    expect(page.locator("#live-keys")).to_contain_text("Shift click")
    expect(page.locator("#live-keys")).to_contain_text("g s")
    page.keyboard.press("Escape")
    expect(page.locator("#live-keys")).to_be_hidden()
    page.keyboard.press("x")
    eventually(page, "the whole screen", lambda: page.evaluate("() => document.fullscreenElement?.id") == "live-page")
    page.keyboard.press("x")
    eventually(page, "the window", lambda: page.evaluate("() => document.fullscreenElement === null"))
    page.keyboard.press("k")
    expect(page.locator("#live-kiosk-clock")).to_have_text(re.compile(r"^\d\d:\d\d"))
    expect(page.locator("#live-kiosk-moving")).to_have_text(re.compile(r"^\d+$"))
    expect(page.locator(".wp-header")).to_be_hidden()
    says(page, "kiosk=1")
    page.keyboard.press("k")
    expect(page.locator(".wp-header")).to_be_visible()
    press_in_a_row(page, "g", "s")
    expect(page).to_have_title("Summary · Waypost")
    press_in_a_row(page, "g", "m")
    expect(page.locator("#live-page")).to_have_attribute("data-phase", "ready")
