"""A Waypost that goes away and comes back: pages say so, and go on by themselves."""

import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.app.process import Waypost, free_port
from tests.browser.conftest import Browse
from tests.browser.faults import Faults
from tests.browser.publisher import Publisher
from tests.browser.screen import eventually, live_sockets, open_map, state, still_open

pytestmark = pytest.mark.browser

NAMES = tuple(f"van-{number}" for number in range(1, 31))
OTHERS = 20
"""More viewers beside the page itself; they are sockets of the same browser, each with a store of its own."""
OPEN_OTHERS = """(count) => {
    const { connection, protocol, store } = window.waypost;
    window.otherViewers = Array.from({ length: count }, () => {
        const held = store.create();
        const take = (data) => {
            if (typeof data !== "string") {
                store.applyFrame(held, protocol.decodeFrame(data), performance.now(), Date.now());
                return;
            }
            const message = protocol.decodeText(data);
            if (message !== null && message.type === "devices") store.applyDevices(held, message);
        };
        const env = {
            WebSocket: window.WebSocket,
            now: () => performance.now(),
            random: Math.random,
            setInterval: (run, ms) => window.setInterval(run, ms),
            clearInterval: (timer) => window.clearInterval(timer),
        };
        const url = connection.liveUrl(window.location);
        const line = connection.open({ url, onMessage: take, onChange: () => undefined, asOf: () => held.asOf, env });
        return { line, held };
    });
}"""
LIVE_OTHERS = """(devices) => window.otherViewers.filter(({ line, held }) =>
    line.state().phase === "live" && held.count === devices && held.total === devices).length"""
AWAY = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "WebSocket connection to", "answer 503")
AWAY_TOO = ("Failed to fetch", r"console error: .*(Callback|fetch|Network)")


@pytest.mark.timeout(400)  # two Wayposts, and pages that must notice by themselves
def test_map_and_summary_go_on_after_a_restart(browse: Browse, page: Page, faults: Faults, tmp_path: Path) -> None:
    port = str(free_port())
    with Publisher(NAMES) as publisher:
        settings = {"SOURCES": publisher.source, "PORT": port}
        with Waypost(tmp_path / "data", **settings) as first:
            sockets = live_sockets(page)
            open_map(page, first.ready())
            eventually(page, "all of them", lambda: state(page)["total"] == len(NAMES))
            page.evaluate(OPEN_OTHERS, OTHERS)
            eventually(page, "the other viewers", lambda: page.evaluate(LIVE_OTHERS, len(NAMES)) == OTHERS)
            summary = browse()
            summary.goto(f"{first.url}/summary")
            expect(summary.locator("#summary-figures .wp-figure-value").first).to_be_visible()
            rows = page.locator("#live-list .wp-row").count()  # those that the panel has room for
            assert rows > 10

            faults.allow(*AWAY, *AWAY_TOO)
            first.kill(signal.SIGTERM)
            first.ended()
            before = _values(summary)
            first.log.unlink()  # the second writes to the same file, and is ready when it says so itself
            expect(page.locator("#live-page")).to_have_attribute("data-status", "reconnecting")
            expect(page.locator("#live-indicator")).to_contain_text("Reconnecting")
            expect(page.locator("#live-list .wp-row")).to_have_count(rows)
            expect(summary.locator("#live-indicator-dot")).to_have_attribute("data-state", "stale", timeout=30_000)
            last = _values(summary)
            assert last >= before, "the last picture stays"  # an answer may have been on its way to the screen

        with Waypost(tmp_path / "data", **settings) as second:
            second.ready()
            expect(page.locator("#live-page")).to_have_attribute("data-status", "live")
            frames = state(page)["frames"]
            eventually(page, "frames", lambda: state(page)["frames"] > frames + 3)
            assert state(page)["total"] == len(NAMES), "devices were doubled or lost"
            expect(page.locator("#live-total")).to_have_text(str(len(NAMES)))
            expect(page.locator("#live-list .wp-row")).to_have_count(rows)
            eventually(page, "all viewers again", lambda: page.evaluate(LIVE_OTHERS, len(NAMES)) == OTHERS)
            eventually(page, "one connection each", lambda: still_open(sockets) == 1 + OTHERS)
            again = re.compile("interval|slow")
            expect(summary.locator("#live-indicator-dot")).to_have_attribute("data-state", again, timeout=60_000)
            eventually(summary, "more values", lambda: _values(summary) > last)
            page.close()
            summary.close()


def _values(page: Page) -> int:
    shown = page.locator("#summary-figures .wp-figure", has_text="Values").locator(".wp-figure-value").inner_text()
    return int(shown.replace("\u2009", ""))
