"""The account of messages adds up, whoever of the database, Redis and the ingest is away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, text

from auth.first_start import hash_token
from db.access import add_token
from db.live import LiveReader
from db.reports import Reporter
from db.store import Store
from tests.api.conftest import Client, api_of, make_settings
from tests.api.link import Link

ACCOUNT = "INSERT INTO ledger (source, received, stored, duplicate, quarantined, gaps, updated_at) VALUES "


def account(engine: Engine, source: str, *counts: int) -> None:
    """A row of the ledger: received, stored, duplicate, quarantined."""
    with engine.begin() as connection:
        values = f"('{source}', {', '.join(map(str, counts))}, 5, now())"
        connection.execute(text(ACCOUNT + values))


def source(received: int, in_flight: int, **more: Any) -> dict[str, Any]:
    """What a process says of a source."""
    said = {"received": received, "dropped": 1, "receiving": True, "problem": None}
    return said | {"in_flight": in_flight, "lag_s": 0.25} | more


def report(sources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a process says of itself, as Ingest.status does."""
    said: dict[str, Any] = {
        "backlog": 2,
        "journal_bytes": 1000,
        "last_commit_at": 1_795_382_340.5,
        "metrics_refused": 3,
    }
    said |= {"database_problem": None, "redis_problem": None, "refused": {}, "disk_free": 5000}
    jobs = {"tick": {"last_at": 1_795_382_340.0, "took_s": 0.0213, "problem": None}}
    return said | {"jobs": jobs, "sources": sources} | more


@contextmanager
def reporting(redis_url: str, **processes: dict[str, Any]) -> Iterator[None]:
    """Processes that ingest, alive."""
    reporters = [Reporter(redis_url, name) for name in processes]
    for reporter, said in zip(reporters, processes.values(), strict=True):
        reporter.report(said)
    yield
    for reporter in reporters:
        reporter.close()


def test_what_was_received_is_what_is_accounted_for_and_what_is_in_flight(
    api: Client, engine: Engine, redis_url: str
) -> None:
    account(engine, "buses", 100, 90, 6, 4)
    with reporting(redis_url, one=report({"buses": source(120, 20)})):
        answer = api.get("/api/v1/pipeline")
    assert answer.status_code == 200
    found = answer.json()
    [buses] = found["sources"]
    assert buses["received"] == 120
    assert buses["received"] == sum(buses[part] for part in ("stored", "duplicate", "quarantined", "in_flight"))
    assert {name: buses[name] for name in ("source", "lag_s", "gaps", "dropped", "state", "problem")} == {
        "source": "buses", "lag_s": 0.25, "gaps": 5, "dropped": 1, "state": "receiving", "problem": None,
    }  # fmt: skip
    assert [found[name] for name in ("backlog", "journal_bytes", "metrics_refused", "disk_free")] == [2, 1000, 3, 5000]
    assert found["journal_limit"] == 2048 << 20
    assert found["jobs"] == [
        {"process": "one", "job": "tick", "last_at": "2026-11-22T21:19:00.000Z", "took_s": 0.021, "problem": None}
    ]
    assert [process["process"] for process in found["processes"]] == ["one"]
    assert found["missing"] == []


def test_what_several_processes_have_of_one_source_is_summed_and_its_worst_state_shown(
    api: Client, engine: Engine, redis_url: str
) -> None:
    account(engine, "topic", 10, 10, 0, 0)
    one = report({"topic": source(6, 1)}, disk_free=9000)
    failed = source(4, 2, lag_s=7.5, receiving=False, state="failed", problem="refused", restarts=3, last_at=1.0)
    with reporting(redis_url, one=one, two=report({"topic": failed, "own": source(1, 0)})):
        found = api.get("/api/v1/pipeline").json()
    own, topic = found["sources"]
    assert (topic["received"], topic["in_flight"], topic["lag_s"], topic["dropped"]) == (13, 3, 7.5, 2)
    assert (topic["state"], topic["problem"], topic["restarts"]) == ("failed", "refused", 3)
    assert topic["last_at"] == "1970-01-01T00:00:01.000Z"
    assert (own["source"], own["received"], own["stored"], own["in_flight"]) == ("own", None, None, 0)
    assert [found[name] for name in ("backlog", "journal_bytes", "disk_free")] == [4, 2000, 5000]


