"""Which user PostgreSQL runs as when Waypost itself runs as root: PostgreSQL refuses to be root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import StartupError
from core.log import get_logger

USER: Final = "waypost"
LAST_RESORT: Final = "nobody"
USERADD_TIMEOUT_S: Final = 20


@dataclass(frozen=True)
class Account:
    """A user of this machine."""

    uid: int
    gid: int


def own_name() -> str:
    """The name of the user that Waypost runs as. Raises StartupError if that user has none.

    PostgreSQL cannot make a data directory for a nameless user, nor tell who connects (peer authentication).
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise StartupError(
            f"The embedded PostgreSQL needs a user with a name, and user id {os.geteuid()} has none in /etc/passwd. "
            "Start Waypost as another user, or set WAYPOST_DATABASE_URL."
        ) from None


def server_account(data: Path) -> Account | None:
    """The user to run the server of `data` as; None: the user that Waypost runs as.

    Raises StartupError if `data` belongs to somebody else and this process cannot become that user.
    """
    owner = data.stat() if data.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise StartupError(
                f"{data} belongs to user id {owner.st_uid}, and Waypost runs as {own_name()}. "
                "Start it as that user, or set WAYPOST_DATA_DIR to another directory."
            )
        return None
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid)
    return _lookup(USER) or _create(USER) or _last_resort()


def give(path: Path, account: Account | None) -> None:
    """Make `path` and all below it belong to `account`; None leaves it as it is. Raises OSError."""
    if account is None:
        return
    os.lchown(path, account.uid, account.gid)
    if path.is_dir() and not path.is_symlink():
        for child in path.iterdir():
            give(child, account)


def _lookup(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _create(name: str) -> Account | None:
    useradd = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
    if useradd is None:
        return None
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/sbin/nologin"]
    try:
        result = subprocess.run(  # noqa: S603  fixed words
            [useradd, *options, name], check=False, capture_output=True, text=True, timeout=USERADD_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        get_logger(__name__).warning("cannot create a user for PostgreSQL", user=name, error=str(error))
        return None
    # Looked up even after a failure: another Waypost may have created it at the same moment.
    account = _lookup(name)
    if account is None:
        get_logger(__name__).warning("cannot create a user for PostgreSQL", user=name, error=result.stderr.strip())
    return account


def _last_resort() -> Account:
    account = _lookup(LAST_RESORT)
    if account is None:
        raise StartupError(
            f"PostgreSQL does not run as root, and there is no user {USER!r}. "
            f"Create it (useradd --system {USER}), or start Waypost as an ordinary user."
        )
    return account
