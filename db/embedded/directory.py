"""DATA_DIR: made if missing, and held by one Waypost at a time."""

import contextlib
import fcntl
import os
import time
import weakref
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.errors import StartupError

LOCK_NAME: Final = "lock"


class DirectoryInUse(StartupError):
    """Another process holds the data directory."""


class DataDirectory:
    """A data directory that is locked for this process until `close`, or until the process ends in any way."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock: int | None = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make `path` (0700) if it is missing, and lock it.

        Raises StartupError if it cannot be made or written, DirectoryInUse if another process holds it.
        """
        absolute = path.expanduser().resolve()
        try:
            absolute.mkdir(mode=0o700, parents=True, exist_ok=True)
            # flock, and not a pid file: the kernel lets go of it however the process ends. os.open sets close-on-exec.
            lock = os.open(absolute / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unusable(absolute, error) from None
        try:
            _take(lock)
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
            os.close(lock)
            who = f"Another Waypost (process {holder})" if holder.isdigit() else "Another Waypost"
            raise DirectoryInUse(
                f"{who} is using {absolute}. Stop it, or set WAYPOST_DATA_DIR to another directory."
            ) from None
        except OSError as error:
            os.close(lock)
            raise _unusable(absolute, error) from None
        directory = cls(absolute, lock)
        _let_go_after_fork(directory)
        return directory

    def close(self) -> None:
        """Let go of the lock. Again: nothing happens. The file stays: removing it would let two hold "the" lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _take(lock: int) -> None:
    """Lock it. Raises BlockingIOError if it is held; waits a moment for children that are about to exec and close."""
    for _ in range(5):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0.05)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _let_go_after_fork(directory: DataDirectory) -> None:
    """Close the lock in children that fork without exec (multiprocessing): an orphan of them would go on holding it."""
    reference = weakref.ref(directory)

    def close() -> None:
        forked = reference()
        if forked is not None:
            forked.close()  # closing only: LOCK_UN would take the lock from the parent

    os.register_at_fork(after_in_child=close)


def _unusable(path: Path, error: OSError) -> StartupError:
    return StartupError(
        f"The data directory {path} cannot be written: {error.strerror}. "
        "Make it writable, or set WAYPOST_DATA_DIR to another directory."
    )
