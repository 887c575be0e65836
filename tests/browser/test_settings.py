"""An admin steers, and open pages follow; a viewer cannot, neither in the page nor past it."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, expect

from tests.app.process import Waypost, wait_for
from tests.browser.conftest import DESKTOP, PHONE, Browse, Start
from tests.browser.screen import eventually
from tests.browser.test_access import checked

pytestmark = pytest.mark.browser

PASSWORD = "correct horse"
TOKEN = "wp_of_the_tests"
_NOTE_CHANGES = """() => document.addEventListener("waypost:refresh", (event) => {
    window.__heard = [Date.now(), event.detail.everyS];
})"""
FEED = '{"device_id": "%s", "lat": 50, "lon": 8, "speed": 3, "label": "sent"}'


@pytest.fixture
def waypost(start: Start) -> Waypost:
    """A Waypost with two devices."""
    running = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN)
    running.post("/api/v1/ingest", "\n".join(FEED % name for name in ("bus-1", "bus-2")).encode(), TOKEN)
    wait_for("both devices", lambda: len(running.get("/api/v1/devices")["devices"]) == 2)
    return running


def sign_in(page: Page, waypost: Waypost) -> None:
    """Go to the settings by the way that the page itself shows."""
    page.goto(f"{waypost.url}/settings")
    page.locator("#main").get_by_role("link", name="Sign in").click()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Refreshing")).to_be_visible()


def setting(waypost: Waypost, name: str) -> Any:
    found = {one["name"]: one["value"] for one in waypost.get("/api/v1/settings")["settings"]}
    return found[name]


def calls_of(page: Page) -> list[dict[str, Any]]:
    """What the page sends when a setting's control has changed, as it is sent."""
    sent: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if "/_dash-update-component" in request.url:
            body = json.loads(request.post_data or "{}")
            if body.get("output", "").endswith("error") and body["changedPropIds"]:
                sent.append(body)

    page.on("request", note)
    return sent


def call(page: Page, waypost: Waypost, body: dict[str, Any], value: float) -> str:
    """Call the same callback with another value, as scripts of a page with these cookies would; the answer's text."""
    changed = body | {"inputs": [body["inputs"][0] | {"value": value}]}
    answer = page.request.post(f"{waypost.url}/_dash-update-component", data=changed, headers={"Origin": waypost.url})
    assert answer.status == 200, answer.text()
    return answer.text()


def put_by_api(page: Page, waypost: Waypost, name: str, value: Any) -> int:
    answer = page.request.put(
        f"{waypost.url}/api/v1/settings/{name}", data={"value": value}, headers={"Origin": waypost.url}
    )
    return answer.status


def test_an_admin_changes_an_interval_and_a_viewers_open_page_follows_but_the_viewer_cannot(
    waypost: Waypost, page: Page, browse: Browse, record_property: Callable[[str, object], None]
) -> None:
    admin, viewer = page, browse()
    viewer.goto(f"{waypost.url}/summary")
    indicator = viewer.locator("#live-indicator")
    expect(indicator).to_contain_text(re.compile("Every 5 s|Slow"))
    viewer.evaluate("() => { window.__mine = true; }")
    sign_in(admin, waypost)

    # How soon is told, not asserted: by the browser's own clock, from the moment that the admin reads that it is kept.
    viewer.evaluate(_NOTE_CHANGES)
    sent = calls_of(admin)
    field = admin.get_by_label("Refresh every, Summary")
    field.fill("1")
    field.press("Enter")
    expect(admin.locator("#settings-bar-text")).to_have_text("Summary, refresh every: 1 s now, was 5 s.")
    kept_at = admin.evaluate("() => Date.now()")
    heard_at, _ = eventually(
        viewer, "the viewer to hear", lambda: viewer.evaluate("() => window.__heard?.[1] === 1 && window.__heard")
    )
    record_property("followed_after_ms", heard_at - kept_at)
    assert viewer.evaluate("() => window.waypost.refresh.state().plan.everyS") == 1
    assert viewer.evaluate("() => window.__mine") is True, "the page was loaded anew"

    # The viewer: not by the page, not by its callback, not by the API.
    other = browse()
    other.goto(f"{waypost.url}/settings")
    expect(other.locator("#main")).to_contain_text("Settings ask for an admin")
    expect(other.locator("#main input")).to_have_count(0)
    assert "session has ended" in call(other, waypost, sent[0], 7)
    assert put_by_api(other, waypost, "summary.interval_s", 7) == 401
    assert setting(waypost, "summary.interval_s") == 1
    # The same call changes it for the admin: it is who asks that makes the difference.
    assert "session has ended" not in call(admin, waypost, sent[0], 7)
    assert setting(waypost, "summary.interval_s") == 7
    expect(field).to_have_value("7 s")  # what was set past this page
    assert put_by_api(admin, waypost, "summary.interval_s", 1) == 200

    audit = admin.locator("#settings-audit tbody tr")
    expect(audit).to_have_count(3)
    assert [row.locator("td").all_inner_texts()[1:] for row in audit.all()] == [
        ["admin", "Summary, refresh every", before, after]
        for before, after in (("7 s", "1 s"), ("1 s", "7 s"), ("5 s", "1 s"))
    ]

    # Another interval for oneself: not below the floor, and kept when the page is opened anew.
    indicator.click()
    menu = viewer.get_by_role("dialog", name="How this page keeps itself new")
    expect(menu.get_by_role("button", name="0.5 s")).to_be_disabled()
    menu.get_by_role("button", name="30 s").click()
    expect(menu).to_contain_text("For everyone: every 1 s, never below 1 s.")
    menu.get_by_label("Another interval").fill("0.2")
    menu.get_by_label("Another interval").press("Enter")
    expect(menu).to_contain_text("This page's floor is 1 s.")
    viewer.reload()
    expect(indicator).to_contain_text("Every 30 s")
    checked(viewer, DESKTOP)


