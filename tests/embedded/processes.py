"""What the tests want to know of processes."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]


def processes_of(data_dir: Path) -> dict[int, str]:
    """Processes that were started for, or work in, `data_dir`, and their commands."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode().replace("\0", " ")
            inside = (entry / "cwd").readlink().is_relative_to(data_dir)
        except OSError:
            continue
        if command and (inside or str(data_dir) in command):
            found[int(entry.name)] = command
    return found


def wait_for(condition: Callable[[], bool], timeout_s: float = 60.0) -> bool:
    """Whether `condition` became true within `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Parent:
    """tests.embedded.parent in a process group of its own, as a shell would start it."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.parent", str(data_dir), *options],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        self._last = ""

    def line(self) -> str:
        """The next line it prints; empty when it has ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        self._last = line or self._last
        return line

    def last_line(self) -> str:
        """The last line it printed. Waits for its end."""
        while self.line():
            pass
        return self._last

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)
