"""Takes the pictures of docs/screens from a Waypost that plays the demo: `python -m tests.browser.screens`, or some of
them alone: `python -m tests.browser.screens pipeline settings`."""

import os
import shutil
import struct
import sys
import tempfile
import urllib.request
import zlib
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.app.process import ROOT, Waypost
from tests.browser.chromium import ARGUMENTS
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.happenings import VANS, send_rounds
from tests.browser.screen import DRAWN_TRACK, device_alone, eventually, open_map, state

FOLDER: Final = ROOT / "docs" / "screens"
TRAILS_MS: Final = 180_000
"""So long the live maps are looked at: trails grow in the browser."""
SCHEMES: Final = ("light", "dark")
TOKEN: Final = "wp_of_the_pictures"
PASSWORD: Final = "of the pictures"
TALL: Final[ViewportSize] = {"width": 1440, "height": 1560}
CLOSE: Final = "?at=30.26700,-97.74300,15"
PICTURES: Final = (
    ("live-heat-dark", "?heat=on&trails=none", ""),
    ("live-wall-dark", "?kiosk=1", ""),
    ("live-keys-dark", "?colour=value", "?"),
)
"""Name, address and key of more pictures of the live map in the dark."""
GATE: Final = (
    *(f'{{"device_id": "gate-{n}", "lat": 30.27, "lon": -97.74, "battery": 0.{n}}}' for n in range(1, 10)),
    '{"device_id": "gate-1", "lat": 130.27, "lon": -97.74}',
    *(f'{{"lat": 30.2{n}, "lon": -97.74, "speed": {n}}}' for n in range(4)),
)
"""Messages, some of which cannot be used."""
TICK: Final = ".wp-graph .ytick"
"""A chart that is drawn."""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


