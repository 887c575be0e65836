"""Alerts in the browser: rules set up on the page, what opens shown at once everywhere, geofences drawn on the map."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Waypost, wait_for
from tests.browser.conftest import DESKTOP, PHONE, Browse, Start
from tests.browser.doors import PASSWORD, TOKEN, Admin
from tests.browser.faults import Faults
from tests.browser.screen import eventually, open_map, state
from tests.browser.test_access import checked

pytestmark = pytest.mark.browser

HOSTILE = "Hall <i>1</i>"
BADGE = '.wp-rail [data-alerts="badge"]'


def sign_in(page: Page, waypost: Waypost, then: str) -> None:
    """As the admin, back to where one wanted to go."""
    page.goto(f"{waypost.url}/sign-in?next={quote(then, safe='')}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password", exact=True).press("Enter")
    expect(page).to_have_url(f"{waypost.url}{then}")


def send(admin: Admin, device: str, **fields: Any) -> None:
    """A message of now."""
    message = {"device_id": device, "ts": datetime.now(UTC).isoformat(), "lat": 48.15, "lon": 11.57, **fields}
    admin.ask("POST", "/api/v1/ingest?source=test", message)


def test_a_space_that_is_watched_tells_every_page_when_it_fills(start: Start, page: Page, browse: Browse) -> None:
    waypost = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN)
    admin = Admin(waypost)
    send(admin, "door", direction=1)
    wait_for("the sensor", lambda: "device_id" in waypost.get("/api/v1/devices/door"))
    admin.ask("PUT", f"/api/v1/spaces/{quote(HOSTILE, safe='')}", {"capacity": 2})
    placed = [{"device_id": "door", "sign": 1, "from": "2026-01-01T00:00:00Z"}]
    admin.ask("PUT", f"/api/v1/spaces/{quote(HOSTILE, safe='')}/placements", placed)

    sign_in(page, waypost, "/spaces")
    page.get_by_role("link", name="Watch this space").click()
    dialog = page.get_by_role("dialog", name="Set up a rule")
    expect(dialog.get_by_label("Space", exact=True).first).to_have_value(HOSTILE)
    expect(page.locator("#alerts-preview")).to_contain_text("Holds for nobody now")
    limit = dialog.get_by_label("Limit").locator("visible=true")
    limit.fill("1")
    dialog.get_by_text("people", exact=True).click()
    expect(page.locator("#alerts-preview")).to_contain_text(f"Holds now for 1: {HOSTILE}")
    limit.fill("2")
    expect(page.locator("#alerts-preview")).to_contain_text("Holds for nobody now")
    dialog.get_by_label("Name", exact=True).fill("Too full")
    dialog.get_by_role("button", name="Save").click()
    rule = page.locator("[data-rule='Too full']")
    expect(rule).to_contain_text("Watching")
    expect(page.locator("#alerts-table")).to_contain_text("Nothing is wrong")

    looker = browse()
    open_map(looker, waypost)
    expect(looker.locator(BADGE)).to_be_hidden()
    send(admin, "door", direction=1)
    toast = looker.locator(".wp-toast")
    expect(toast).to_contain_text(HOSTILE)
    expect(toast).to_contain_text("2 people inside (limit: at least 2)")
    expect(looker.locator(BADGE)).to_have_attribute("aria-label", "1 open alert")
    toast.get_by_role("link").click()
    expect(looker).to_have_url(f"{waypost.url}/alerts")
    expect(looker.locator("#alerts-table")).to_contain_text(HOSTILE)
    expect(looker.get_by_role("button", name=re.compile("Acknowledge"))).to_have_count(0)

    page.get_by_role("button", name=re.compile("Acknowledge Too full")).click()
    seeing = page.get_by_role("dialog", name="Acknowledge")
    seeing.get_by_role("textbox").fill("Doors are closed")
    seeing.get_by_role("button", name="Acknowledge").click()
    expect(looker.locator("#alerts-table")).to_contain_text("Doors are closed")
    looker.goto(f"{waypost.url}/spaces")
    expect(looker.locator(".wp-space", has_text=HOSTILE)).to_contain_text("In alert")

    send(admin, "door", direction=-1)
    expect(looker.locator(".wp-in-alert")).to_have_count(0)
    expect(looker.locator(BADGE)).to_be_hidden()
    expect(page.locator("#alerts-table")).to_contain_text("Nothing is wrong")
    page.get_by_text("Closed", exact=True).click()
    expect(page.locator("#alerts-table")).to_contain_text("Doors are closed")
    expect(page).to_have_url(re.compile("state=closed"))
    assert page.locator("#main i, #main b").count() == 0, "names stay text"


def test_rules_are_changed_switched_off_and_removed_by_who_may(start: Start, page: Page, browse: Browse) -> None:
    waypost = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN)
    admin = Admin(waypost)
    send(admin, "van", speed=30)
    wait_for("the device", lambda: "device_id" in waypost.get("/api/v1/devices/van"))

    looker = browse(viewport=PHONE)
    looker.goto(f"{waypost.url}/alerts")
    expect(looker.get_by_text("There is no rule yet")).to_be_visible()
    expect(looker.get_by_role("link", name="Sign in to set up rules").first).to_be_visible()
    assert looker.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]

    sign_in(page, waypost, "/alerts")
    page.get_by_role("button", name="A metric is above a limit").click()
    dialog = page.get_by_role("dialog", name="Set up a rule")
    dialog.get_by_role("textbox", name="Metric").click()
    page.get_by_role("option", name="Speed").locator("visible=true").click()
    dialog.get_by_label("Limit").locator("visible=true").fill("90")
    dialog.get_by_label("Must hold for", exact=True).fill("0")
    expect(page.locator("#alerts-unit")).to_have_text("km/h")
    expect(page.locator("#alerts-preview")).to_contain_text("Holds now for 1: van")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#alerts-table")).to_contain_text("108 km/h (limit: more than 90 km/h)")
    (rule,) = waypost.get("/api/v1/rules")["items"]
    assert rule["condition"] == {"kind": "metric", "metric": "speed", "op": "above", "limit": 25.0}

    page.get_by_role("switch").click()
    expect(page.locator("#alerts-rules")).to_contain_text("Off")
    expect(page.locator("#alerts-table")).not_to_contain_text("108 km/h")
    page.get_by_role("button", name=re.compile("^Edit ")).click()
    dialog.get_by_role("button", name="Remove this rule").click()
    dialog.get_by_role("button", name=re.compile("for good")).click()
    expect(page.get_by_text("There is no rule yet")).to_be_visible()


def test_a_geofence_is_drawn_watched_and_not_removed_while_it_is(start: Start, page: Page) -> None:
    waypost = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN)
    admin = Admin(waypost)
    send(admin, "van")
    wait_for("the device", lambda: "device_id" in waypost.get("/api/v1/devices/van"))
    sign_in(page, waypost, "/alerts")

    page.get_by_role("button", name="Draw a geofence").click()
    form = page.get_by_role("group", name="Draw a geofence")
    form.get_by_label("Name").fill("Depot")
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#alerts-fence-problem")).not_to_be_empty()
    box = page.locator("#alerts-map").bounding_box()
    assert box is not None
    page.locator("#alerts-map").scroll_into_view_if_needed()
    box = page.locator("#alerts-map").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for dx, dy in ((-90, -70), (90, -70), (90, 70), (-90, 70)):
        page.mouse.click(middle[0] + dx, middle[1] + dy)
        page.wait_for_timeout(400)  # two clicks in a row within less would be a double click
    corners = form.get_by_label("Corners")
    eventually(page, "four corners", lambda: len(corners.input_value().split("\n")) == 4)
    form.get_by_role("button", name="Undo the last corner").click()
    eventually(page, "one less", lambda: len(corners.input_value().split("\n")) == 3)
    page.mouse.click(middle[0] - 90, middle[1] + 70)
    eventually(page, "four corners again", lambda: len(corners.input_value().split("\n")) == 4)
    form.get_by_role("button", name="Close the outline").click()
    expect(page.locator(".wp-fence-middle")).to_have_count(4)
    form.get_by_role("button", name="Save").click()
    expect(page.locator("#alerts-fence-list")).to_contain_text("Depot")
    (fence,) = waypost.get("/api/v1/geofences")["features"]
    assert len(fence["geometry"]["coordinates"][0]) == 5

    page.goto(f"{waypost.url}/alerts?new=geofence")
    dialog = page.get_by_role("dialog", name="Set up a rule")
    dialog.get_by_role("textbox", name="Geofence").click()
    page.get_by_role("option", name="Depot").locator("visible=true").click()
    dialog.get_by_text("inside", exact=True).click()
    expect(page.locator("#alerts-preview")).to_contain_text("Holds now for 1: van")
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#alerts-fence-list")).to_contain_text("watched by 1 rule")
    page.get_by_role("button", name="Edit Depot").click()
    form.get_by_role("button", name="Remove").click()
    form.get_by_role("button", name=re.compile("Remove")).click()
    expect(page.locator("#alerts-fence-problem")).to_contain_text("is watched by")


def test_devices_in_alert_are_marked_on_the_map_and_can_be_shown_alone(start: Start, page: Page) -> None:
    waypost = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN)
    admin = Admin(waypost)
    for name, speed in (("fast", 30), ("slow", 3)):
        send(admin, name, speed=speed)
    wait_for("the devices", lambda: len(waypost.get("/api/v1/devices")["devices"]) == 2)
    open_map(page, waypost)
    admin.ask(
        "PUT",
        "/api/v1/rules/fast",
        {"condition": {"kind": "metric", "metric": "speed", "op": "above", "limit": 20}, "severity": "critical"},
    )
    eventually(page, "the mark", lambda: state(page)["ringed"] == 1)
    page.get_by_title("Show only devices in alert").click()
    expect(page).to_have_url(re.compile("alerts=only"))
    eventually(page, "the other to be left out", lambda: state(page)["visible"] == 1)
    page.goto(f"{waypost.url}/?device=fast")
    expect(page.locator("#live-card")).to_contain_text("In alert")


def test_the_page_of_alerts_can_be_used_by_everybody(start: Start, page: Page, browse: Browse, faults: Faults) -> None:
    waypost = start(SOURCES="", ADMIN_PASSWORD=PASSWORD, INGEST_TOKEN=TOKEN)
    admin = Admin(waypost)
    for name in ("van", "bus"):
        send(admin, name, speed=30)
    wait_for("the devices", lambda: len(waypost.get("/api/v1/devices")["devices"]) == 2)
    condition = {"kind": "metric", "metric": "speed", "op": "above", "limit": 20}
    for name, severity in (("Fast", "critical"), ("Quick", "warning")):
        admin.ask("PUT", f"/api/v1/rules/{name}", {"condition": condition, "severity": severity})
    square = [[11, 48], [12, 48], [12, 49], [11, 49], [11, 48]]
    admin.ask("PUT", "/api/v1/geofences/Town", {"type": "Polygon", "coordinates": [square]})
    still = browse(reduced_motion="reduce")
    sign_in(still, waypost, "/alerts")
    expect(still.locator("#alerts-table tbody tr")).to_have_count(4)
    checked(still, DESKTOP, PHONE)
    still.get_by_role("button", name="Acknowledge all 4").click()
    still.get_by_role("dialog", name="Acknowledge").get_by_role("button", name="Acknowledge").click()
    expect(still.locator("#alerts-table")).to_contain_text("admin")
    expect(still.get_by_role("button", name=re.compile("^Acknowledge"))).to_have_count(0)
    still.get_by_role("button", name="New rule").click()
    expect(still.get_by_role("dialog", name="Set up a rule")).to_be_visible()
    checked(still, DESKTOP, PHONE)
