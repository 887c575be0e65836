"""A real API over a real database and Valkey, and lines to them that can be cut."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import redis
import structlog
from fastapi import FastAPI
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from api.application import create_api
from core.collector import Collector
from core.settings import Settings
from db.database import conninfo, make_engine, parse_url
from db.embedded import EmbeddedServers
from db.live import LiveReader
from db.migrate import upgrade
from db.store import Store
from db.tables import metadata
from tests.api.feed import Feed
from tests.api.link import Link
from tests.api.served import Served


class Client:
    """Asks an application whose lifespan has begun, without a network between."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self._runner = asyncio.Runner()
        self._lifespan: AbstractAsyncContextManager[Any] = app.router.lifespan_context(app)
        self._runner.run(self._lifespan.__aenter__())
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8050")

    def __call__(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Any request."""
        return self._runner.run(self._client.request(method, url, **more))

    def get(self, url: str, **params: Any) -> httpx.Response:
        """GET; parameters are percent-encoded."""
        return self("GET", url, params=params or None)

    def close(self) -> None:
        """End the lifespan."""
        self._runner.run(self._client.aclose())
        self._runner.run(self._lifespan.__aexit__(None, None, None))
        self._runner.close()


def make_settings(**changes: Any) -> Settings:
    """Settings that do not look at the environment."""
    return Settings.model_construct(**(Settings.model_construct().model_dump() | changes))


def make_api(engine: Engine, redis_url: str, **settings: Any) -> FastAPI:
    """The API over these servers."""
    return api_of(Store(engine, LiveReader(redis_url), make_settings(**settings)))


def api_of(
    store: Store,
    *,
    ingest_status: Callable[[], dict[str, Any]] | None = None,
    collector: Collector | None = None,
    on_start: list[Callable[[], Awaitable[None]]] | None = None,
) -> FastAPI:
    """The API over a store."""
    return create_api(store, ingest_status=ingest_status, collector=collector, version="0.1.0", on_start=on_start or [])


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    """Without this structlog draws every traceback with its locals, which takes a second."""
    processors: list[Any] = [structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()]
    structlog.configure(processors=processors, cache_logger_on_first_use=False)
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared_engine(servers: EmbeddedServers) -> Iterator[Engine]:
    """A database with Waypost's tables. One for all tests here: making one costs more than most of them."""
    url = parse_url(servers.database_url)
    name = f"test_api_{os.getpid()}"
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    made = make_engine(url.set(database=name), pool_size=3)
    upgrade(made)
    yield made
    made.dispose()
    with psycopg.connect(conninfo(url), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def engine(shared_engine: Engine) -> Engine:
    """An engine on a database in which nothing is written yet."""
    filled = ", ".join(table.name for table in metadata.sorted_tables if table.name != "metric")
    with shared_engine.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {filled} RESTART IDENTITY")
        connection.exec_driver_sql("DELETE FROM metric WHERE stored_in = 'measurement'")
    return shared_engine


@pytest.fixture
def feed(engine: Engine, redis_url: str) -> Iterator[Feed]:
    """Writes to both."""
    made = Feed(engine, redis_url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_api(shared_engine: Engine, servers: EmbeddedServers) -> Iterator[Client]:
    """REST keeps nothing between requests without its cache, so one will do."""
    client = Client(make_api(shared_engine, servers.redis_url, cache_s=0))
    yield client
    client.close()


@pytest.fixture
def api(shared_api: Client, engine: Engine, redis_url: str) -> Client:
    """Ask the API, over an empty database."""
    return shared_api


Serve = Callable[..., Served]


@pytest.fixture
def serve(engine: Engine, redis_url: str, quick: None) -> Iterator[Serve]:
    """Put the API behind a real server, now; settings by name."""
    started: list[Served] = []

    def start(*, small_buffers: bool = False, **settings: Any) -> Served:
        started.append(Served(make_api(engine, redis_url, **settings), small_buffers=small_buffers))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's waits made short, so that tests are; their order and meaning stay."""
    monkeypatch.setattr("api.live.hub._BEAT_S", 0.005)
    monkeypatch.setattr("api.live.hub._RETRY_S", 0.05)
    monkeypatch.setattr("api.live.sender._HEARTBEAT_S", 0.1)
    monkeypatch.setattr("api.live.sender._BETWEEN_VIEWS_S", 0.01)
    monkeypatch.setattr("api.live.group._MS_A_SECOND", 10_000)
    # So that a viewer falls behind only where a test means it to, however busy this machine is.
    monkeypatch.setattr("api.live.viewer._MOST_WAITING", 100)


@pytest.fixture
def redis_link(servers: EmbeddedServers, redis_url: str) -> Iterator[Link]:
    """A line to Valkey."""
    link = Link(Path(redis_url.removeprefix("unix://").partition("?")[0]))
    yield link
    link.close()


@pytest.fixture
def linked_redis(redis_link: Link) -> str:
    """The URL of Valkey by that line."""
    return f"redis://127.0.0.1:{redis_link.port}/0"


@pytest.fixture
def database_link(engine: Engine) -> Iterator[Link]:
    """A line to PostgreSQL."""
    directory, port = engine.url.query["host"], engine.url.query.get("port", "5432")
    link = Link(Path(f"{directory}/.s.PGSQL.{port}"))
    yield link
    link.close()


@pytest.fixture
def linked_engine(engine: Engine, database_link: Link) -> Iterator[Engine]:
    """An engine that reaches PostgreSQL by that line."""
    url = make_url(engine.url).set(host="127.0.0.1", port=database_link.port, query={"sslmode": "disable"})
    linked = make_engine(url, pool_size=2)
    yield linked
    linked.dispose()


@pytest.fixture
def store(engine: Engine, redis_url: str) -> Store:
    """Straight to both."""
    return Store(engine, LiveReader(redis_url), make_settings())


@pytest.fixture
def linked(linked_engine: Engine, linked_redis: str) -> Store:
    """Over lines that can be cut."""
    return Store(linked_engine, LiveReader(linked_redis), make_settings())


@pytest.fixture
def raw(redis_url: str) -> Iterator["redis.Redis"]:
    """Redis itself, to write what no ingest would."""
    with redis.Redis.from_url(redis_url) as client:
        yield client
