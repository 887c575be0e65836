"""The Spaces page: an admin makes a space and places a sensor, people are counted live, and somebody corrects."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Browse, Start
from tests.browser.doors import PASSWORD, TOKEN, Admin
from tests.browser.faults import Faults
from tests.browser.test_access import checked

pytestmark = pytest.mark.browser

HOSTILE = "<b>door</b>"


def test_a_space_is_set_up_counted_live_and_corrected(start: Start, page: Page, browse: Browse, faults: Faults) -> None:
    waypost = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN)
    sensors = Admin(waypost)
    now = datetime.now(UTC)

    def pass_by(device: str, minutes: float, **counts: int) -> None:
        ts = (now - timedelta(minutes=minutes)).isoformat()
        message = {"device_id": device, "ts": ts, "lat": 48.15, "lon": 11.57, **counts}
        sensors.ask("POST", "/api/v1/ingest?source=doors", message)

    pass_by(HOSTILE, 50, **{"in": 9, "out": 2})
    page.goto(f"{waypost.url}/spaces")
    expect(page.get_by_text("There is no space yet")).to_be_visible()
    page.get_by_role("link", name="Sign in as an admin").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password", exact=True).press("Enter")
    expect(page).to_have_url(f"{waypost.url}/spaces")
    expect(page.locator(".wp-rail a[aria-current=page]")).to_have_attribute("href", "/spaces")

    page.get_by_role("button", name="New space").click()
    dialog = page.get_by_role("dialog", name="Set up a space")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#spaces-problem")).to_contain_text("Give the space a name")
    dialog.get_by_label("Name", exact=True).fill("Hall <i>1</i>")
    dialog.get_by_label("Capacity").fill("8")
    dialog.get_by_role("button", name="Save").click()
    tile = page.locator(".wp-space", has_text="Hall <i>1</i>")
    expect(tile).to_contain_text("No sensor is placed here")

    page.get_by_role("button", name="Set up").click()
    for n in range(2):
        dialog.get_by_role("button", name="Add a door").click()
        row = dialog.get_by_role("group", name="A door").nth(n)
        row.get_by_role("textbox", name="Sensor").fill("door")
        page.get_by_role("option", name=HOSTILE).locator("visible=true").click()
        row.get_by_role("textbox", name="From").fill("2026-01-01 00:00")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#spaces-problem")).to_contain_text("twice at once")
    dialog.get_by_role("button", name="Take this row away").last.click()
    expect(dialog.get_by_role("group", name="A door")).to_have_count(1)
    dialog.get_by_role("button", name="Save").click()
    expect(tile.locator(".wp-space-count")).to_have_text("7")
    expect(tile).to_contain_text("1 sensor")
    expect(page.locator("#spaces-doors")).to_contain_text(HOSTILE)
    expect(page).to_have_url(re.compile(r"space=Hall"))

    pass_by(HOSTILE, 0, **{"in": 1, "out": 0})
    expect(tile.locator(".wp-space-count")).to_have_text("8")
    expect(tile).to_contain_text("full")
    page.get_by_label("How many people you have counted now").fill("5")
    page.get_by_role("button", name="Set count").click()
    expect(tile.locator(".wp-space-count")).to_have_text("5")
    expect(page.locator("#spaces-said")).to_contain_text("holds 5 now")
    expect(page.locator("#spaces-drift")).to_contain_text("counted by admin")
    page.get_by_role("button", name="Reconcile now").click()
    expect(page.locator("#spaces-said")).to_contain_text("is being made anew")
    expect(page.locator(".wp-graph .ytick").first).to_be_visible()
    assert page.locator("#main i, #main b").count() == 0, "names stay text"

    looker = browse(viewport=PHONE, reduced_motion="reduce")
    looker.goto(page.url)
    expect(looker.locator(".wp-space-count")).to_have_text("5")
    expect(looker.locator("#spaces-heat .wp-heat")).to_be_visible()
    expect(looker.get_by_role("button", name="Set up")).to_have_count(0)
    assert looker.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
    checked(looker, DESKTOP, PHONE)
