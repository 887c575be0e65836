"""A phone: everything fits the width, the panel is a drawer, the pages are in a bar at the bottom."""

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Served
from tests.browser.conftest import PHONE, Browse
from tests.browser.screen import eventually, open_map, point_of, state

pytestmark = pytest.mark.browser


@pytest.fixture
def phone(browse: Browse) -> Page:
    """A page on a phone."""
    return browse(viewport=PHONE, has_touch=True, is_mobile=True)


def has_room(page: Page) -> None:
    """Nothing reaches beyond the width of the window, and the header is one line."""
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    expect(page.locator("#page-title")).not_to_be_empty()
    header = page.locator(".wp-header").bounding_box()
    assert header is not None
    assert header["height"] <= 49
    for part in (".wp-home", "#page-title", "#live-indicator", "#scheme-toggle"):
        box = page.locator(part).bounding_box()
        if box is None:
            continue  # the indicator where a page has nothing to refresh
        assert 0 <= box["y"] <= box["y"] + box["height"] <= 48, f"{part} is on a line of its own"
        assert box["x"] + box["width"] <= PHONE["width"], f"{part} is cut off"


def test_the_bar_at_the_bottom_leads_to_pages_that_fit(phone: Page, demo: Served) -> None:
    open_map(phone, demo)
    has_room(phone)
    bar = phone.locator(".wp-bar")
    place = bar.bounding_box()
    assert place is not None
    assert place["y"] + place["height"] == PHONE["height"]
    bar.get_by_role("link", name="Summary").tap()
    expect(phone).to_have_url(f"{demo.url}/summary")
    expect(bar.get_by_role("link", name="Summary")).to_have_attribute("aria-current", "page")
    expect(phone.locator("#page-title")).to_have_text("Summary")
    expect(phone.locator("#summary-figures .wp-figure-value").first).to_be_visible()
    has_room(phone)
    bus = demo.get("/api/v1/devices?limit=1")["devices"][0]["device_id"]
    phone.goto(f"{demo.url}/device/{bus}")
    expect(phone.locator("#device-figures .wp-figure-value").first).to_be_visible()
    has_room(phone)
    bar.get_by_text("More").tap()
    bar.get_by_role("link", name="Pipeline").tap()
    expect(phone).to_have_url(f"{demo.url}/pipeline")
    expect(bar.get_by_role("link", name="Pipeline")).to_be_hidden()
    bar.get_by_role("link", name="Live map").tap()
    expect(phone).to_have_url(f"{demo.url}/")
    eventually(phone, "the map to be live", lambda: (state(phone) or {}).get("connection") == "live")


@pytest.mark.parametrize("path", ["/device/" + "unknown" * 20, "/no/such/page"])
def test_pages_that_there_are_not_fit_as_well(phone: Page, demo: Served, path: str) -> None:
    phone.goto(demo.url + path)
    expect(phone.locator(".wp-blank-title")).to_be_visible()
    has_room(phone)


def test_the_drawer_follows_the_finger_and_stays_where_it_is_let_go(phone: Page, demo: Served) -> None:
    open_map(phone, demo)
    handle, panel = phone.locator("#live-handle"), phone.locator("#live-panel")

    def drag(by: int, steps: int) -> float:
        """Drag the handle up by so many px, slowly; the height of the panel before the finger is lifted."""
        box = handle.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + 6
        phone.mouse.move(x, y)
        phone.mouse.down()
        phone.mouse.move(x, y - by, steps=steps)
        phone.wait_for_timeout(200)
        height = panel.bounding_box()
        phone.mouse.up()
        assert height is not None
        return height["height"]

    before = panel.bounding_box()
    assert before is not None
    assert abs(drag(120, 10) - before["height"] - 120) < 3, "it follows"
    expect(handle).to_have_attribute("aria-expanded", "false")
    drag(400, 10)
    expect(handle).to_have_attribute("aria-expanded", "true")
    expect(phone.locator("#live-list")).to_be_visible()
    drag(-400, 10)
    expect(handle).to_have_attribute("aria-expanded", "false")
    expect(phone.locator("#live-list")).to_be_hidden()
    handle.tap()
    expect(handle).to_have_attribute("aria-expanded", "true")


def test_the_drawer_opens_and_closes_and_a_row_selects(phone: Page, demo: Served) -> None:
    open_map(phone, demo)
    handle = phone.locator("#live-handle")
    expect(phone.locator("#live-list")).to_be_hidden()
    handle.tap()
    expect(handle).to_have_attribute("aria-expanded", "true")
    expect(phone.locator("#live-list")).to_be_visible()
    has_room(phone)
    handle.tap()
    expect(phone.locator("#live-list")).to_be_hidden()
    handle.tap()
    row = phone.locator(".wp-row").first
    name = row.get_attribute("title")
    assert name is not None
    row.tap()
    expect(phone.locator("#live-card-name")).to_have_text(name)
    expect(phone.locator("#live-panel")).to_be_hidden()

    def above_the_sheet() -> bool:
        at, sheet = point_of(phone, name), phone.locator("#live-card").bounding_box()
        return at is not None and sheet is not None and 48 < at["y"] < sheet["y"]

    eventually(phone, "the device to come out from under its sheet", above_the_sheet)
    phone.locator("#live-card-close").tap()
    expect(phone.locator("#live-panel")).to_be_visible()
    assert state(phone)["selected"] is None
