"""The live map in the browser at 1,000 to 50,000 vehicles that all move each second, beside dl.GeoJSON."""

import json
import math
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench.map_fleet import places_at
from bench.map_server import PEER
from bench.report import Result
from db.live import LiveWriter
from db.records import RECORD
from tests.browser.chromium import ARGUMENTS

SIZES = (1_000, 5_000, 20_000, 50_000)
WAYS = (
    ("dl.GeoJSON, canvas circles, interval callback", PEER),
    ("live map, a glyph for each", "/?density=off"),
    ("live map, as it opens", "/"),
)
SETTLE_S = 8
MEASURED_S = 15
PANNED_S = 8
_CIRCLE = """window.bench = { circle: (feature, latlng) => window.L.circleMarker(latlng, { radius: 4, weight: 1 }) };"""
_COUNT_FRAMES = """() => {
    const frames = window.benchFrames = [];
    const note = (at) => { frames.push(at); if (window.benchFrames === frames) requestAnimationFrame(note); };
    requestAnimationFrame(note);
}"""


@dataclass
class Seen:
    """What a way of drawing costs: ms of the main thread and bytes an update; frames a second, longest gap in ms."""

    updates: int
    task_ms: float
    size: float
    fps: float
    worst_ms: float


def run() -> Result:
    """A server of its own for each size, a fresh page for each way."""
    result = Result(
        "The live map in the browser",
        ["vehicles", "drawn by", "main thread ms an update", "KB an update", "fps while panning", "longest gap ms"],
        notes=[
            "All vehicles, spread over Europe and all in view, move once a second. Headless Chromium, 1440 x 900,"
            " software rendering; publisher, servers and browser share the cores.",
            f"Main thread: TaskDuration of Chromium in {MEASURED_S} s without a hand on the map, panel and list of the"
            " live map included, by the number of updates that came. KB: what came over the network, by the same.",
            f"Panning: the mouse drags the map to and fro for {PANNED_S} s, while vehicles go on moving.",
            "As it opens, the live map draws crowds as hexagons from 1,500 vehicles in view.",
            "Targets: at least 55 frames a second and at most 100 ms an update at 50,000.",
        ],
    )
    executable = os.environ.get("WAYPOST_TEST_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        for devices in SIZES:
            with serving(devices) as url:
                for way, path in WAYS:
                    browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
                    seen = _measure(browser, url + path, devices)
                    browser.close()
                    figures = (
                        f"{seen.task_ms:.0f}",
                        f"{seen.size / 1024:.0f}",
                        f"{seen.fps:.0f}",
                        f"{seen.worst_ms:.0f}",
                    )
                    result.rows.append([f"{devices:,}", way, *figures])
    return result


@contextmanager
def serving(devices: int) -> Iterator[str]:
    """A server with so many vehicles that move each second; its address."""
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.map_server", "--devices", str(devices)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    assert server.stdin is not None
    ready: dict[str, Any] = json.loads(server.stdout.readline())
    ended = threading.Event()
    moving = threading.Thread(target=_move, args=(devices, ready["redis_url"], ended))
    moving.start()
    try:
        yield f"http://127.0.0.1:{ready['port']}"
    finally:
        ended.set()
        moving.join()
        server.stdin.close()
        server.wait(30)


def _move(devices: int, redis_url: str, ended: threading.Event) -> None:
    """Publish where all are, once a second, as the ingest does."""
    live = LiveWriter(redis_url)
    records = np.zeros(devices, RECORD)
    records["id"] = np.arange(1, devices + 1)
    records["altitude"] = 10_000
    due = time.monotonic()
    while not ended.wait(max(0.0, due - time.monotonic())):
        due = max(due + 1, time.monotonic())
        now = time.time()
        places = places_at(devices, now)
        records["ts"] = records["received_at"] = int(now * 1e6)
        for column in ("lat", "lon", "speed", "heading"):
            records[column] = getattr(places, column)
        live.publish(records, {})
    live.close()


def _measure(browser: Browser, url: str, devices: int) -> Seen:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.add_init_script(_CIRCLE)
    traffic = Traffic(page)
    page.goto(url)
    if PEER in url:
        page.locator("#bench-map canvas").first.wait_for()
    else:
        page.locator("#live-page[data-phase='ready']").wait_for()
    page.wait_for_timeout(SETTLE_S * 1000)
    if PEER not in url:
        held = page.evaluate("() => window.waypost.live.state().held")
        assert held == devices, f"the map holds {held} of {devices} vehicles"
    before = traffic.begin()
    page.wait_for_timeout(MEASURED_S * 1000)
    task_ms = (traffic.busy_s() - before) * 1000
    updates, size = traffic.updates, traffic.size
    assert updates > 0, "no update came"
    fps, worst_ms = _pan(page)
    return Seen(updates, task_ms / updates, size / updates, fps, worst_ms)


class Traffic:
    """What comes over the network into a page, and how busy its main thread is."""

    def __init__(self, page: Page) -> None:
        self.updates = 0
        self.size = 0
        self._asked: set[str] = set()
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._session.on("Network.webSocketFrameReceived", self._frame)
        self._session.on("Network.requestWillBeSent", self._request)
        self._session.on("Network.dataReceived", self._data)
        self._session.on("Network.loadingFinished", self._finished)
        self._session.send("Network.enable")
        self._session.send("Performance.enable")

    def begin(self) -> float:
        """Count from now on; how long the main thread has been busy, in s."""
        self.updates = self.size = 0
        return self.busy_s()

    def busy_s(self) -> float:
        """How long the main thread has been busy since the page began, in s."""
        metrics = self._session.send("Performance.getMetrics")["metrics"]
        found: float = next(one["value"] for one in metrics if one["name"] == "TaskDuration")
        return found

    def _frame(self, event: dict[str, Any]) -> None:
        if event["response"]["opcode"] != 2:
            return
        size = len(event["response"]["payloadData"]) * 3 // 4
        self.size += size
        self.updates += size > 1000  # a heartbeat is none

    def _request(self, event: dict[str, Any]) -> None:
        if "_dash-update-component" in event["request"]["url"]:
            self._asked.add(event["requestId"])

    def _data(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self._asked:
            self.size += event["encodedDataLength"]

    def _finished(self, event: dict[str, Any]) -> None:
        self.updates += event["requestId"] in self._asked


def _pan(page: Page) -> tuple[float, float]:
    """Drag the map to and fro: frames a second and the longest time between two, in ms."""
    page.mouse.move(900, 500)
    page.mouse.down()
    page.evaluate(_COUNT_FRAMES)
    end = time.monotonic() + PANNED_S
    while (left := end - time.monotonic()) > 0:
        angle = 2 * math.pi * left / 2
        page.mouse.move(900 + 250 * math.sin(angle), 500 + 120 * math.sin(2 * angle))
    frames = np.array(
        page.evaluate("() => { const seen = window.benchFrames; window.benchFrames = null; return seen; }")
    )
    page.mouse.up()
    gaps = np.diff(frames)
    return 1000 * len(gaps) / float(frames[-1] - frames[0]), float(gaps.max())
