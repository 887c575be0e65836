"""What an earlier run left in a PostgreSQL data directory: a server that is still going down, or a stale pid.

Whoever asks holds the lock of DATA_DIR, so no other Waypost runs this server.
"""

import os
import subprocess
import time
from pathlib import Path
from threading import Event
from typing import Final

from core.errors import StartupError

WAIT_S: Final = 30.0
NO_PID: Final = 2**30
"""A process id that no system gives out: the largest of Linux is 2**22."""


def await_leftover(data: Path, stopping: Event, timeout_s: float = WAIT_S) -> None:
    """Wait for a server of `data` that is still going down. Raises StartupError if it stays."""
    deadline = time.monotonic() + timeout_s
    while (pid := _server_pid(data)) is not None and not stopping.is_set():
        if time.monotonic() > deadline:
            raise StartupError(
                f"A PostgreSQL (process {pid}) that this Waypost did not start is running on {data}. "
                f"Stop it (kill -INT {pid}) and start again."
            )
        stopping.wait(0.05)


def forget_dead(data: Path, sockets: Path) -> None:
    """Keep PostgreSQL from taking another process for its predecessor, after that was killed. Raises OSError.

    It refuses to start while the process of its pid file is alive, even if by now that is an unrelated one (after a
    reboot). The file itself must stay: with the shared memory it names, PostgreSQL makes sure that no orphaned
    backend of its predecessor still writes. So only the number is replaced.
    """
    if _server_pid(data) is not None:
        return
    pid_file = data / "postmaster.pid"
    first = _first_line(pid_file)
    if first is not None:
        _, newline, rest = pid_file.read_text().partition("\n")
        pid_file.write_text(f"{NO_PID}{newline}{rest}")
    for leftover in sockets.glob(".s.PGSQL.*"):
        leftover.unlink(missing_ok=True)


def _server_pid(data: Path) -> int | None:
    """The process of the server that runs on `data`, if one does."""
    first = _first_line(data / "postmaster.pid")
    if first is None or not first.lstrip("-").isdigit():
        return None
    pid = abs(int(first))
    words = _command_line(pid)
    return pid if words and "postgres" in Path(words[0]).name and str(data) in words else None


def _first_line(path: Path) -> str | None:
    try:
        return path.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return None


def _command_line(pid: int) -> list[str]:
    """The words of the command of a process; empty if there is none."""
    if Path("/proc/self/cmdline").exists():
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes()).split("\0")
        except OSError:
            return []
    command = ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=10).stdout.split()  # noqa: S603
