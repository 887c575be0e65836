"""The live map's panel: search, filters, keys, and what its address remembers."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.app.process import Served
from tests.browser.screen import click_device, device_alone, eventually, open_map, state

pytestmark = pytest.mark.browser


def rows(page: Page) -> Locator:
    """The rows of the list."""
    return page.locator("#live-list .wp-row")


def names(page: Page) -> list[str]:
    """The names in the list, whole."""
    found: list[str] = rows(page).evaluate_all("(all) => all.map((one) => one.title)")
    return found


def test_search_narrows_the_list_and_stands_in_the_address(page: Page, demo: Served) -> None:
    open_map(page, demo)
    expect(page.get_by_role("list", name="Devices")).to_be_visible()
    expect(page.locator("#live-announcer[aria-live='polite']")).to_have_text("Live")
    eventually(page, "a full list", lambda: len(names(page)) > 20)
    wanted = names(page)[7]
    page.get_by_role("searchbox", name="Search devices by name").fill(wanted)
    expect(rows(page)).to_have_count(1)
    assert names(page) == [wanted]
    expect(page.locator("#live-list-note")).to_have_text("1 found")
    expect(page).to_have_url(f"{demo.url}/?q={wanted}")
    page.get_by_role("searchbox").fill("no such bus")
    expect(page.locator("#live-list-note")).to_have_text("Nothing found")
    expect(rows(page)).to_have_count(0)
    page.get_by_role("searchbox").fill("")
    eventually(page, "a full list again", lambda: len(names(page)) > 20)


def test_the_filter_shows_devices_of_one_state_alone(page: Page, demo: Served) -> None:
    open_map(page, demo)
    button = page.locator("#live-filter-stopped")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page).to_have_url(f"{demo.url}/?state=stopped")

    def stopped_alone() -> bool:
        seen = state(page)
        glyphs = rows(page).locator(".wp-glyph").evaluate_all("(all) => all.map((one) => one.dataset.state)")
        return seen["only"] == "stopped" and 0 < seen["drawn"] <= seen["stopped"] and set(glyphs) == {"stopped"}

    eventually(page, "stopped devices alone", stopped_alone)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    eventually(page, "all devices again", lambda: state(page)["drawn"] > 50)


def test_escape_and_the_cross_and_an_empty_place_close_the_card(page: Page, demo: Served) -> None:
    open_map(page, demo)
    card = page.locator("#live-card")
    ways: list[Callable[[], None]] = [
        lambda: page.keyboard.press("Escape"),
        lambda: page.locator("#live-card-close").click(),
        lambda: page.mouse.click(1250, 650),
    ]
    for close in ways:
        click_device(page, device_alone(page, demo))
        expect(card).to_be_visible()
        expect(page).to_have_url(re.compile(r"device="))
        close()
        expect(card).to_be_hidden()
        assert state(page)["selected"] is None
        assert "device=" not in page.url


def test_the_keyboard_alone_finds_selects_and_follows_a_device(page: Page, demo: Served) -> None:
    open_map(page, demo, "?list=all")  # of which no bus leaves by driving on
    eventually(page, "a full list", lambda: len(names(page)) > 20)
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.get_by_role("searchbox")).to_have_value("")
    page.keyboard.press("ArrowDown")
    expect(rows(page).first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(1)).to_be_focused()
    page.keyboard.press("End")
    last = page.evaluate("() => document.activeElement.title")
    assert last == page.evaluate("() => [...document.querySelectorAll('#live-list .wp-row')].at(-1).title")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    wanted = page.evaluate("() => document.activeElement.title")
    page.keyboard.press("Enter")
    expect(page.locator("#live-card-name")).to_have_text(wanted)
    expect(page.locator(f".wp-row[title='{wanted}']")).to_have_attribute("aria-current", "true")
    page.keyboard.press("f")
    expect(page.locator("#live-card-follow")).to_have_attribute("aria-pressed", "true")
    assert state(page)["following"] is True
    page.keyboard.press("Escape")
    expect(page.locator("#live-card")).to_be_hidden()
    assert state(page)["following"] is False


def test_a_deep_link_restores_device_filter_search_and_place(page: Page, demo: Served) -> None:
    name = demo.get("/api/v1/devices?limit=1")["devices"][0]["device_id"]
    query = f"?device={name}&state=moving&q=bus-2&at=30.30000,-97.70000,12"
    open_map(page, demo, query)
    expect(page.locator("#live-card-name")).to_have_text(name)
    expect(page.locator("#live-filter-moving")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("searchbox")).to_have_value("bus-2")
    eventually(page, "the list to be searched", lambda: names(page) and all("bus-2" in one for one in names(page)))
    # The card may have moved the map to bring the device out from under it; without a card it stays where it was sent.
    open_map(page, demo, "?at=30.30000,-97.70000,12")
    eventually(page, "the place", lambda: _looks_at(page, 30.3, -97.7, 12))


def _looks_at(page: Page, lat: float, lon: float, zoom: float) -> bool:
    seen = page.evaluate(
        "() => { const { map } = window.waypost.live.session(), at = map.getCenter();"
        " return [at.lat, at.lng, map.getZoom()]; }"
    )
    return all(abs(one - wanted) < 1e-3 for one, wanted in zip(seen, (lat, lon, zoom), strict=True))
