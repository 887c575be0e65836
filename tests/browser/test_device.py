"""The Device page, and the pages of devices and addresses that there are not."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served
from tests.browser.screen import DRAWN_TRACK, eventually

pytestmark = pytest.mark.browser


def test_a_deep_link_shows_figures_the_whole_track_and_a_chart(page: Page, demo: Served) -> None:
    name = demo.long_out()[0]
    page.goto(f"{demo.url}/device/{name}")
    expect(page).to_have_title(f"{name} · Waypost")
    expect(page.locator("#device-head")).to_contain_text("Capital Metro")
    values = page.locator("#device-figures .wp-figure-value")
    expect(values).to_have_count(6)
    for value in values.all_inner_texts():
        assert re.match(r"[\d–]", value), value
    eventually(page, "the track to be drawn", lambda: page.locator(DRAWN_TRACK).count() > 0)
    expect(page.locator("#device-legend")).to_contain_text("km/h")
    expect(page.locator(".wp-graph .ytick").first).to_be_visible()

    frame = page.locator(".wp-track-map").bounding_box()
    assert frame is not None

    def within() -> bool:
        boxes = page.locator(DRAWN_TRACK).evaluate_all(
            "(all) => all.map((one) => { const at = one.getBoundingClientRect();"
            " return [at.left, at.top, at.right, at.bottom]; })"
        )
        return all(
            left >= frame["x"] - 4
            and top >= frame["y"] - 4
            and right <= frame["x"] + frame["width"] + 4
            and bottom <= frame["y"] + frame["height"] + 4
            for left, top, right, bottom in boxes
        )

    eventually(page, "the map to be fitted to the track", within)


def test_a_trip_is_shown_on_the_map_and_its_charts_zoom_the_period_and_back(page: Page, demo: Served) -> None:
    page.goto(f"{demo.url}/device/{demo.long_out()[0]}?from=now-6h")
    page.get_by_role("tab", name="Heading").click()
    expect(page).to_have_url(re.compile(r"metric=heading"))
    expect(page.locator("#device-legend")).to_contain_text("°")
    first = page.locator(".wp-trips tbody tr").first
    eventually(page, "the track to be drawn", lambda: page.locator(DRAWN_TRACK).count() > 0)
    row = first.element_handle()
    first.get_by_role("button").click()
    expect(first).to_have_attribute("aria-selected", "true")
    expect(page.locator("path.wp-track-halo").first).to_be_attached()
    eventually(page, "a refresh to make the table anew", lambda: not row.evaluate("(one) => one.isConnected"))
    expect(first).to_have_attribute("aria-selected", "true")
    expect(page.locator("#device-quality")).to_contain_text("Covered")
    expect(page.locator(".wp-values tbody tr").first).to_contain_text("Speed")

    plot = page.locator(".wp-panels .nsewdrag").first
    expect(plot).to_be_visible()
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.98, box["y"] + 44, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"from=20\d\d"))
    expect(page.get_by_role("tab", name="Heading")).to_have_attribute("aria-selected", "true")
    page.reload()
    expect(page).to_have_url(re.compile(r"from=20\d\d"))
    first.get_by_role("link", name="History").click()
    expect(page).to_have_url(re.compile(r"/history\?.*zoom="))
    expect(page.locator(".wp-history .wp-legend")).to_contain_text("bus-")


@pytest.mark.parametrize(
    ("path", "name"),
    [("nobody", "nobody"), ("%3Cscript%3Ealert(1)%3C%2Fscript%3E%3Fc%23d", "<script>alert(1)</script>?c#d")],
)
def test_an_unknown_device_has_a_friendly_page(page: Page, demo: Served, path: str, name: str) -> None:
    page.goto(f"{demo.url}/device/{path}")
    expect(page.locator(".wp-blank-title")).to_have_text(f"No device is called “{name}”")
    page.get_by_role("link", name="Look for it on the live map").click()
    expect(page.locator("#live-page")).to_have_attribute("data-phase", "ready")


def test_an_address_that_there_is_not_has_a_friendly_page(page: Page, demo: Served) -> None:
    page.goto(f"{demo.url}/no/such/page?x=1")
    expect(page).to_have_title("No such page · Waypost")
    expect(page.locator(".wp-blank-title")).to_have_text("There is no such page")
    page.get_by_role("link", name="Go to the live map").click()
    expect(page).to_have_url(f"{demo.url}/")


def test_the_api_docs_render_without_any_other_host(page: Page, demo: Served) -> None:
    page.goto(f"{demo.url}/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    assert page.locator(".opblock").count() >= 8
    one = page.locator(".opblock", has_text="/api/v1/metrics")
    one.locator(".opblock-summary-control").click()
    one.get_by_role("button", name="Try it out").click()
    one.get_by_role("button", name="Execute").click()
    expect(one.locator(".live-responses-table")).to_contain_text('"heading"')
