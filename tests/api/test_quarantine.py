"""What could not be used can be seen by anyone, and decoded again by admins."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from auth.first_start import INGEST_SCOPE, hash_token
from db.access import add_token
from tests.api.conftest import Client, make_api

INSERT = text(
    "INSERT INTO quarantine (received_at, source, reason, detail, payload, native, device)"
    " VALUES (to_timestamp(:at), :source, :reason, :detail, :payload, false, :device)"
)
AGAIN = "/api/v1/quarantine/again"


def put(
    engine: Engine,
    source: str,
    reason: str,
    *payloads: bytes,
    at: int = 1_795_382_340,
    device: str | None = None,
) -> None:
    """Messages in the quarantine, a second apart."""
    with engine.begin() as connection:
        for n, payload in enumerate(payloads):
            row = {"at": at + n, "source": source, "reason": reason, "detail": f"detail {n}", "payload": payload}
            connection.execute(INSERT, row | {"device": device})


@pytest.fixture
def client(engine: Engine, redis_url: str) -> Iterator[Client]:
    """An API of its own: tokens are kept in memory."""
    with engine.begin() as connection:
        add_token(connection, "admin", hash_token("admin token"), ["admin"])
        add_token(connection, "collector", hash_token("ingest token"), [INGEST_SCOPE])
    made = Client(make_api(engine, redis_url))
    yield made
    made.close()


def flagged(engine: Engine) -> list[tuple[Any, ...]]:
    """What waits to be decoded again."""
    with engine.connect() as connection:
        query = "SELECT source, reason, count(*) FROM quarantine WHERE again GROUP BY 1, 2 ORDER BY 1, 2"
        return [tuple(row) for row in connection.execute(text(query))]


def test_an_empty_quarantine_is_an_empty_list(api: Client) -> None:
    assert api.get("/api/v1/quarantine").json() == {"total": 0, "groups": []}
    assert api.get("/api/v1/quarantine/messages").json() == {"items": [], "next": None}


def test_groups_are_by_source_and_reason_the_one_that_grew_last_first(api: Client, engine: Engine) -> None:
    put(engine, "buses", "no device", b'{"lat": 1}', b'{"lat": 2}')
    put(engine, "doors", "no device", b"{}")
    put(engine, "buses", "not JSON", b"\xff\x00", at=1_795_382_000)
    found = api.get("/api/v1/quarantine").json()
    assert found["total"] == 4
    assert [(g["source"], g["reason"], g["count"]) for g in found["groups"]] == [
        ("buses", "not JSON", 1),
        ("doors", "no device", 1),
        ("buses", "no device", 2),
    ]
    last = found["groups"][2]
    assert (last["first"], last["last"]) == ("2026-11-22T21:19:00.000Z", "2026-11-22T21:19:01.000Z")
    assert (last["sample"]["payload"], last["sample"]["detail"], last["again"]) == ('{"lat": 2}', "detail 1", 0)


def test_payloads_are_text_where_they_are_and_hexadecimal_otherwise(api: Client, engine: Engine) -> None:
    put(engine, "a", "not JSON", b"\xff\x00 x", "Мост 7 \x00 <b>".encode(), b"")
    items = api.get("/api/v1/quarantine/messages").json()["items"]
    assert [(item["encoding"], item["payload"]) for item in items] == [
        ("text", ""),
        ("text", "Мост 7 \x00 <b>"),
        ("hex", "ff 00 20 78"),
    ]


def test_messages_of_a_device_are_found_by_its_name(api: Client, engine: Engine) -> None:
    put(engine, "buses", "latitude out of range", b"1", b"2", device="bus/1 ü")
    put(engine, "buses", "no device", b"bus/1 \xc3\xbc")
    items = api.get("/api/v1/quarantine/messages", device="bus/1 ü").json()["items"]
    assert [(item["payload"], item["device"]) for item in items] == [("2", "bus/1 ü"), ("1", "bus/1 ü")]
    assert api.get("/api/v1/quarantine/messages", device="bus").json()["items"] == []


def test_messages_come_newest_first_page_by_page_each_once(api: Client, engine: Engine) -> None:
    put(engine, "buses", "no device", *(b"%d" % n for n in range(5)))
    put(engine, "doors", "no device", b"other")
    cursor, pages = None, []
    while True:
        asked = {"source": "buses", "reason": "no device", "limit": 2} | ({"cursor": cursor} if cursor else {})
        found = api.get("/api/v1/quarantine/messages", **asked).json()
        pages.append([item["payload"] for item in found["items"]])
        cursor = found["next"]
        if cursor is None:
            break
    assert pages == [["4", "3"], ["2", "1"], ["0"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=abc", "cursor=-1", "cursor=%C2%B2", "source=%00"])
def test_what_cannot_be_asked_is_422(api: Client, query: str) -> None:
    answer = api.get(f"/api/v1/quarantine/messages?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_an_admin_asks_for_one_group_to_be_decoded_again_and_is_told_how_many(client: Client, engine: Engine) -> None:
    put(engine, "buses", "no device", b"1", b"2")
    put(engine, "doors", "no device", b"3")
    asked = {"source": "buses", "reason": "no device"}
    admin = {"authorization": "Bearer admin token"}
    assert client("POST", AGAIN, json=asked, headers=admin).json() == {"asked": 2}
    assert flagged(engine) == [("buses", "no device", 2)]
    assert client("POST", AGAIN, json=asked, headers=admin).json() == {"asked": 0}
    groups = client.get("/api/v1/quarantine").json()["groups"]
    assert [(g["source"], g["again"]) for g in groups] == [("doors", 0), ("buses", 2)]
    changes = client("GET", "/api/v1/audit", headers=admin).json()["items"]
    assert [(c["what"], c["to"]) for c in changes] == [
        ("decoding again of buses", {"reason": "no device", "messages": 2})
    ], "noted once, and not where nothing was asked for"


@pytest.mark.parametrize(
    "headers, status",
    [
        ({}, 401),
        ({"authorization": "Bearer ingest token"}, 401),
        ({"authorization": "Bearer made up"}, 401),
        ({"cookie": "waypost_session=made-up", "origin": "http://localhost:8050"}, 401),
        ({"cookie": "waypost_session=made-up"}, 403),
    ],
)
def test_nobody_else_may_and_nothing_is_changed(
    client: Client, engine: Engine, headers: dict[str, str], status: int
) -> None:
    put(engine, "buses", "no device", b"1")
    answer = client("POST", AGAIN, json={"source": "buses", "reason": "no device"}, headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert flagged(engine) == []


@pytest.mark.parametrize("asked", [{}, {"source": "a"}, {"source": "a", "reason": "b", "all": True}])
def test_a_question_that_is_none_is_422(client: Client, asked: dict[str, Any]) -> None:
    answer = client("POST", AGAIN, json=asked, headers={"authorization": "Bearer admin token"})
    assert answer.status_code == 422
