"""Events, and the bands of a device's states: seen as they come, found by filters, and opened at their moment."""

import json
import time
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.app.process import Waypost
from tests.browser.conftest import Browse, Start

pytestmark = pytest.mark.browser

TOKEN = "wp_of_events"
HOSTILE = "gate <img src=x onerror=alert(1)>"


def send(waypost: Waypost, *messages: dict[str, object]) -> None:
    """Send messages as a device would."""
    url, headers = f"{waypost.url}/api/v1/ingest", {"Authorization": f"Bearer {TOKEN}"}
    body = "\n".join(map(json.dumps, messages)).encode()
    request = urllib.request.Request(url, body, headers)  # noqa: S310 - http, and ours
    urllib.request.urlopen(request, timeout=30).close()  # noqa: S310 - the same


def test_events_are_seen_as_they_come_found_by_filters_and_opened_at_the_device(browse: Browse, start: Start) -> None:
    waypost = start(SOURCES="", INGEST_TOKEN=TOKEN)
    page = browse()
    page.goto(f"{waypost.url}/events")
    expect(page.locator("#events-table")).to_contain_text("No event has come yet")
    opened_as = waypost.url.replace("127.0.0.1", "localhost")
    page.goto(f"{opened_as}/events")
    expect(page.locator("#events-table")).to_contain_text(f"{opened_as}/api/v1/ingest")
    page.goto(f"{waypost.url}/events")

    now = time.time()
    doors: list[dict[str, object]] = [
        {
            "device_id": "door-1",
            "ts": now - 900 + 10 * n,
            "event": ("door_open", "door_close")[n % 2],
            "lat": 30,
            "lon": -97,
        }
        for n in range(60)
    ]
    more: list[dict[str, object]] = [
        {"device_id": "door-1", "ts": now - 200, "event": "door_close", "data": {"by": "badge"}},
        {"device_id": HOSTILE, "ts": now - 100, "event": "alarm"},
    ]
    send(waypost, *doors, *more)
    rows = page.locator("#events-table tbody tr[data-event]")
    expect(rows).to_have_count(50)
    expect(rows.first).to_contain_text("alarm")
    expect(rows.first.locator("a").nth(1)).to_have_attribute("title", HOSTILE)
    expect(page.locator("#events-note")).to_have_text("1 to 50, and older ones")

    page.get_by_role("button", name="Older events").click()
    expect(page.locator("#events-note")).to_have_text("51 to 62, to the oldest")
    expect(rows).to_have_count(12)
    page.get_by_role("button", name="Newer events").click()
    expect(rows).to_have_count(50)

    page.get_by_label("Part of a device's name").fill("gate")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(f"{waypost.url}/events?search=gate")
    page.goto(f"{waypost.url}/events?mark=repeat")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("by: badge")

    rows.first.locator("a").first.click()
    expect(page.locator("#device-head")).to_contain_text("door-1")
    assert "/device/door-1?from=" in page.url
    expect(page.locator(".wp-lane-name")).to_have_text("door")
    expect(page.locator(".wp-band").nth(20)).to_be_attached()
    expect(page.locator(".wp-band-mark")).to_have_attribute(
        "aria-label", "door_close: The device was in this state already"
    )
    expect(page.locator("#device-timeline-list tr[data-event]").first).to_contain_text("door_close")
    expect(page.locator("#device-timeline-now")).to_contain_text("door: closed")

    page.goto(f"{waypost.url}/events?type=never")
    expect(page.locator("#events-table")).to_contain_text("No event fits")
    page.get_by_role("button", name="Show all of them").click()
    expect(rows).to_have_count(50)
