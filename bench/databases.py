"""Databases for benchmarks: one with Waypost's tables on the embedded server, and the plainest way to fill a table."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Engine

from db.database import conninfo, make_engine, parse_url
from db.embedded import EmbeddedServers
from db.migrate import upgrade

POSITION_COLUMNS = "ts, received_at, lat, lon, device_id, altitude, speed, heading"


@contextmanager
def database(servers: EmbeddedServers, name: str) -> Iterator[tuple[Engine, psycopg.Connection]]:
    """A new database with Waypost's tables: the pool that pages use, and a connection in autocommit."""
    url = parse_url(servers.database_url)
    with psycopg.connect(conninfo(url), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        engine = make_engine(url.set(database=name), pool_size=2)
        upgrade(engine)
        with psycopg.connect(conninfo(engine.url), autocommit=True) as connection:
            yield engine, connection
        engine.dispose()
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


class Files:
    """The rows of `position` as binary files of so many rows, in the order in which they were stored."""

    def __init__(self, connection: psycopg.Connection, directory: Path, rows_a_file: int) -> None:
        self._directory = directory
        directory.mkdir(mode=0o777)
        directory.chmod(0o777)  # the server writes them, as another user where this one is root
        connection.execute(
            "CREATE TABLE numbered AS SELECT *, row_number() OVER (ORDER BY ts, device_id) AS n FROM position"
        )
        connection.execute("CREATE INDEX ON numbered (n)")
        counted = connection.execute("SELECT count(*) FROM numbered").fetchone()
        assert counted is not None
        self.rows: int = counted[0]
        self._files: list[Path] = []
        for start in range(0, self.rows, rows_a_file):
            file = directory / str(start)
            chosen = f"SELECT {POSITION_COLUMNS} FROM numbered WHERE n > {start} AND n <= {start + rows_a_file}"
            connection.execute(f"COPY ({chosen} ORDER BY n) TO '{file}' (FORMAT BINARY)".encode())
            self._files.append(file)
        connection.execute("DROP TABLE numbered")

    def copy(self, connection: psycopg.Connection) -> float:
        """Seconds that a server-side COPY of all files takes, a commit each, into an empty `position`."""
        empty(connection)
        begin = time.perf_counter()
        for file in self._files:
            connection.execute(f"COPY position ({POSITION_COLUMNS}) FROM '{file}' (FORMAT BINARY)".encode())
        return time.perf_counter() - begin

    def remove(self) -> None:
        """Delete them."""
        shutil.rmtree(self._directory)


def empty(connection: psycopg.Connection) -> None:
    """Empty `position` and what a writer keeps beside it; nothing is left to be written to disk later."""
    connection.execute("TRUNCATE position, dirty_bucket, ledger, checkpoint, latest")
    connection.execute("CHECKPOINT")
