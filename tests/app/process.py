"""Waypost as people run it: a process of its own, talked to from outside."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60.0


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(what: str, happened: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """The first true answer of `happened`; fails where none comes in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := happened():
            return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


class Served:
    """A Waypost that runs, talked to from outside: where its data is, and the port of its pages."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.data_dir, self.port = data_dir, port
        self.log = data_dir.parent / f"{data_dir.name}-{port}.log"

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """All that it has written to the terminal."""
        return self.log.read_text()

    def get(self, path: str) -> Any:
        """The JSON at `path`; an error's JSON as well."""
        return self._ask(urllib.request.Request(self.url + path))  # noqa: S310 - http, and ours

    def moving(self) -> list[str]:
        """Devices that are heard and on their way, the fastest first. One that is silent keeps its last speed."""
        heard = [one for one in self.get("/api/v1/latest")["devices"] if one["age_s"] < 10]
        moving = [one for one in heard if (one["speed"] or 0) >= 0.5]
        return [one["device_id"] for one in sorted(moving, key=lambda one: -one["speed"])]

    def long_out(self) -> list[str]:
        """Those that move and did so a quarter of an hour ago: a bus of the demo may have set out just now, and is the
        fastest then that has no past to look at."""
        before = datetime.now(UTC) - timedelta(minutes=15)
        span = urlencode({"from": before.isoformat(), "to": (before + timedelta(minutes=1)).isoformat(), "points": 2})
        return [name for name in self.moving() if self.get(f"/api/v1/devices/{quote(name)}/track?{span}")["total"] > 0]

    def post(self, path: str, body: bytes, token: str) -> Any:
        """The JSON that answers a POST with the token; an error's JSON as well."""
        headers = {"Authorization": f"Bearer {token}"}
        return self._ask(urllib.request.Request(self.url + path, body, headers))  # noqa: S310 - the same

    def _ask(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the same
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)


class Waypost(Served):
    """`python app.py` with settings of its own; killed at the end whatever happened."""

    def __init__(self, data_dir: Path, *arguments: str, **settings: str) -> None:
        super().__init__(data_dir, int(settings.pop("PORT", 0)) or free_port())
        clean = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
        ours = {"DATA_DIR": str(data_dir), "PORT": str(self.port)} | settings
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "app.py", *arguments],
                cwd=ROOT,
                env=clean | {f"WAYPOST_{name}": value for name, value in ours.items()},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def ready(self) -> Self:
        """Wait until it has said where to open it; fail with its words where it ends instead."""

        def is_ready() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"it ended with {self.process.returncode}: {self.said()}")
            return f"Open {self.url}" in self.said()

        wait_for("Waypost to be ready", is_ready)
        return self

    def ended(self) -> tuple[int, str]:
        """Wait for its end: exit code, and what it said."""
        return self.process.wait(PATIENCE_S), self.said()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to it alone."""
        self.process.send_signal(number)


def family_of(pid: int) -> list[int]:
    """The processes that descend from `pid`."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found, last = {pid}, 0
    while len(found) != last:
        last = len(found)
        found |= {child for child, parent in parents.items() if parent in found}
    return sorted(found - {pid})


def alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
