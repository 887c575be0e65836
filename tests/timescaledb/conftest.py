"""What the tests of the front share: a server of their own, and connections to it."""

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg import sql

from db.database import conninfo, parse_url
from tests.timescaledb.server import NodeMissing, TimescaleServer, start_timescaledb

PATIENCE_S = 1.0
Connect = Callable[[], psycopg.Connection]
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimescaleServer]:
    """A server that soon loses its patience with a transaction that others wait for."""
    try:
        with start_timescaledb(tmp_path_factory.mktemp("front"), patience_s=PATIENCE_S) as running:
            yield running
    except NodeMissing as missing:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(missing))


@pytest.fixture
def connect(server: TimescaleServer) -> Iterator[Connect]:
    """Opens connections in autocommit that prepare every statement; closed at the end."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            psycopg.connect(
                conninfo(parse_url(server.url)),
                autocommit=True,
                prepare_threshold=0,
                dbname="any name",
                options="-c timezone=UTC -c statement_timeout=30000",
            )
        )


@pytest.fixture
def table(connect: Connect) -> sql.Identifier:
    """A new table of numbers and words."""
    name = sql.Identifier(f"numbers_{next(_numbers)}")
    connect().execute(sql.SQL("CREATE TABLE {} (n int PRIMARY KEY, word text)").format(name))
    return name
