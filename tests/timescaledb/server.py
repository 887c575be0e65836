"""Starts the TimescaleDB of `server.mjs`, installing it where it is missing."""

import fcntl
import hashlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
MODULES: Final = HERE / "node_modules"
INSTALLED: Final = MODULES / ".waypost-installed"
"""Holds the hash of the lock file whose packages are there; written last."""
INSTALL_TIMEOUT_S: Final = 300
START_TIMEOUT_S: Final = 90
RESET_TIMEOUT_S: Final = 60
STOP_TIMEOUT_S: Final = 5


class NodeMissing(RuntimeError):
    """There is no node, or no npm, so this server cannot run."""


class TimescaleServer:
    """A running server with one database, in which the extension is installed."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, port: int) -> None:
        self.process = process
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        self._log = log

    def reset(self) -> None:
        """End all connections and make the database as new, if anything was done to it."""
        self._obey("reset")

    def keep(self) -> None:
        """End all connections and remember the database as it is."""
        self._obey("keep")

    def restore(self) -> None:
        """End all connections and make the database what it was when it was kept, if anything was done to it since."""
        self._obey("restore")

    def _obey(self, command: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        self.process.stdin.flush()
        _event(self.process, command, RESET_TIMEOUT_S, self._log)


@contextmanager
def start_timescaledb(directory: Path, *, patience_s: float = 10.0) -> Iterator[TimescaleServer]:
    """A server on a free port, ended with the block or with this process, however that ends; its log in `directory`.

    `patience_s` is how long a connection waits for another one's open transaction. Raises NodeMissing.
    """
    node = _program("node")
    install()
    log = directory / "timescaledb.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [node, str(HERE / "server.mjs"), "0", str(patience_s)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            bufsize=0,
        )
    try:
        port = _event(process, "listening", START_TIMEOUT_S, log)["port"]
        assert isinstance(port, int)
        yield TimescaleServer(process, log, port)
    finally:
        _stop(process)


def install() -> None:
    """Install what package-lock.json names, unless it is there. Raises NodeMissing."""
    npm = _program("npm")
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    # Workers of pytest-xdist come here at once. The lock is the lock file itself: nothing more to leave behind.
    with (HERE / "package-lock.json").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if INSTALLED.exists() and INSTALLED.read_text() == wanted:
            return
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=HERE,
            check=False,
            capture_output=True,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
        )
        if done.returncode != 0:
            raise RuntimeError(f"npm could not install the TimescaleDB for tests:\n{done.stderr[-2000:]}")
        INSTALLED.write_text(wanted)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NodeMissing(f"{name} is missing: TimescaleDB tests did not run")
    return found


def _event(process: subprocess.Popen[bytes], name: str, timeout_s: float, log: Path) -> dict[str, object]:
    """The line of JSON that tells of `name`. What else is printed is not for us."""
    assert process.stdout is not None
    end = time.monotonic() + timeout_s
    line = b""
    while (left := end - time.monotonic()) > 0:
        if not select.select([process.stdout], [], [], left)[0]:
            break
        chunk = os.read(process.stdout.fileno(), 4096)
        if chunk == b"":
            break
        *lines, line = (line + chunk).split(b"\n")
        for text in lines:
            if text.startswith(b"{") and (event := json.loads(text))["event"] == name:
                return dict(event)
    raise RuntimeError(f"The TimescaleDB for tests did not say {name!r}:\n{log.read_text(errors='replace')[-2000:]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:  # a statement is running, and nothing interrupts those
        process.kill()
        process.wait()
