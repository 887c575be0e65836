"""Fixtures for all tests: one PostgreSQL and one Valkey for the session, a database for each test that needs one."""

import logging
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from db.database import make_engine
from db.embedded import EmbeddedServers, start_embedded

# No assertion on time, Hypothesis's own included: other work shares the machine.
settings.register_profile("any pace", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any pace")

# A shell that runs the tests in its background lets them ignore Ctrl-C, and so would all that they start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

pytest_plugins = ["tests.fix_demo", "tests.fix_engines", "tests.fix_kafka"]

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    """A command run within a test sets up logging, and what it writes to ends with that test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServers]:
    """Real servers from the wheels, for the whole session (each worker of xdist has its own)."""
    with start_embedded(tmp_path_factory.mktemp("servers")) as running:
        yield running


@pytest.fixture
def database_url(postgresql_database: URL) -> URL:
    """The URL of a database with Waypost's tables."""
    return postgresql_database


@pytest.fixture
def engine(database_url: URL) -> Iterator[Engine]:
    """An engine on that database."""
    engine = make_engine(database_url, pool_size=3)
    yield engine
    engine.dispose()


@pytest.fixture
def redis_url(servers: EmbeddedServers) -> str:
    """The URL of an empty Redis. It is waited for longer than Waypost would by itself: the machine may stand still."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return f"{servers.redis_url}&socket_timeout=60&socket_connect_timeout=60"
