"""Spaces by REST: made, given sensors, counted now and at any moment, corrected; and what is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from auth.first_start import INGEST_SCOPE, hash_token
from db.access import add_token
from db.engine import engine_of
from tests.api.conftest import Client, make_api
from tests.api.link import Link
from tests.spaces.conftest import Doors, Passage

ROOM = "/api/v1/spaces/Reading%20room"
T0 = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
PLACED = [{"device_id": "door-1", "sign": "in", "from": "2026-01-01T00:00:00Z"}]


@pytest.fixture
def doors(engine: Engine) -> Iterator[Doors]:
    """Doors of this database."""
    made = Doors(engine, engine.url)
    made.register("door-1", "door-2")
    yield made
    made.storing.writer.close()


@pytest.fixture
def client(engine: Engine, linked_redis: str) -> Iterator[Client]:
    """An API of its own, with tokens, on a Redis that can be cut off."""
    with engine.begin() as connection:
        add_token(connection, "admin", hash_token("admin token"), ["admin"])
        add_token(connection, "collector", hash_token("ingest token"), [INGEST_SCOPE])
    made = Client(make_api(engine, linked_redis, cache_s=0))
    yield made
    made.close()


def ask(client: Client, method: str, path: str, body: Any = None, *, who: str = "admin") -> Any:
    """With a token."""
    more = {} if body is None else {"json": body}
    return client(method, path, headers={"Authorization": f"Bearer {who} token"}, **more)


def iso(moment: datetime) -> str:
    """As the API writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_space_is_made_counted_corrected_and_forgotten(
    client: Client, doors: Doors, engine: Engine, redis_link: Link
) -> None:
    room = {"capacity": 80, "zone": "Europe/Berlin", "opens": "08:00", "closes": "20:00"}
    assert ask(client, "PUT", ROOM, room).status_code == 201
    assert ask(client, "PUT", ROOM, room).status_code == 200
    assert client.get(f"{ROOM}/count").json()["count"] is None
    placed = ask(client, "PUT", f"{ROOM}/placements", PLACED)
    assert placed.status_code == 200
    assert placed.json()["placements"] == [
        {"device_id": "door-1", "sign": 1, "from": "2026-01-01T00:00:00.000Z", "to": None}
    ]
    batch = doors.pass_through(Passage(T0 + timedelta(minutes=n), "door-1", 1 if n < 9 else -1) for n in range(12))
    assert [c.since for c in batch.counts] == [6]
    for n in range(2):  # what Redis has is of before, and is not believed where the database is asked for a moment
        at = T0 + timedelta(minutes=9, seconds=30)
        assert client.get(f"{ROOM}/count", at=iso(at)).json() == {"count": 8, "at": iso(at), "reconciled": False}, n
        with engine.connect() as connection:
            storage = engine_of(connection)
        doors.reconcile(datetime.now(UTC))
    assert client.get(f"{ROOM}/count", at=iso(T0 - timedelta(seconds=1))).json()["count"] is None
    assert client.get(f"{ROOM}/count", at="2200-01-01T00:00:00Z").json()["count"] is None
    redis_link.cut()
    assert client.get(f"{ROOM}/count").json()["count"] == 6, "the database knows it, too"
    assert [s["count"] for s in client.get("/api/v1/spaces").json()["spaces"]] == [6]
    redis_link.mend()

    known = T0 + timedelta(hours=1)
    assert ask(client, "POST", f"{ROOM}/anchor", {"count": 4, "at": iso(known)}).json()["count"] == 4
    assert client.get(f"{ROOM}/count").json()["count"] == 4
    assert doors.reconcile(datetime.now(UTC)) == 1
    at = T0 + timedelta(minutes=9, seconds=30)
    assert client.get(f"{ROOM}/count", at=iso(at)).json() == {"count": 6, "at": iso(at), "reconciled": True}
    history = client.get(f"{ROOM}/history", **{"from": iso(T0), "to": iso(T0 + timedelta(hours=2))}).json()
    assert [(s["drift"], s["passages"], s["known_by"]) for s in history["stretches"]] == [(2, 12, "manual")]
    assert [(k["count"], k["noted_by"]) for k in history["counted"]] == [(4, "token")]
    assert [(c["why"], c["largest"]) for c in history["corrections"]] == [("counted by hand", 2)]
    assert [(p["reported"], p["count"]) for p in history["points"]][-2:] == [(4, 4), (4, 4)]
    assert all(p["low"] <= p["count"] <= p["high"] for p in history["points"])
    table = client.get(f"{ROOM}/history", **{"from": iso(T0), "to": iso(known), "format": "csv"})
    assert table.text.splitlines()[0] == "ts,reported,raw,count,low,high,reconciled"
    assert table.text.splitlines()[1].startswith(f"{iso(T0)},1,1,1,")
    parquet = client.get(f"{ROOM}/history", **{"from": iso(T0), "to": iso(known), "format": "parquet"})
    assert parquet.content[:4] == b"PAR1"

    assert ask(client, "POST", f"{ROOM}/reconcile").status_code == 202
    assert doors.reconcile(datetime.now(UTC)) == 1
    assert ask(client, "DELETE", f"{ROOM}/anchor?at={iso(known)}").status_code == 204
    assert ask(client, "DELETE", f"{ROOM}/anchor?at={iso(known)}").status_code == 404
    assert client.get(f"{ROOM}/count").json()["count"] == 6
    audit = ask(client, "GET", "/api/v1/audit").text
    for what in (
        "space Reading room",
        "placements of Reading room",
        "count of Reading room",
        "history of Reading room",
    ):
        assert what in audit, what
    assert ask(client, "DELETE", ROOM).status_code == 204
    assert client.get(f"{ROOM}/count").status_code == 404
    with engine.connect() as connection:
        for table_name in ("placement", "occupancy", "stretch", "space_state", "anchor"):
            assert connection.execute(text(f"SELECT count(*) FROM {table_name}")).scalar() == 0, table_name
        assert storage.name == "postgresql"