def test_settings_are_refused_beside_their_field_undone_and_put_back(waypost: Waypost, page: Page) -> None:
    sign_in(page, waypost)
    bar = page.locator("#settings-bar-text")
    floor = page.get_by_label("Floor, Summary")
    floor.fill("9")
    floor.press("Enter")
    cell = page.locator("td").filter(has=floor)
    expect(cell).to_contain_text("9 s is above this page's interval of 5 s; raise that first. It stays 1 s.")
    expect(floor).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#settings-bar")).to_be_hidden()
    assert setting(waypost, "summary.floor_s") == 1
    floor.fill("2.25")
    floor.press("Enter")
    expect(bar).to_have_text("Summary, floor: 2.2 s now, was 1 s.")
    expect(floor).to_have_value("2.2 s")  # as it was kept
    expect(floor).not_to_have_attribute("aria-invalid", "true")
    cell.get_by_role("button", name="Default: 1 s").click()
    expect(bar).to_have_text("Summary, floor: 1 s now, was 2.2 s.")
    page.get_by_role("button", name="Undo").click()
    expect(floor).to_have_value("2.2 s")
    expect(bar).to_have_text("Summary, floor: 2.2 s now, was 1 s.")
    page.get_by_role("button", name="Undo").click()
    expect(floor).to_have_value("1 s")
    expect(page.locator("#settings-bar")).to_be_hidden()
    assert setting(waypost, "summary.floor_s") == 1

    machines = page.get_by_label("State machines")
    machines.fill('[{"machine": "door"}]')
    machines.blur()
    expect(page.locator("#events")).to_contain_text('door: "events" must be an object')

    # A device is called otherwise, and again as it calls itself.
    label = page.locator("#settings-devices [row-id='bus-1'] [col-id=label]")
    expect(label).to_have_text("sent")
    label.click()
    label.locator("input").fill("Airport shuttle")
    label.locator("input").press("Enter")
    expect(bar).to_have_text("bus-1, label: Airport shuttle now, was sent.")
    expect(label).to_have_class(re.compile("wp-given"))
    assert waypost.get("/api/v1/devices/bus-1")["label"] == "Airport shuttle"
    page.get_by_role("button", name="Undo").click()
    expect(label).to_have_text("sent")
    page.locator("#settings-devices .ag-header").get_by_role("checkbox").check()
    page.get_by_label("Fleet for the selected devices").fill("north")
    page.get_by_role("button", name="Put selected into it").click()
    expect(bar).to_have_text("2 devices are in the fleet north now.")
    assert {one["fleet"] for one in waypost.get("/api/v1/devices")["devices"]} == {"north"}
    page.get_by_label("Search devices").fill("bus-2")
    expect(page.locator("#settings-devices-note")).to_have_text("1 device")
    checked(page, DESKTOP, PHONE)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]

    # Other tiles are another host for the security policy of a page: one that is open loads itself anew.
    page.set_viewport_size(DESKTOP)
    page.goto(f"{waypost.url}/")
    expect(page.locator("#live-page")).to_have_attribute("data-tiles", "off")
    tiles = f"{waypost.url}/assets/favicon.svg?{{z}}/{{x}}/{{y}}"
    assert put_by_api(page, waypost, "map.tiles_url", tiles) == 200
    expect(page.locator("#live-page")).to_have_attribute("data-tiles", "on")
    expect(page.locator("img.leaflet-tile").first).to_be_visible()
