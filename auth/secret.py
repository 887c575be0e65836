"""The key that signs cookies: set, or made once and kept in the data directory."""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from core.errors import StartupError
from core.settings import Settings

_FILE: Final = "secret_key"
_LEAST: Final = 16


def secret_key(settings: Settings) -> str:
    """The key. Raises StartupError where it is too short to guard anything, or can be neither read nor kept."""
    if settings.secret_key is not None:
        key = settings.secret_key.get_secret_value()
        if len(key) < _LEAST:
            raise StartupError(f"WAYPOST_SECRET_KEY is shorter than {_LEAST} characters; make it long and random.")
        return key
    path = Path(settings.data_dir) / _FILE
    try:
        with contextlib.suppress(FileExistsError):
            _make(path)
        key = path.read_text().strip()
    except OSError as error:
        raise StartupError(
            f"{path}, which holds the key that signs cookies, cannot be used: {error.strerror or error}."
            " Correct its permissions, or set WAYPOST_SECRET_KEY."
        ) from None
    if len(key) < _LEAST:
        raise StartupError(f"{path} holds no key. Delete it: the next start makes a new one, and people sign in again.")
    return key


def _make(path: Path) -> None:
    """Write a new key beside, then give it its name, which fails where there is one: no one reads half a key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{_FILE}.{os.getpid()}.new")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, f"{secrets.token_urlsafe(32)}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(beside, path)
    finally:
        beside.unlink()
