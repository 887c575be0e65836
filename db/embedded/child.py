"""A server process that dies with the thread that started it (see launcher.py for how)."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final, Self

from db.embedded.account import Account

LAUNCHER: Final = Path(__file__).with_name("launcher.py")
KERNEL_SIGNALS_DEATH: Final = sys.platform == "linux"
TAIL_BYTES: Final = 4096
TAIL_LINES: Final = 3
TAIL_CHARACTERS: Final = 600
MOST_LOG_BYTES: Final = 8 * 1024 * 1024
KEPT_ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")


class Child:
    """A running process in a session of its own, so that Ctrl-C in the terminal reaches Waypost alone.

    It gets the death signal when the **thread** that called `start` ends, so that thread must live as long as the
    child should.
    """

    def __init__(self, process: subprocess.Popen[bytes], log: Path, log_start: int) -> None:
        self._process = process
        self._log = log
        self._log_start = log_start

    @classmethod
    def start(
        cls,
        command: list[str],
        *,
        log: Path,
        death_signal: signal.Signals,
        account: Account | None = None,
        watch: bool = not KERNEL_SIGNALS_DEATH,
    ) -> Self:
        """Start `command`, appending what it prints to `log`; as `account` if given. Raises OSError.

        That it could not be executed shows as an early exit, with the reason in `output()`. `watch` keeps the
        launcher as a watching parent of the server, where the kernel has no death signal (macOS).
        """
        who = f"{account.uid}:{account.gid}" if account else "-"
        # Nothing of PGOPTIONS, PGDATA and the like may steer the server.
        environment = {name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ}
        environment |= {"LC_ALL": "C", "TZ": "UTC"}
        arguments = [str(os.getpid()), str(int(death_signal)), who, "watch" if watch else "exec", *command]
        log.touch(mode=0o600)
        with log.open("ab") as output:
            log_start = output.tell()
            process = subprocess.Popen(  # noqa: S603  fixed programs, no shell
                [sys.executable, "-I", "-S", str(LAUNCHER), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=environment,
                start_new_session=True,
            )
        return cls(process, log, log_start)

    @property
    def pid(self) -> int:
        """Process id; of the launcher where that stays to watch."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative: ended by that signal."""
        return self._process.poll()

    def wait(self, timeout_s: float) -> bool:
        """Whether it ended within `timeout_s`."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        if number is signal.SIGKILL and self._process.poll() is None:
            # The whole group: a launcher that watches cannot pass this one on.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)

    def output(self) -> str:
        """The last few lines it printed, on one line; empty if it printed nothing."""
        try:
            with self._log.open("rb") as log:
                end = log.seek(0, os.SEEK_END)
                # The log is shorter than where this child began once it was cut (bound_log).
                start = self._log_start if end >= self._log_start else 0
                log.seek(max(start, end - TAIL_BYTES))
                lines = log.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        said = [line.strip() for line in lines if line.strip()]
        return " | ".join(said[-TAIL_LINES:])[-TAIL_CHARACTERS:]


def bound_log(log: Path, most_bytes: int = MOST_LOG_BYTES) -> None:
    """Move a log that grew over `most_bytes` to `<name>.1`. The server goes on: it appends. Raises OSError."""
    if log.exists() and log.stat().st_size > most_bytes:
        # A rename would take the open file along; the few lines written in between may be lost.
        log.with_name(log.name + ".1").write_bytes(log.read_bytes())
        os.truncate(log, 0)
