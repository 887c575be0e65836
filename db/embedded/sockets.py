"""Where the sockets live: a private directory that sockets can be made in, with a path that every client can use."""

import os
import re
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Final

from core.errors import StartupError

LONGEST_NAME: Final = len("postgres/.s.PGSQL.5432")
PLAIN: Final = re.compile(r"[A-Za-z0-9_./-]+")


def socket_directory(data_dir: Path) -> Path:
    """A directory (0700) for sockets: `run` in `data_dir`, or a short one that `run` links to. Raises StartupError.

    The link makes the next start find the short directory of a killed process again, instead of leaving one each time.
    """
    run = data_dir / "run"
    try:
        if run.is_symlink() and _private(run.readlink()):
            return run.readlink()
        if run.is_symlink():
            run.unlink()
        run.mkdir(mode=0o700, exist_ok=True)
        run.chmod(0o700)
        if _usable(run):
            return run
        short = _make_short()
        shutil.rmtree(run)
        run.symlink_to(short)
    except OSError as error:
        raise StartupError(f"{run} cannot be made: {error.strerror}. Remove it and start again.") from None
    return short


def _usable(directory: Path) -> bool:
    """Whether sockets can be made in `directory` (which exists) and named in connection URLs.

    Paths of sockets end at 107 bytes (macOS: 103), some shared and network drives take no sockets at all, and a comma
    separates hosts in a connection URL.
    """
    if PLAIN.fullmatch(str(directory)) is None:
        return False
    trial = directory / f"{os.getpid():x}".ljust(LONGEST_NAME, "-")
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(trial))
    except OSError:
        return False
    finally:
        trial.unlink(missing_ok=True)
    return True


def _private(directory: Path) -> bool:
    """Whether `directory` is usable, and nobody else can have put it there after ours was cleaned away."""
    if directory.is_symlink() or not directory.is_dir():
        return False
    status = directory.stat()
    return status.st_uid == os.geteuid() and status.st_mode & 0o777 == 0o700 and _usable(directory)


def _make_short() -> Path:
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108  mkdtemp makes a new directory, closed to others
        directory = Path(tempfile.mkdtemp(prefix="waypost-", dir=parent))
        if _usable(directory):
            return directory
        directory.rmdir()
    raise StartupError("No directory for sockets has a short enough path. Set TMPDIR to a short one, such as /tmp.")
