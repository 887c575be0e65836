"""One Waypost with the demo for all processes that run tests: each of its own would cost a fifth of a core all along.

The first test that needs it starts it, and the process that the tests were started from ends it. Who uses it only
looks: a test that changes something does so on a Waypost of its own, or undoes it.
"""

import fcntl
import json
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import Final

import psutil
import pytest

from tests.app.process import Served, Waypost, wait_for

FOLDER: Final = "WAYPOST_TEST_SHARED"
"""The environment variable that says to all processes of one run where they meet."""
_NOTE: Final = "demo.json"


@pytest.hookimpl(tryfirst=True)
def pytest_configure() -> None:
    """Before the workers are started: they inherit the environment."""
    if FOLDER not in os.environ:
        os.environ[FOLDER] = tempfile.mkdtemp(prefix="waypost-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the demo, where one was started, after the workers have ended."""
    if hasattr(config, "workerinput"):
        return
    folder = Path(os.environ.pop(FOLDER))
    note = folder / _NOTE
    if note.exists():
        _end(json.loads(note.read_text())["pid"])
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def demo() -> Served:
    """Waypost as it starts by itself: it plays the demo, whose history has come up to now."""
    folder = Path(os.environ[FOLDER])
    note, data_dir = folder / _NOTE, folder / "demo" / "data"
    with (folder / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            data_dir.parent.mkdir()
            waypost = Waypost(data_dir)
            note.write_text(json.dumps({"pid": waypost.process.pid, "port": waypost.port}))
            waypost.ready()
        served = Served(data_dir, json.loads(note.read_text())["port"])
        wait_for("the demo to come up to now", lambda: len(served.moving()) >= 100, 150)
    return served


def _end(pid: int) -> None:
    """As one that somebody stops; what does not end is killed."""
    try:
        waypost = psutil.Process(pid)
        waypost.send_signal(signal.SIGTERM)
        waypost.wait(20)
    except psutil.TimeoutExpired:
        for process in [*waypost.children(recursive=True), waypost]:
            process.kill()
    except psutil.NoSuchProcess:
        return
