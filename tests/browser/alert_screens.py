"""Takes the pictures of alerts: python -m tests.browser.alert_screens. The buses of the demo, watched by some rules."""

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.app.process import Waypost, wait_for
from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.doors import PASSWORD, TOKEN, Admin
from tests.browser.screen import eventually, open_map, state
from tests.browser.screens import open_page, take

SIZE: Final[ViewportSize] = {"width": 1440, "height": 1300}
TOWN: Final = ((-97.755, 30.260), (-97.730, 30.260), (-97.730, 30.280), (-97.755, 30.280), (-97.755, 30.260))
RULES: Final[dict[str, dict[str, Any]]] = {
    "Too fast": {
        "condition": {"kind": "metric", "metric": "speed", "op": "above", "limit": 50 / 3.6},
        "for_s": 2,
        "clear_s": 600,
        "severity": "critical",
    },
    "Silent for five minutes": {"condition": {"kind": "silence", "after_s": 300}},
    "Waiting room is full": {
        "condition": {"kind": "count", "op": "at_least", "limit": 100, "of_capacity": True},
        "severity": "critical",
    },
    "Left the region": {"condition": {"kind": "geofence", "geofence": "Region", "is": "outside"}, "clear_s": 60},
    "Door open for ten minutes": {"condition": {"kind": "state", "machine": "door", "state": "open"}, "for_s": 600},
}


def main() -> None:
    """Take them; about two minutes."""
    chromium = os.environ.get("WAYPOST_TEST_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium: set WAYPOST_TEST_CHROMIUM")
    secrets = {"ADMIN_PASSWORD": PASSWORD, "INGEST_TOKEN": TOKEN}
    with tempfile.TemporaryDirectory() as folder, Waypost(Path(folder) / "data", **secrets) as waypost:
        admin = Admin(waypost.ready())
        wait_for("the demo to come up to now", lambda: len(waypost.moving()) >= 100, 150)
        _fill_a_room(waypost, admin)
        around = [[lon + dx, lat + dy] for (lon, lat), (dx, dy) in zip(TOWN, _WIDER, strict=True)]
        for name, corners in (("Town centre", TOWN), ("Region", around)):
            outline = {"type": "Polygon", "coordinates": [[list(corner) for corner in corners]]}
            admin.ask("PUT", f"/api/v1/geofences/{quote(name)}", outline)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            for scheme in ("light", "dark"):
                _map_with_a_toast(browser, waypost, admin, scheme)
            for name, scheme, size in (("light", "light", SIZE), ("dark", "dark", SIZE), ("phone", "light", PHONE)):
                _alerts(browser, waypost, name, scheme, size)
            browser.close()


_WIDER: Final = ((-0.25, -0.3), (0.25, -0.3), (0.25, 0.3), (-0.25, 0.3), (-0.25, -0.3))


def _fill_a_room(waypost: Waypost, admin: Admin) -> None:
    """A space that holds as many as it may."""
    here = {"lat": 30.2672, "lon": -97.7431, "kind": "door"}
    admin.ask("POST", "/api/v1/ingest?source=doors", {"device_id": "door-waiting-room", "in": 24, "out": 0, **here})
    wait_for("the door", lambda: "device_id" in waypost.get("/api/v1/devices/door-waiting-room"))
    admin.ask("PUT", "/api/v1/spaces/Waiting%20room", {"capacity": 24})
    placed = {"device_id": "door-waiting-room", "sign": 1, "from": "2026-01-01T00:00:00Z"}
    admin.ask("PUT", "/api/v1/spaces/Waiting%20room/placements", [placed])


def _map_with_a_toast(browser: Browser, waypost: Waypost, admin: Admin, scheme: str) -> None:
    """The live map as alerts open."""
    page = open_page(browser, scheme, DESKTOP)
    open_map(page, waypost)
    for name, rule in RULES.items():
        admin.ask("PUT", f"/api/v1/rules/{quote(name)}", rule | {"enabled": True})
    eventually(page, "rings", lambda: state(page)["ringed"] >= 2, 120)
    expect(page.locator(".wp-toast")).to_be_visible()
    page.wait_for_timeout(2000)
    take(page, f"live-alerts-{scheme}")
    for name in RULES if scheme == "light" else ():
        admin.ask("PUT", f"/api/v1/rules/{quote(name)}", RULES[name] | {"enabled": False})
    eventually(page, "no rings", lambda: scheme == "dark" or state(page)["ringed"] == 0, 60)
    page.context.close()


def _alerts(browser: Browser, waypost: Waypost, name: str, scheme: str, size: ViewportSize) -> None:
    """The page, and the form of a rule."""
    page = open_page(browser, scheme, size)
    page.goto(f"{waypost.url}/sign-in?next=/alerts")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password", exact=True).press("Enter")
    expect(page.locator("#alerts-table tbody tr").first).to_contain_text("Acknowledge")
    page.wait_for_timeout(3000)
    take(page, f"alerts-{name}")
    _rule(page, name)


def _rule(page: Page, name: str) -> None:
    page.get_by_role("button", name="Edit Too fast").click()
    expect(page.locator("#alerts-preview")).to_contain_text("Holds")
    page.wait_for_timeout(1500)
    take(page, f"alerts-rule-{name}")
    page.context.close()


if __name__ == "__main__":
    main()