@pytest.mark.parametrize(
    "said, state",
    [
        ({"receiving": False}, "silent"),
        ({"receiving": True, "state": "connecting"}, "receiving"),
        ({"receiving": False, "state": "receiving"}, "silent"),
        ({"receiving": False, "state": "connecting", "received": 0}, "connecting"),
        ({"receiving": True, "state": "waiting", "problem": "full"}, "waiting"),
    ],
)
def test_states(api: Client, redis_url: str, said: dict[str, Any], state: str) -> None:
    with reporting(redis_url, one=report({"a": source(5, 0) | said})):
        assert api.get("/api/v1/pipeline").json()["sources"][0]["state"] == state


def test_a_source_that_no_process_has_any_more_keeps_its_account(api: Client, engine: Engine, redis_url: str) -> None:
    account(engine, "old", 10, 10, 0, 0)
    with reporting(redis_url, one=report({})):
        [old] = api.get("/api/v1/pipeline").json()["sources"]
    assert (old["state"], old["received"], old["in_flight"], old["lag_s"]) == ("gone", 10, 0, None)


def test_without_a_process_that_ingests_it_says_so_and_shows_the_ledger(api: Client, engine: Engine) -> None:
    account(engine, "buses", 10, 9, 0, 1)
    found = api.get("/api/v1/pipeline").json()
    [missing] = found["missing"]
    assert missing["part"] == "ingest"
    assert "python app.py ingest" in missing["detail"]
    [buses] = found["sources"]
    assert (buses["received"], buses["stored"], buses["state"], buses["in_flight"]) == (10, 9, None, None)
    assert (found["backlog"], found["jobs"], found["processes"]) == (None, [], [])


def test_with_the_database_away_it_shows_what_the_processes_say(
    linked_engine: Engine, database_link: Link, redis_url: str
) -> None:
    client = Client(api_of(Store(linked_engine, LiveReader(redis_url), make_settings())))
    try:
        database_link.cut()
        with reporting(redis_url, one=report({"buses": source(120, 20)}, database_problem="host db-7 user waypost")):
            answer = client.get("/api/v1/pipeline")
    finally:
        client.close()
    assert answer.status_code == 200
    found = answer.json()
    assert [missing["part"] for missing in found["missing"]] == ["database"]
    [buses] = found["sources"]
    assert (buses["in_flight"], buses["received"], buses["stored"], buses["state"]) == (20, None, None, "receiving")
    assert "db-7" not in answer.text


@pytest.mark.parametrize("local", [True, False])
def test_with_redis_away_it_shows_the_ledger_and_the_ingest_of_this_process(
    engine: Engine, redis_link: Link, linked_redis: str, local: bool
) -> None:
    account(engine, "buses", 100, 100, 0, 0)
    status = (lambda: report({"buses": source(120, 20)})) if local else None
    store = Store(engine, LiveReader(linked_redis), make_settings())
    client = Client(api_of(store, ingest_status=status))
    try:
        redis_link.cut()
        found = client.get("/api/v1/pipeline").json()
    finally:
        client.close()
    assert [missing["part"] for missing in found["missing"]] == ["redis"]
    [buses] = found["sources"]
    assert buses["stored"] == 100
    assert (buses["in_flight"], found["backlog"]) == ((20, 2) if local else (None, None))


def test_what_servers_said_is_told_to_admins_alone(engine: Engine, redis_url: str) -> None:
    with engine.begin() as connection:
        add_token(connection, "admin", hash_token("admin token"), ["admin"])
    client = Client(api_of(Store(engine, LiveReader(redis_url), make_settings())))
    jobs = {"roll up": {"last_at": time.time(), "took_s": 0.1, "problem": "host db-7 user waypost"}}
    try:
        with reporting(redis_url, one=report({}, jobs=jobs)):
            open_to_all = client.get("/api/v1/pipeline")
            told = client("GET", "/api/v1/pipeline", headers={"authorization": "Bearer admin token"})
    finally:
        client.close()
    assert "db-7" not in open_to_all.text
    assert open_to_all.json()["jobs"][0]["problem"] == "The log says why."
    assert told.json()["jobs"][0]["problem"] == "host db-7 user waypost"