def test_a_door_between_two_rooms_takes_from_the_one_what_it_gives_to_the_other(client: Client, doors: Doors) -> None:
    for name, sign in (("hall", 1), ("depot%2F7", -1)):
        assert ask(client, "PUT", f"/api/v1/spaces/{name}", {}).status_code == 201
        placed = [{"device_id": "door-1", "sign": sign, "from": "2026-01-01T00:00:00Z"}]
        assert ask(client, "PUT", f"/api/v1/spaces/{name}/placements", placed).status_code == 200
    counts = doors.pass_through([Passage(T0, "door-1", 1, 5), Passage(T0 + timedelta(hours=1), "door-1", -1, 2)]).counts
    assert sorted((c.name, c.since) for c in counts) == [("depot/7", -3), ("hall", 3)]
    raw = client.get("/api/v1/spaces/depot%2F7/history", **{"from": iso(T0 - timedelta(hours=1))}).json()["points"][-1]
    assert (raw["raw"], raw["reported"], raw["count"]) == (-3, 0, 0)


REFUSED: list[tuple[str, Any, int, str]] = [
    ("GET /api/v1/spaces/nowhere/count", None, 404, "no space is called 'nowhere'"),
    ("GET /api/v1/spaces/nowhere/history", None, 404, "no space is called 'nowhere'"),
    ("POST /api/v1/spaces/nowhere/anchor", {"count": 1}, 404, "no space is called 'nowhere'"),
    ("POST /api/v1/spaces/nowhere/reconcile", None, 404, "no space is called 'nowhere'"),
    ("PUT /api/v1/spaces/nowhere/placements", [], 404, "no space is called 'nowhere'"),
    ("GET /api/v1/spaces/hall/count?at=2026-01-01T10:00:00", None, 422, "at has no time zone; send it with Z"),
    ("POST /api/v1/spaces/hall/anchor", {"count": 1, "at": "2026-01-01T10:00:00"}, 422, "send it with Z"),
    ("POST /api/v1/spaces/hall/anchor", {"count": -1}, 422, "count"),
    ("POST /api/v1/spaces/hall/anchor", {"count": 1, "at": "2199-01-01T10:00:00Z"}, 422, "moment to come"),
    ("PUT /api/v1/spaces/hall", {"zone": "Mars/Base"}, 422, "no time zone"),
    ("PUT /api/v1/spaces/hall", {"capacity": 0}, 422, "capacity"),
    ("PUT /api/v1/spaces/hall/placements", [{"device_id": "door-1", "sign": 2, "from": "2026-01-01T00:00:00Z"}],
     422, "a sign is 1 or"),
    ("PUT /api/v1/spaces/hall/placements", [{"device_id": "door-1", "sign": 1, "from": "2026-01-01T00:00:00"}],
     422, "send it with Z"),
    ("PUT /api/v1/spaces/hall/placements",
     [{"device_id": "door-1", "sign": 1, "from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}],
     422, "to must be after from"),
    ("PUT /api/v1/spaces/hall/placements", [{"device_id": "nobody", "sign": 1, "from": "2026-01-01T00:00:00Z"}],
     404, "no device is called 'nobody'"),
    ("PUT /api/v1/spaces/hall/placements",
     [{"device_id": "door-1", "sign": 1, "from": "2026-01-01T00:00:00Z"},
      {"device_id": "door-1", "sign": -1, "from": "2026-02-01T00:00:00Z"}],
     409, "+1 from 2026-01-01T00:00:00.000Z on overlaps with -1 from 2026-02-01T00:00:00.000Z on"),
]  # fmt: skip


def test_what_cannot_be_used_is_refused_with_what_to_do(client: Client, doors: Doors) -> None:
    ask(client, "PUT", "/api/v1/spaces/hall", {})
    for asked, body, status, said in REFUSED:
        method, path = asked.split(" ", 1)
        answer = ask(client, method, path, body)
        assert (answer.status_code, said in answer.json()["detail"]) == (status, True), (asked, answer.text)


def test_who_may_not_is_told_so(client: Client, doors: Doors) -> None:
    ask(client, "PUT", "/api/v1/spaces/hall", {})
    for asked, body in (
        ("PUT /api/v1/spaces/hall", {}),
        ("DELETE /api/v1/spaces/hall", None),
        ("PUT /api/v1/spaces/hall/placements", PLACED),
        ("POST /api/v1/spaces/hall/anchor", {"count": 1}),
        ("POST /api/v1/spaces/hall/reconcile", None),
    ):
        method, path = asked.split(" ", 1)
        assert ask(client, method, path, body, who="ingest").status_code == 401, asked
    assert client.get("/api/v1/spaces").json()["spaces"][0]["placements"] == []
