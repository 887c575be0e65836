"""Alive is always; ready is when each part answers, and otherwise it is said which does not."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from db.live import LiveReader
from db.store import Store
from tests.api.conftest import Client, api_of, make_api, make_settings
from tests.api.link import Link
from tests.app.process import wait_for


@pytest.fixture
def linked(linked_engine: Engine, linked_redis: str) -> Iterator[Client]:
    """The API over lines that can be cut."""
    client = Client(make_api(linked_engine, linked_redis, cache_s=0))
    yield client
    client.close()


def test_ready_where_all_answer(api: Client) -> None:
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "parts": {"database": "ok", "redis": "ok"}})


@pytest.mark.parametrize("fail", [Link.cut, Link.hang])
def test_redis_away_is_503_and_back_is_200(linked: Client, redis_link: Link, fail: Callable[[Link], None]) -> None:
    assert linked.get("/readyz").status_code == 200
    fail(redis_link)
    answer = linked.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"ready": False, "parts": {"database": "ok", "redis": "does not answer"}}
    assert linked.get("/healthz").status_code == 200
    redis_link.mend()
    assert linked.get("/readyz").status_code == 200


@pytest.mark.parametrize("fail", [Link.cut, Link.hang])
def test_the_database_away_is_503_and_back_is_200(
    linked: Client, database_link: Link, monkeypatch: pytest.MonkeyPatch, fail: Callable[[Link], None]
) -> None:
    assert linked.get("/readyz").status_code == 200
    monkeypatch.setattr("db.store._HANGS_S", 0.2)
    fail(database_link)
    for _ in range(20):  # more than the pool has connections: one that hangs takes one of them, not all
        answer = linked.get("/readyz")
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "parts": {"database": "does not answer", "redis": "ok"}}
    assert [gap["part"] for gap in linked.get("/api/v1/pipeline").json()["missing"]][:1] == ["database"]
    assert linked.get("/healthz").json() == {"status": "ok"}
    monkeypatch.undo()
    database_link.mend()
    wait_for("the question that hung to end", lambda: linked.get("/readyz").json()["ready"])


@pytest.mark.parametrize("url", ["/api/v1/devices", "/api/v1/latest", "/api/v1/devices/a", "/api/v1/devices/a/track",
                                 "/api/v1/metrics", "/api/v1/summary?metric=speed", "/api/v1/series?metric=speed",
                                 "/api/v1/top?metric=speed"])  # fmt: skip
def test_without_the_database_the_api_says_so_and_when_to_come_again(
    linked: Client, database_link: Link, url: str
) -> None:
    database_link.cut()
    answer = linked.get(url)
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["detail"] == "The database does not answer; try again in a moment."
    database_link.mend()
    assert linked.get(url).status_code in {200, 404}


def test_neither_hosts_nor_users_are_told_to_strangers(linked: Client, database_link: Link, redis_link: Link) -> None:
    database_link.cut()
    redis_link.cut()
    for url in ("/readyz", "/api/v1/devices"):
        text = linked.get(url).text
        for secret in ("127.0.0.1", str(database_link.port), str(redis_link.port), "user", "password"):
            assert secret not in text


@pytest.mark.parametrize(
    "problems, said",
    [
        ({}, "ok"),
        (
            {"database_problem": "FATAL: host db.internal"},
            "waits for the database; what arrives is kept in the journal",
        ),
        ({"redis_problem": "Error 111 connecting to 10.0.0.5"}, "waits for Redis; live updates are paused"),
    ],
)
def test_the_ingest_of_this_process_is_a_part_too(
    engine: Engine, redis_url: str, problems: dict[str, str], said: str
) -> None:
    status: dict[str, Any] = {"database_problem": None, "redis_problem": None} | problems
    store = Store(engine, LiveReader(redis_url), make_settings())
    client = Client(api_of(store, ingest_status=lambda: status))
    answer = client.get("/readyz")
    client.close()
    assert answer.status_code == (503 if problems else 200)
    assert answer.json()["parts"]["ingest"] == said


def test_values_of_refused_metrics_are_told(engine: Engine, redis_url: str) -> None:
    status: dict[str, Any] = {"database_problem": None, "redis_problem": None, "metrics_refused": 7}
    store = Store(engine, LiveReader(redis_url), make_settings())
    client = Client(api_of(store, ingest_status=lambda: status))
    answer = client.get("/readyz")
    client.close()
    assert (answer.status_code, answer.json()["metrics_refused"]) == (200, 7)


def test_a_statement_that_takes_too_long_is_503_too(engine: Engine, redis_url: str) -> None:
    store = Store(engine, LiveReader(redis_url), make_settings())
    app = api_of(store)

    @app.get("/slow")
    def slow() -> None:
        with store.connect() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 20")
            connection.exec_driver_sql("SELECT pg_sleep(60)")

    client = Client(app)
    answer = client.get("/slow")
    client.close()
    assert (answer.status_code, "shorter span" in answer.json()["detail"]) == (503, True)
