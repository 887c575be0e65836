"""The servers that a command of the command line works with: those of a Waypost that runs, or started for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.errors import StartupError
from core.settings import Settings
from db.embedded import DataDirectory, DirectoryInUse, running_servers, start_embedded


@contextmanager
def servers_for(settings: Settings, say: Callable[[str], None]) -> Iterator[tuple[str, str | None]]:
    """The URLs of the database and of Redis. Raises StartupError where there are none, or they do not start.

    Embedded servers are those of the Waypost that holds DATA_DIR. Where none does, PostgreSQL is started for as long
    as this is open, and Redis is None: what it shows is made anew from the database at the next start.
    """
    database_url, redis_url = settings.database_url, settings.redis_url
    with ExitStack() as stack:
        if database_url is None or redis_url is None:
            data_dir = Path(settings.data_dir)
            if not data_dir.is_dir():
                raise StartupError(
                    f"There is nothing in {data_dir}: set WAYPOST_DATA_DIR to where Waypost keeps its data."
                )
            try:
                directory = stack.enter_context(DataDirectory.open(data_dir))
            except DirectoryInUse:
                found = running_servers(data_dir)
                database_url, redis_url = database_url or found.database_url, redis_url or found.redis_url
            else:
                if database_url is None:
                    embedded = start_embedded(directory, postgres=True, valkey=False, say=say)
                    stack.callback(embedded.stop)
                    database_url = embedded.database_url
        yield database_url, redis_url
