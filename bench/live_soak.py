"""Whether memory stays flat on both sides while a live map is open: the server's, and the page's."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from playwright.sync_api import CDPSession, sync_playwright

from bench.report import Result
from tests.app.process import Waypost, free_port
from tests.browser.chromium import ARGUMENTS

RATE: Final = 2_000
DEVICES: Final = 2_000
MINUTES: Final = 60
WARM_UP_S: Final = 60
SAMPLES: Final = 12
_PAGE_MB: Final = os.sysconf("SC_PAGE_SIZE") / 1e6


def run(minutes: int) -> Result:
    """One Waypost, one page in headless Chromium, a publisher as a process of its own."""
    result = Result(
        f"A live map open for {minutes} minutes",
        ["minute", "server MB", "page heap MB", "frames so far", "age of the newest data, ms"],
        notes=[
            f"{RATE:,} messages a second of {DEVICES:,} devices over ZMQ, stored in the embedded PostgreSQL, drawn by"
            " one page. The first minute is not counted.",
            "Server: resident memory of the one process that ingests and serves. Page: heap of JavaScript after the"
            " garbage was collected.",
        ],
    )
    port = free_port()
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        Waypost(Path(directory) / "data", SOURCES=f"zmq://127.0.0.1:{port}") as waypost,
        sync_playwright() as playwright,
    ):
        waypost.ready()
        count = RATE * (minutes * 60 + 2 * WARM_UP_S)
        arguments = ["--bind", f"tcp://127.0.0.1:{port}", "--devices", str(DEVICES), "--rate", str(RATE)]
        publisher = subprocess.Popen(
            [sys.executable, "-m", "bench.fleet", *arguments, "--count", str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        executable = os.environ.get("WAYPOST_TEST_CHROMIUM") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(waypost.url)
        inside = page.context.new_cdp_session(page)
        page.wait_for_timeout(WARM_UP_S * 1000)
        began = time.monotonic()
        for sample in range(SAMPLES + 1):
            due = began + sample * minutes * 60 / SAMPLES
            page.wait_for_timeout(max(0.0, due - time.monotonic()) * 1000)
            said = page.evaluate("() => window.waypost.live.state()")
            resident = int(Path(f"/proc/{waypost.process.pid}/statm").read_text().split()[1]) * _PAGE_MB
            result.rows.append(
                [
                    f"{(time.monotonic() - began) / 60:.1f}",
                    f"{resident:.1f}",
                    f"{_heap_mb(inside):.2f}",
                    f"{said['frames']:,}",
                    f"{said['newestAgeMs']:.0f}",
                ]
            )
        publisher.kill()
        publisher.wait()
        browser.close()
    return result


def _heap_mb(inside: CDPSession) -> float:
    inside.send("HeapProfiler.collectGarbage")
    used: float = inside.send("Runtime.getHeapUsage")["usedSize"]
    return used / 1e6
