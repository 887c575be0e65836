"""Fixtures for tests of storage: an empty database, once on plain PostgreSQL and once on TimescaleDB."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy.engine import URL

from db.database import conninfo, parse_url
from db.embedded import EmbeddedServers
from tests.timescaledb.server import NodeMissing, TimescaleServer, start_timescaledb

_numbers = itertools.count(1)


@contextmanager
def temporary_database(server: URL) -> Iterator[URL]:
    """An empty database on `server`, dropped at the end."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(conninfo(server), autocommit=True) as connection:
        # Of template0: a TimescaleDB server may have the extension in template1, and be at work there.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server.set(database=name)
    finally:
        with psycopg.connect(conninfo(server), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def timescaledb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimescaleServer]:
    """The TimescaleDB in WebAssembly, for the whole session (each worker of xdist has its own)."""
    try:
        with start_timescaledb(tmp_path_factory.mktemp("timescaledb")) as running:
            yield running
    except NodeMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


@pytest.fixture
def timescale_database(request: pytest.FixtureRequest) -> Iterator[URL]:
    """The URL of an empty database with TimescaleDB; on the server of WAYPOST_TEST_DATABASE_URL where that is set."""
    server = os.environ.get("WAYPOST_TEST_DATABASE_URL")
    if server is None:
        running: TimescaleServer = request.getfixturevalue("timescaledb")
        running.reset()
        yield parse_url(running.url)
        return
    with temporary_database(parse_url(server)) as url:
        with psycopg.connect(conninfo(url), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        yield url


@pytest.fixture
def postgresql_database(servers: EmbeddedServers) -> Iterator[URL]:
    """The URL of an empty database on the embedded PostgreSQL."""
    with temporary_database(parse_url(servers.database_url)) as url:
        yield url


@pytest.fixture(params=["postgresql", "timescaledb"])
def storage_database(request: pytest.FixtureRequest) -> URL:
    """The URL of an empty database; a test that asks for it runs once on each engine."""
    fixture = "timescale_database" if request.param == "timescaledb" else "postgresql_database"
    url: URL = request.getfixturevalue(fixture)
    return url
