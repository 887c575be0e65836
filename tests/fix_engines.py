"""Fixtures for tests of storage: a database of its own, once on plain PostgreSQL and once on TimescaleDB."""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy.engine import URL

from db.database import conninfo, make_engine, parse_url
from db.embedded import EmbeddedServers
from db.migrate import upgrade
from tests.timescaledb.server import NodeMissing, TimescaleServer, start_timescaledb

ENGINES = ("postgresql", "timescaledb")
_numbers = itertools.count(1)


@contextmanager
def temporary_database(server: URL, template: str = "template0") -> Iterator[URL]:
    """A database on `server`, dropped at the end; empty, unless it is a copy of `template`."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(conninfo(server), autocommit=True) as connection:
        # Not of template1: a TimescaleDB server may have the extension in it, and be at work there.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
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


@pytest.fixture(scope="session")
def timescaledb_with_tables(timescaledb: TimescaleServer) -> TimescaleServer:
    """The same, which has kept a database with Waypost's tables: migrating is slower than restoring that."""
    timescaledb.reset()
    _make_tables(parse_url(timescaledb.url))
    timescaledb.keep()
    return timescaledb


@pytest.fixture(scope="session")
def postgresql_template(servers: EmbeddedServers) -> Iterator[str]:
    """The name of a database with Waypost's tables, to copy: migrating is slower than that."""
    with temporary_database(parse_url(servers.database_url)) as url:
        _make_tables(url)
        assert url.database is not None
        yield url.database


@contextmanager
def storage(request: pytest.FixtureRequest, engine: str) -> Iterator[URL]:
    """The URL of a database with Waypost's tables on one of ENGINES, for a fixture of whatever scope.

    TimescaleDB is that of WAYPOST_TEST_DATABASE_URL where it is set. There is one database of it at a time: in a file
    where it is kept for all tests, none may ask for another.
    """
    server = os.environ.get("WAYPOST_TEST_DATABASE_URL")
    if engine == "postgresql":
        servers: EmbeddedServers = request.getfixturevalue("servers")
        template: str = request.getfixturevalue("postgresql_template")
        with temporary_database(parse_url(servers.database_url), template) as url:
            yield url
    elif server is not None:
        with _named_timescale(server) as url:
            _make_tables(url)
            yield url
    else:
        running: TimescaleServer = request.getfixturevalue("timescaledb_with_tables")
        running.restore()
        yield parse_url(running.url)


@pytest.fixture
def timescale_database(request: pytest.FixtureRequest) -> Iterator[URL]:
    """The URL of a TimescaleDB with Waypost's tables."""
    with storage(request, "timescaledb") as url:
        yield url


@pytest.fixture
def postgresql_database(request: pytest.FixtureRequest) -> Iterator[URL]:
    """The URL of a database with Waypost's tables on the embedded PostgreSQL."""
    with storage(request, "postgresql") as url:
        yield url


@pytest.fixture(params=ENGINES)
def storage_database(request: pytest.FixtureRequest) -> Iterator[URL]:
    """The URL of a database with Waypost's tables; a test that asks for it runs once on each engine."""
    with storage(request, request.param) as url:
        yield url


@pytest.fixture(params=ENGINES)
def empty_database(request: pytest.FixtureRequest) -> Iterator[URL]:
    """The URL of a database without tables, once on each engine: for tests of migrations."""
    if request.param == "postgresql":
        servers: EmbeddedServers = request.getfixturevalue("servers")
        with temporary_database(parse_url(servers.database_url)) as url:
            yield url
        return
    server = os.environ.get("WAYPOST_TEST_DATABASE_URL")
    if server is not None:
        with _named_timescale(server) as url:
            yield url
        return
    running: TimescaleServer = request.getfixturevalue("timescaledb")
    running.reset()
    yield parse_url(running.url)


@contextmanager
def _named_timescale(server: str) -> Iterator[URL]:
    with temporary_database(parse_url(server)) as url:
        with psycopg.connect(conninfo(url), autocommit=True) as connection:
            connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
        yield url


def _make_tables(url: URL) -> None:
    engine = make_engine(url, pool_size=1)
    upgrade(engine)
    engine.dispose()
