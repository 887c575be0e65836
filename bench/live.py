"""Publish to browser: how old a position is when the page has it, at 1,000 and 20,000 messages a second."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

from bench.report import Result
from tests.app.process import Waypost, free_port
from tests.browser.chromium import ARGUMENTS

RATES = ((1_000, 1_000), (20_000, 5_000))
"""Messages a second, devices."""
WARM_UP_S = 10
MEASURED_S = 30


def run() -> Result:
    """One fresh Waypost a rate, one open live map in headless Chromium, a publisher as a process of its own."""
    result = Result(
        "From publisher to browser",
        ["messages a second", "devices", "positions", "p50 ms", "p99 ms", "worst ms"],
        notes=[
            "Of every position: the clock when the page has decoded it, less the moment at which its message was sent,"
            " on the same machine, while the page draws its live map.",
            "On the way: ZMQ, journal with fdatasync, the tick of 50 ms, Redis, the hub, the WebSocket; storing goes"
            " on meanwhile. Publisher, servers and Chromium with software rendering share the cores.",
            f"{WARM_UP_S} s to warm up, {MEASURED_S} s measured. Target: p99 at most 250 ms at 20,000 a second.",
        ],
    )
    executable = os.environ.get("WAYPOST_TEST_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for rate, devices in RATES:
            latencies = _measure(browser.new_page(viewport={"width": 1440, "height": 900}), rate, devices)
            p50, p99, worst = np.percentile(latencies, [50, 99, 100])
            result.rows.append(
                [f"{rate:,}", f"{devices:,}", f"{len(latencies):,}", f"{p50:.0f}", f"{p99:.0f}", f"{worst:.0f}"]
            )
        browser.close()
    return result


def _measure(page: Page, rate: int, devices: int) -> list[float]:
    """Milliseconds, one a frame."""
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        Waypost(Path(directory) / "data", SOURCES=f"zmq://127.0.0.1:{port}") as waypost,
    ):
        waypost.ready()
        count = rate * (WARM_UP_S + MEASURED_S + 10)
        arguments = ["--bind", f"tcp://127.0.0.1:{port}", "--devices", str(devices), "--rate", str(rate)]
        publisher = subprocess.Popen(
            [sys.executable, "-m", "bench.fleet", *arguments, "--count", str(count)], stdin=subprocess.PIPE
        )
        page.goto(waypost.url)
        page.evaluate((Path(__file__).parent / "latency.js").read_text())
        page.wait_for_timeout(WARM_UP_S * 1000)
        page.evaluate("() => window.benchAges.clear()")
        page.wait_for_timeout(MEASURED_S * 1000)
        found: list[float] = page.evaluate("() => window.benchAges.all()")
        shown = page.evaluate("() => window.waypost.live.state().total")
        assert shown == devices, f"the map shows {shown} of {devices} devices"
        publisher.kill()
        publisher.wait()
        page.goto("about:blank")
        return found
