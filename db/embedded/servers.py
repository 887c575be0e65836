"""The supervisor of the embedded servers.

One thread starts the servers, waits for their end and starts them again. It has to be one thread that lives as long
as the process: the kernel sends a child its death signal when the **thread** that forked it ends, not the process.
With a thread for that purpose alone, `start_embedded` may be called from any thread, and a server that was killed
comes back without anybody's help. Whatever ends the process ends the thread, and with it the servers.

It is a daemon thread, so a program that forgets `stop()` ends all the same: the servers then get the death signal.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.errors import StartupError
from core.log import get_logger
from db.embedded.child import Child, bound_log
from db.embedded.directory import DataDirectory
from db.embedded.postgres import Postgres
from db.embedded.server import Server
from db.embedded.sockets import socket_directory
from db.embedded.valkey import Valkey

POLL_S: Final = 0.1
READY_POLL_S: Final = 0.02
FIRST_DELAY_S: Final = 0.1
MOST_DELAY_S: Final = 30.0
STEADY_S: Final = 30.0
"""A server that ran this long is not failing at start: the delay begins anew."""

STOP_TIMEOUT_S: Final = 60.0


@dataclass(frozen=True)
class ServerStatus:
    """What became of a server. `pid` is None while it does not run; `error` is why it last ended, if it did."""

    name: str
    pid: int | None
    restarts: int
    error: str | None


class _Supervised:
    """A server, its process, and when to start it again."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.child: Child | None = None
        self.restarts = 0
        self.error: str | None = None
        self._started_at = 0.0
        self._delay_s = FIRST_DELAY_S
        self._due: float | None = None

    def start(self) -> None:
        self._started_at = time.monotonic()
        self._due = None
        self.child = self.server.spawn()

    def look(self) -> None:
        """Notice that it ended; start it again when it is due. Never raises."""
        now = time.monotonic()
        if self._due is None and self.child is not None and (code := self.child.exit_code()) is not None:
            self._fail(f"ended with code {code}: {self.child.output() or 'it said nothing'}")
        elif self._due is not None and now >= self._due:
            self.restarts += 1
            try:
                self.start()
            except (OSError, StartupError) as error:
                self._fail(str(error))

    def _fail(self, error: str) -> None:
        now = time.monotonic()
        if now - self._started_at > STEADY_S:
            self._delay_s = FIRST_DELAY_S
        self.child = None
        self.error = error
        self._due = now + self._delay_s
        get_logger(__name__).error(f"{self.server.name} stopped; starting it again", reason=error, in_s=self._delay_s)
        self._delay_s = min(self._delay_s * 2, MOST_DELAY_S)

    def status(self) -> ServerStatus:
        child = self.child
        running = child is not None and child.exit_code() is None
        return ServerStatus(self.server.name, child.pid if child and running else None, self.restarts, self.error)


