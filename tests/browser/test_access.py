"""What axe-core finds serious, on every page, in both schemes, on a desk and on a phone: nothing."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect

from tests.app.process import Served
from tests.browser.conftest import DESKTOP, PHONE, Browse
from tests.browser.screen import DRAWN_TRACK, eventually

pytestmark = pytest.mark.browser

_STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"


def serious(page: Page) -> list[str]:
    """What axe-core finds serious or critical, with the places."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: {[node['target'] for node in rule['nodes']][:5]} {rule['nodes'][0]['failureSummary']}"
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    ]


def checked(page: Page, *sizes: ViewportSize) -> None:
    """Check a page in both schemes at these sizes. Axe would read colours in the middle of a change: they jump."""
    page.add_style_tag(content=_STILL)
    found = {}
    for size in sizes:
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
            page.wait_for_timeout(200)
            if serious(page):
                page.wait_for_timeout(500)  # a refresh replaces parts of the page: what is wrong with it is so again
                if violations := serious(page):
                    found[f"{scheme}, {size['width']} px"] = violations
    assert found == {}


@pytest.fixture
def still(browse: Browse) -> Page:
    """A page of someone who asked for less motion."""
    return browse(reduced_motion="reduce")


def test_live_map_with_a_card_and_a_filter_and_with_its_drawer_open(still: Page, demo: Served) -> None:
    name = demo.get("/api/v1/devices?limit=1")["devices"][0]["device_id"]
    still.goto(f"{demo.url}/?device={name}&state=moving")
    expect(still.locator("#live-card-name")).to_have_text(name)
    checked(still, DESKTOP)
    still.keyboard.press("Escape")
    still.set_viewport_size(PHONE)
    still.locator("#live-handle").click()
    expect(still.locator(".wp-row").first).to_be_visible()
    checked(still, PHONE)


def test_history(still: Page, demo: Served) -> None:
    names = [device["device_id"] for device in demo.get("/api/v1/devices?limit=2")["devices"]]
    still.goto(f"{demo.url}/history?device={names[0]}&device={names[1]}&metric=speed&metric=heading&compare=1")
    expect(still.locator(".wp-panels .ytick").first).to_be_visible()
    checked(still, DESKTOP, PHONE)


def test_summary(still: Page, demo: Served) -> None:
    still.goto(f"{demo.url}/summary")
    expect(still.locator("#summary-figures .wp-figure-value").first).to_be_visible()
    checked(still, DESKTOP, PHONE)


def test_device(still: Page, demo: Served) -> None:
    name = demo.get("/api/v1/devices?limit=1")["devices"][0]["device_id"]
    still.goto(f"{demo.url}/device/{name}")
    eventually(still, "the track to be drawn", lambda: still.locator(DRAWN_TRACK).count() > 0)
    checked(still, DESKTOP, PHONE)


def test_a_page_that_there_is_not(still: Page, demo: Served) -> None:
    still.goto(f"{demo.url}/no/such/page")
    expect(still.locator(".wp-blank-title")).to_be_visible()
    checked(still, DESKTOP, PHONE)
