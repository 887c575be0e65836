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


_SPREAD_OVER = 0.8
"""Of the other files: a browser test is slow, and none of them shall be the last that runs."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files of browser tests among the others. Side by side they would wait for each other's processor time,
    while most of the others wait for a server."""
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    with_browser = [path for path in files if path.parent.name == "browser"]
    others = [path for path in files if path.parent.name != "browser"]
    places = [(place * _SPREAD_OVER * len(others) / len(with_browser), path) for place, path in enumerate(with_browser)]
    order = sorted([*places, *enumerate(others)], key=lambda one: one[0])
    items[:] = [item for _, path in order for item in files[path]]


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