def main() -> None:
    """Take all of them; about four minutes."""
    chromium = os.environ.get("WAYPOST_TEST_CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        sys.exit("no Chromium: set WAYPOST_TEST_CHROMIUM")
    FOLDER.mkdir(parents=True, exist_ok=True)
    parts = {"live": lives, "others": others, "pipeline": pipelines, "settings": settings, "events": events}
    asked = sys.argv[1:] or list(parts)
    secrets = {"INGEST_TOKEN": TOKEN, "ADMIN_PASSWORD": PASSWORD}
    with tempfile.TemporaryDirectory() as folder, Waypost(Path(folder) / "data", **secrets) as waypost:
        waypost.ready()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
            for name in asked:
                parts[name](browser, waypost)
                for context in browser.contexts:  # pages left open would be drawn beside the next ones
                    context.close()
            browser.close()


def lives(browser: Browser, waypost: Waypost) -> None:
    """Pictures of the live map."""
    live = {scheme: open_page(browser, scheme) for scheme in SCHEMES}
    phone, close = open_page(browser, "light", PHONE), open_page(browser, "light")
    for page in (*live.values(), phone):
        open_map(page, waypost)
    open_map(close, waypost, CLOSE)
    eventually(phone, "100 moving buses", lambda: state(phone)["moving"] >= 100, 60)
    phone.wait_for_timeout(TRAILS_MS)
    take(phone, "live-phone")
    phone.locator("#live-handle").click()
    phone.wait_for_timeout(1000)
    take(phone, "live-phone-list")
    name = device_alone(live["light"], waypost)
    for scheme, page in live.items():
        select(page, name)
        take(page, f"live-{scheme}")
    close.keyboard.press("l")
    close.wait_for_timeout(1000)
    take(close, "live-close")
    dark = live["dark"]
    for picture, query, key in PICTURES:
        open_map(dark, waypost, query)
        eventually(dark, "buses", lambda: state(dark)["drawn"] > 20)
        dark.wait_for_timeout(4000)
        if key:
            dark.keyboard.press(key)
            dark.wait_for_timeout(500)
        take(dark, picture)


def others(browser: Browser, waypost: Waypost) -> None:
    """Pictures of Summary, Device, Top N and History."""
    look = open_page(browser, "light")
    open_map(look, waypost)
    name = device_alone(look, waypost)
    summary(open_page(browser, "light", PHONE), waypost, "summary-phone")
    for scheme in SCHEMES:
        summary(open_page(browser, scheme), waypost, f"summary-{scheme}")
        device(open_page(browser, scheme), waypost, name, f"device-{scheme}")
    device(open_page(browser, "light", PHONE), waypost, name, "device-phone")
    for shown, scheme, size in (("light", "light", DESKTOP), ("dark", "dark", DESKTOP), ("phone", "light", PHONE)):
        history(open_page(browser, scheme, size), waypost, f"history-{shown}")
        top(open_page(browser, scheme, size), waypost, f"top-{shown}")


def pipelines(browser: Browser, waypost: Waypost) -> None:
    """Pictures of the Pipeline page, with some messages in its quarantine."""
    url, headers = f"{waypost.url}/api/v1/ingest?source=gate", {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(url, "\n".join(GATE).encode(), headers)  # noqa: S310 - http, and ours
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - the same
    for name, scheme, size in (("light", "light", TALL), ("dark", "dark", TALL), ("phone", "light", PHONE)):
        page = open_page(browser, scheme, size)
        page.goto(f"{waypost.url}/pipeline" + ("" if size is PHONE else "?group=no+device%7Cgate"))
        expect(page.locator(".wp-flow-edge-in")).to_contain_text("/s")
        page.wait_for_timeout(45_000)  # the burst of the start is over
        take(page, f"pipeline-{name}")


def settings(browser: Browser, waypost: Waypost) -> None:
    """Pictures of the Settings page, with some changes made and one refused."""
    pictures = (("light", "light", TALL, "10"), ("dark", "dark", TALL, "15"), ("phone", "light", PHONE, "30"))
    for name, scheme, size, every_s in pictures:
        page = open_page(browser, scheme, size)
        page.goto(f"{waypost.url}/sign-in?next=/settings")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("Password", exact=True).press("Enter")
        expect(page.locator("#settings-devices .ag-row").first).to_be_attached()  # drawn once it is in view
        for label, value in (
            ("Floor, Top N", "9"),
            ("Refresh every, Pipeline", "2"),
            ("Refresh every, Summary", every_s),
        ):
            field = page.get_by_label(label)
            field.fill(value)
            field.press("Enter")
        expect(page.locator("#main")).to_contain_text("raise that first")
        page.wait_for_timeout(1500)
        take(page, f"settings-{name}")


def events(browser: Browser, waypost: Waypost) -> None:
    """Pictures of the Events page, and of a device whose states are bands."""
    send_rounds(waypost, TOKEN)
    for name, scheme, size in (("light", "light", DESKTOP), ("dark", "dark", DESKTOP), ("phone", "light", PHONE)):
        page = open_page(browser, scheme, size)
        page.goto(f"{waypost.url}/events?from=now-6h")
        expect(page.locator("#events-table tr[data-event]").nth(20)).to_be_attached()
        page.wait_for_timeout(1500)
        take(page, f"events-{name}")
        page.goto(f"{waypost.url}/device/{VANS[0]}?from=now-3h")
        expect(page.locator(".wp-lane-name")).to_have_count(2)
        expect(page.locator(".wp-graph .ytick").first).to_be_visible()
        page.locator("#device-timeline-bands").evaluate("bands => bands.scrollIntoView({block: 'center'})")
        page.wait_for_timeout(2500)
        take(page, f"timeline-{name}")


def open_page(browser: Browser, scheme: str, size: ViewportSize = DESKTOP) -> Page:
    """A page of a scheme and size."""
    context = browser.new_context(viewport=size, device_scale_factor=1, locale="en-GB", timezone_id="UTC")
    page = context.new_page()
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    return page


def select(page: Page, name: str) -> None:
    """Select a device and wait for its card."""
    page.get_by_role("searchbox").fill(name)
    page.locator(f".wp-row[title='{name}']").click()
    page.get_by_role("searchbox").fill("")
    page.get_by_role("searchbox").blur()
    expect(page.locator("#live-card-facts dt").first).to_be_visible()
    page.wait_for_timeout(2000)


def picture(page: Page, address: str, name: str, *ready: str, settle_ms: int = 1500) -> None:
    """Open an address, and take a picture once all that is named is there, and what follows it has settled."""
    page.goto(address)
    for selector in ready:
        expect(page.locator(selector).first).to_be_attached()
    page.wait_for_timeout(settle_ms)
    take(page, name)


def summary(page: Page, waypost: Waypost, name: str) -> None:
    """Picture of the Summary page."""
    picture(page, f"{waypost.url}/summary?from=now-15m", name, "#summary-figures .wp-figure-value", TICK)


def device(page: Page, waypost: Waypost, device_name: str, name: str) -> None:
    """Picture of the Device page."""
    ready = ("#device-figures .wp-figure-value", DRAWN_TRACK, TICK)
    picture(page, f"{waypost.url}/device/{device_name}?from=now-1h", name, *ready, settle_ms=2500)


def top(page: Page, waypost: Waypost, name: str) -> None:
    """Picture of the Top N page."""
    picture(page, f"{waypost.url}/top?metric=speed&stat=max&from=now-30m", name, ".ag-row", TICK)


def history(page: Page, waypost: Waypost, name: str) -> None:
    """Picture of the History page with two of the fastest."""
    fastest = sorted(waypost.get("/api/v1/latest")["devices"], key=lambda one: -(one["speed"] or 0))[:2]
    chosen = "&".join(f"device={one['device_id']}" for one in fastest)
    address = f"{waypost.url}/history?{chosen}&metric=speed&metric=heading&from=now-30m"
    picture(page, address, name, ".wp-panels .ytick", ".wp-history-map path.wp-history-end", settle_ms=2500)


def take(page: Page, name: str) -> None:
    """Take a picture and write it to the folder."""
    (FOLDER / f"{name}.png").write_bytes(smaller(page.screenshot()))


def smaller(png: bytes) -> bytes:
    """The same picture, packed as tightly as zlib can."""
    chunks, at = [], len(_SIGNATURE)
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        chunks.append((kind, png[at + 8 : at + 8 + length]))
        at += length + 12
    pixels = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
    packed = min((zlib.compress(pixels, 9), _strategy(pixels)), key=len)
    kept = [(b"IHDR", chunks[0][1]), (b"IDAT", packed), (b"IEND", b"")]
    return _SIGNATURE + b"".join(
        struct.pack(">I4s", len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in kept
    )


def _strategy(pixels: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_FILTERED)
    return packer.compress(pixels) + packer.flush()


if __name__ == "__main__":
    main()
