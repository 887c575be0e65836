"""How the servers of another process are reached: one that holds DATA_DIR, and runs them."""

from pathlib import Path
from threading import Event
from typing import NamedTuple

from db.embedded.postgres import Postgres
from db.embedded.valkey import Valkey


class RunningServers(NamedTuple):
    """Their URLs, for SQLAlchemy and redis-py. Whether they answer is not said."""

    database_url: str
    redis_url: str


def running_servers(data_dir: Path) -> RunningServers:
    """Where the servers of `data_dir` listen. Nothing is made or changed there."""
    path = data_dir.expanduser().resolve()
    run = path / "run"
    sockets = run.readlink() if run.is_symlink() else run
    database = Postgres(
        path / "postgres",
        sockets=sockets,
        log=path / "postgres.log",
        shown=path / "postgres",
        say=lambda _line: None,
        stopping=Event(),
    )
    return RunningServers(database.url, Valkey(sockets=sockets, log=path / "valkey.log").url)