class EmbeddedServers:
    """Running embedded servers. Made by `start_embedded`; a context manager that stops them."""

    def __init__(
        self, servers: list[Server], *, postgres: Postgres | None, valkey: Valkey | None, stopping: threading.Event
    ) -> None:
        self._supervised = [_Supervised(server) for server in servers]
        self._postgres = postgres
        self._valkey = valkey
        self._stopping = stopping
        self._started = threading.Event()
        self._failure: Exception | None = None
        self._owner = os.getpid()
        self._lock: DataDirectory | None = None
        self._thread = threading.Thread(target=self._supervise, name="embedded-servers", daemon=True)

    @property
    def database_url(self) -> str:
        """For SQLAlchemy with psycopg; the same for as long as this object lives. Raises LookupError if not run."""
        return self._running_postgres().url

    @property
    def conninfo(self) -> str:
        """For psycopg: the same database. Raises LookupError if PostgreSQL is not run."""
        return self._running_postgres().conninfo

    @property
    def redis_url(self) -> str:
        """For redis-py. Raises LookupError if Valkey is not run."""
        if self._valkey is None:
            raise LookupError("the embedded Valkey is not used here")
        return self._valkey.url

    def check(self) -> list[ServerStatus]:
        """How each server does, for health pages. They are restarted without this being called."""
        return [supervised.status() for supervised in self._supervised]

    def start(self, lock: DataDirectory | None = None) -> None:
        """Start all and wait until they answer; `lock` is closed by `stop`. Raises StartupError."""
        self._lock = lock
        try:
            self._thread.start()
            # A wait without time-out cannot be interrupted by Ctrl-C everywhere.
            while not self._started.wait(0.5):
                pass
        except BaseException:  # Ctrl-C included: nothing may stay behind
            self.stop()
            raise
        if self._failure is not None:
            self.stop()
            raise self._failure

    def stop(self) -> None:
        """Stop all in order and wait for them, up to a minute. Again, or in a forked child: nothing happens."""
        if os.getpid() != self._owner:
            return
        self._stopping.set()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(STOP_TIMEOUT_S)
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _running_postgres(self) -> Postgres:
        if self._postgres is None:
            raise LookupError("the embedded PostgreSQL is not used here")
        return self._postgres

    def _supervise(self) -> None:
        """The thread."""
        try:
            self._start_all()
        except Exception as error:  # noqa: BLE001  handed to whoever waits in start()
            self._failure = error
            self._stopping.set()
        self._started.set()
        while not self._stopping.wait(POLL_S):
            for supervised in self._supervised:
                supervised.look()
                with contextlib.suppress(OSError):
                    bound_log(supervised.server.log)
        self._stop_all()

    def _start_all(self) -> None:
        # All before any wait: they come up side by side.
        for supervised in self._supervised:
            supervised.server.prepare()
            supervised.start()
        for supervised in self._supervised:
            self._await(supervised)

    def _await(self, supervised: _Supervised) -> None:
        server, child = supervised.server, supervised.child
        deadline = time.monotonic() + server.ready_timeout_s
        while child is not None and not server.is_ready():
            if self._stopping.wait(READY_POLL_S):
                raise StartupError(f"{server.name} was stopped while it started.")
            if child.exit_code() is not None or time.monotonic() > deadline:
                raise server.failure(child)

    def _stop_all(self) -> None:
        """Signal all, then wait for each; the next signal for what stays."""
        children = [(each.server, each.child) for each in self._supervised if each.child is not None]
        for server, child in children:
            child.send(server.stop_signals[0][0])
        for server, child in children:
            for number, timeout_s in server.stop_signals:
                if child.exit_code() is None and number is not server.stop_signals[0][0]:
                    get_logger(__name__).warning(f"{server.name} does not stop", sending=signal.Signals(number).name)
                    child.send(number)
                if child.wait(timeout_s):
                    break


def start_embedded(
    data_dir: Path | DataDirectory,
    *,
    postgres: bool = True,
    valkey: bool = True,
    say: Callable[[str], None] = lambda _line: None,
) -> EmbeddedServers:
    """Start the servers under `data_dir` and return when they answer. `say` gets a few lines on slow first starts.

    A path is made, and locked until `stop()`; a DataDirectory stays its opener's to close.
    Raises StartupError with one line that says what to do.
    """
    directory = data_dir if isinstance(data_dir, DataDirectory) else DataDirectory.open(data_dir)
    shown = data_dir if isinstance(data_dir, Path) else data_dir.path
    lock = None if isinstance(data_dir, DataDirectory) else directory
    try:
        servers = _compose(directory.path, shown, postgres=postgres, valkey=valkey, say=say)
    except BaseException:
        if lock is not None:
            lock.close()
        raise
    servers.start(lock)
    return servers


def _compose(path: Path, shown: Path, *, postgres: bool, valkey: bool, say: Callable[[str], None]) -> EmbeddedServers:
    sockets = socket_directory(path)
    stopping = threading.Event()
    database = (
        Postgres(
            path / "postgres",
            sockets=sockets,
            log=path / "postgres.log",
            shown=shown / "postgres",
            say=say,
            stopping=stopping,
        )
        if postgres
        else None
    )
    cache = Valkey(sockets=sockets, log=path / "valkey.log") if valkey else None
    used: list[Server] = [server for server in (database, cache) if server is not None]
    return EmbeddedServers(used, postgres=database, valkey=cache, stopping=stopping)
