"""The live map: what is on it, and the way from a vehicle on it to the vehicle's page and back."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served
from tests.browser.screen import (
    DRAWN_TRACK,
    click_device,
    device_alone,
    eventually,
    live_sockets,
    open_map,
    point_of,
    state,
    still_open,
)

pytestmark = pytest.mark.browser

NUMBER = re.compile(r"^\d")
_AGREES = """() => {
    const seen = window.waypost.live.state();
    const says = (id, number) => document.getElementById(id).textContent === String(number);
    return says("live-total", seen.total) && says("live-count-moving", seen.moving)
        && says("live-count-stopped", seen.stopped);
}"""


def test_a_hundred_moving_buses_within_a_minute_that_the_panel_counts_and_a_tip_names(page: Page, demo: Served) -> None:
    open_map(page, demo)

    def all_is_well() -> bool:
        seen = state(page)
        return bool(seen["moving"] >= 100 and seen["drawn"] >= 100 and seen["connection"] == "live")

    eventually(page, "100 moving buses, drawn and live", all_is_well, 60)
    expect(page.locator("#live-page")).to_have_attribute("data-status", "live")
    expect(page.locator("#live-indicator")).to_contain_text("Live")

    eventually(page, "the panel to agree with the map", lambda: page.evaluate(_AGREES))
    name = device_alone(page, demo)

    def hovered() -> bool:
        at = point_of(page, name)
        assert at is not None
        page.mouse.move(at["x"], at["y"])
        tip = page.locator(".wp-tip")
        return tip.count() == 1 and name in tip.inner_text()

    eventually(page, "the tooltip of the bus under the pointer", hovered)
    page.mouse.move(5, 300)
    expect(page.locator(".wp-tip")).to_have_count(0)


def test_buses_really_move_and_none_is_drawn_at_nought(page: Page, demo: Served) -> None:
    open_map(page, demo)
    devices = demo.get("/api/v1/latest")["devices"]
    fastest = demo.moving()[0]
    eventually(page, "the fastest bus to be known", lambda: point_of(page, fastest))
    before, from_point = state(page), point_of(page, fastest)
    eventually(page, "the fastest bus to be elsewhere", lambda: point_of(page, fastest) != from_point)
    eventually(page, "more frames", lambda: state(page)["frames"] > before["frames"] + 5)
    eventually(page, "more drawings", lambda: state(page)["drawings"] > before["drawings"] + 5)
    assert state(page)["movements"] > before["movements"]
    assert state(page)["snapshots"] == 1, "moving needs deltas alone"

    points = [at for device in devices if (at := point_of(page, device["device_id"])) is not None]
    assert len(points) > 50
    # At the zoom of a city the place where latitude and longitude are 0 is tens of thousands of pixels away.
    assert all(abs(at["x"]) < 5000 and abs(at["y"]) < 5000 for at in points)
    frame = page.locator("#live-map").bounding_box()
    assert frame is not None
    assert all((at["x"], at["y"]) != (frame["x"], frame["y"]) for at in points)


def test_a_click_on_a_vehicle_opens_its_card_and_the_card_its_page_and_back(page: Page, demo: Served) -> None:
    sockets = live_sockets(page)
    open_map(page, demo)
    name = device_alone(page, demo)
    click_device(page, name)
    card = page.locator("#live-card")
    expect(card).to_be_visible()
    expect(card.locator("#live-card-name")).to_have_text(name)
    expect(card.locator("#live-card-speed")).to_have_text(NUMBER)
    expect(card.locator("#live-card-facts")).to_contain_text("Capital Metro")
    assert state(page)["selected"] == name
    expect(page.locator("#live-page")).to_have_attribute("data-selected", "")
    eventually(page, "the way that it came", lambda: state(page)["pasts"] > 0)
    expect(card.locator(".wp-map-spark-line[d^='M']")).to_have_count(1)

    page.locator("#live-card-open").click()
    expect(page).to_have_url(f"{demo.url}/device/{name}")
    expect(page.locator("#device-head")).to_contain_text(name)
    expect(page.locator("#device-figures .wp-figure-value").first).to_have_text(NUMBER)
    eventually(page, "the track to be drawn", lambda: page.locator(DRAWN_TRACK).count() > 0)
    eventually(page, "the live socket to be closed", lambda: still_open(sockets) == 0)
    assert page.evaluate("() => window.waypost.live.state()") is None

    page.go_back()
    expect(page.locator("#live-card-name")).to_have_text(name)
    eventually(page, "the map to be live again", lambda: (state(page) or {}).get("connection") == "live")
    eventually(page, "one socket", lambda: still_open(sockets) == 1)


def test_going_to_and_fro_leaves_one_socket(page: Page, demo: Served) -> None:
    sockets = live_sockets(page)
    open_map(page, demo)
    rail = page.get_by_role("navigation", name="Pages").first
    for _ in range(2):
        rail.get_by_role("link", name="Summary").click()
        expect(page).to_have_title("Summary · Waypost")
        rail.get_by_role("link", name="Live map").click()
        expect(page.locator("#live-page")).to_have_attribute("data-status", "live")
    assert len(sockets) > 2
    eventually(page, "all but one to be closed", lambda: still_open(sockets) == 1)


def test_another_tab_does_not_disturb_the_first(page: Page, demo: Served) -> None:
    open_map(page, demo)
    other = page.context.new_page()
    open_map(other, demo, "?device=bus-2001")
    expect(other.locator("#live-card-name")).to_have_text("bus-2001")
    other.close()
    frames = state(page)["frames"]
    eventually(page, "more frames", lambda: state(page)["frames"] > frames)
    assert state(page)["selected"] is None
