"""The collector: what is answered is on disk, what is wrong is named, and nobody without a token sends anything."""

import asyncio
import base64
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from starlette.types import Message

from api.routers.ingest import DIRECT
from auth.first_start import hash_token
from core.errors import JournalFull
from db.access import add_token
from db.live import LiveReader
from db.store import Store
from ingest.collector import AppendingCollector
from ingest.decoders import decoder_for
from ingest.journal import Journal
from tests.api.conftest import Client, api_of, make_settings

TOKEN = "wp_test"
BEARER = {"authorization": f"Bearer {TOKEN}"}
FIX = {"device_id": "bus-1", "ts": 1_790_000_000, "lat": 30.5, "lon": -97.5}


class Receiver:
    """An API whose collector writes into a journal."""

    def __init__(self, engine: Engine, redis_url: str, directory: Path) -> None:
        with engine.begin() as connection:
            add_token(connection, "sender", hash_token(TOKEN), ["ingest"])
            add_token(connection, "reader", hash_token("wp_reader"), ["read"])
        self.journal = Journal(directory, segment_bytes=1 << 20, max_bytes=4 << 20)
        self.collector = AppendingCollector(self.journal, {}, decoder_for({}, max_ahead_s=10**9), taken=["zmq"])
        store = Store(engine, LiveReader(redis_url), make_settings(max_body_mb=1))
        self.client = Client(api_of(store, collector=self.collector))

    def post(
        self, body: bytes, url: str = "/api/v1/ingest", token: str | None = TOKEN, **headers: str
    ) -> httpx.Response:
        """POST with the token."""
        bearer = {"authorization": f"Bearer {token}"} if token else {}
        return self.client("POST", url, content=body, headers=bearer | headers)

    def journalled(self) -> list[tuple[str, bytes]]:
        """What the journal holds: source and payload."""
        return [(r.source, payload) for r in self.journal.read(0, 10**9) for payload in r.payloads]

    def close(self) -> None:
        """End it."""
        self.client.close()
        self.collector.stop()
        self.journal.close()


@pytest.fixture
def receiver(engine: Engine, redis_url: str, tmp_path: Path) -> Iterator[Receiver]:
    """A receiver on an empty database."""
    made = Receiver(engine, redis_url, tmp_path / "journal")
    yield made
    made.close()


def lines(count: int) -> bytes:
    """Messages, one a line."""
    return b"\n".join(json.dumps(FIX | {"n": n}).encode() for n in range(count))


@pytest.mark.parametrize(
    ("body", "accepted"),
    [
        (json.dumps(FIX).encode(), 1),
        (json.dumps(FIX, indent=2).encode(), 1),
        (json.dumps([FIX, FIX, FIX]).encode(), 3),
        (b" \n" + lines(5) + b"\r\n", 5),
    ],
    ids=["object", "object of several lines", "array", "lines"],
)
def test_an_object_an_array_and_lines_stand_in_the_journal_when_they_are_answered(
    receiver: Receiver, body: bytes, accepted: int
) -> None:
    answer = receiver.post(body)
    assert (answer.status_code, answer.json()) == (200, {"accepted": accepted, "rejected": []})
    written = receiver.journalled()
    assert len(written) == accepted
    assert all(source == "http" and json.loads(payload)["device_id"] == "bus-1" for source, payload in written)


def test_items_that_cannot_be_used_are_named_and_the_rest_goes_on(receiver: Receiver) -> None:
    bad = {"device_id": "b", "lat": 100, "lon": 0}
    answer = receiver.post(json.dumps([FIX, {"lat": 1}, FIX, bad, 7]).encode())
    assert answer.status_code == 200
    body = answer.json()
    assert body["accepted"] == 2
    assert [item["index"] for item in body["rejected"]] == [1, 3, 4]
    assert body["rejected"][0]["reason"].startswith("no device")
    assert body["rejected"][1]["reason"].startswith("latitude out of range")
    assert len(receiver.journalled()) == 5, "what was rejected goes to the quarantine, so it is journalled too"


def test_a_sender_may_name_its_source_but_not_take_another_s(receiver: Receiver) -> None:
    assert receiver.post(json.dumps(FIX).encode(), "/api/v1/ingest?source=trucks").status_code == 200
    assert receiver.journalled()[0][0] == "trucks"
    answer = receiver.post(json.dumps(FIX).encode(), "/api/v1/ingest?source=zmq")
    assert answer.status_code == 422
    assert "WAYPOST_SOURCES" in answer.json()["detail"]
    assert receiver.post(json.dumps(FIX).encode(), "/api/v1/ingest?source=a%20b").status_code == 422


def test_a_flood_of_source_names_is_bounded(receiver: Receiver) -> None:
    body = json.dumps(FIX).encode()
    statuses = [receiver.post(body, f"/api/v1/ingest?source=s{n}").status_code for n in range(105)]
    assert statuses == [200] * 100 + [422] * 5


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"", {}, 400),
        (b"hello", {}, 400),
        (b"[1, 2", {}, 400),
        (b"{}{}", {}, 400),
        (lines(1), {"content-encoding": "br"}, 415),
        (lines(1), {"content-encoding": "gzip"}, 400),
        (gzip.compress(lines(1))[:-9], {"content-encoding": "gzip"}, 400),
        (b"x" * (1 << 20) + b"x", {}, 413),
        (gzip.compress(b" " * (64 << 20)), {"content-encoding": "gzip"}, 413),
    ],
    ids=["empty", "no JSON", "half", "two", "brotli", "not gzip", "gzip cut off", "large", "gzip bomb"],
)
def test_a_body_that_is_none_is_refused_as_a_whole(
    receiver: Receiver, body: bytes, headers: dict[str, str], status: int
) -> None:
    answer = receiver.post(body, **headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert receiver.journalled() == []


def test_gzip_is_unpacked(receiver: Receiver) -> None:
    assert receiver.post(gzip.compress(lines(100)), **{"content-encoding": "gzip"}).json()["accepted"] == 100


def test_without_a_token_that_may_send_nothing_is_taken(receiver: Receiver) -> None:
    body = json.dumps(FIX).encode()
    assert receiver.post(body, token=None).status_code == 401
    assert receiver.post(body, token="wrong").status_code == 401
    assert receiver.post(body, token="wp_reader").status_code == 403
    assert receiver.post(body, "/owntracks", token=None).status_code == 401
    assert receiver.client.get("/osmand?id=1&lat=2&lon=3").status_code == 401
    assert receiver.journalled() == []


def test_the_token_may_come_as_basic_password_or_in_the_address(receiver: Receiver) -> None:
    basic = base64.b64encode(f"anyone:{TOKEN}".encode()).decode()
    answer = receiver.client("POST", "/owntracks", json=FIX, headers={"authorization": f"Basic {basic}"})
    assert (answer.status_code, answer.json()) == (200, [])
    assert receiver.client.get(f"/osmand?id=1&lat=2&lon=3&token={TOKEN}").status_code == 200
    assert [payload for _, payload in receiver.journalled()][1] == b"id=1&lat=2&lon=3", "the token is not written down"


def test_a_full_journal_makes_senders_wait(receiver: Receiver) -> None:
    payload = json.dumps(FIX | {"note": os.urandom(200_000).hex()}).encode()
    answers = [receiver.post(payload).status_code for _ in range(40)]
    full = answers.index(429)
    assert set(answers[:full]) == {200}
    assert set(answers[full:]) == {429}
    answer = receiver.post(payload)
    assert int(answer.headers["retry-after"]) > 0
    assert len(receiver.journalled()) == full, "what was refused is not written"
    receiver.journal.stored(full)
    assert receiver.post(payload).status_code == 200


def test_where_this_process_does_not_ingest_it_says_so(engine: Engine, redis_url: str) -> None:
    client = Client(api_of(Store(engine, LiveReader(redis_url), make_settings())))
    answer = client("POST", "/api/v1/ingest", json=FIX)
    assert answer.status_code == 404
    assert "the process that ingests" in answer.json()["detail"]
    client.close()


def test_what_is_answered_past_fastapi_is_documented_by_it_too(receiver: Receiver) -> None:
    paths = receiver.client.get("/api/openapi.json").json()["paths"]
    assert all(method.lower() in paths[path] for method, path in DIRECT)
    assert [p["name"] for p in paths["/api/v1/ingest"]["post"]["parameters"]] == ["source"]
    answer = receiver.client("DELETE", "/api/v1/ingest")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert receiver.client("POST", "/osmand/?id=1&lat=2&lon=3", headers=BEARER).status_code == 200


def test_a_sender_that_goes_away_amid_its_body_is_nobody_s_error(receiver: Receiver) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/v1/ingest",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {TOKEN}".encode())],
    }
    asyncio.run(receiver.client.app(scope, receive, send))
    assert sent == []
    assert receiver.journalled() == []


def test_a_large_request_is_checked_as_a_small_one_is(receiver: Receiver) -> None:
    body = lines(500) + b'\n{"lat": 1}'
    answer = receiver.post(body).json()
    assert answer["accepted"] == 500
    assert [item["index"] for item in answer["rejected"]] == [500]


def test_requests_that_come_together_share_a_record(receiver: Receiver) -> None:
    async def at_once() -> None:
        await asyncio.gather(*(receiver.collector.accept("http", [b"%d" % n]) for n in range(200)))

    asyncio.run(at_once())
    assert sorted(int(payload) for _, payload in receiver.journalled()) == list(range(200))
    assert len(receiver.journal.read(0, 10**9)) < 100


def test_a_collector_that_stops_finishes_what_it_took_and_takes_no_more(receiver: Receiver) -> None:
    async def stop_amid() -> list[object]:
        waiting = [asyncio.ensure_future(receiver.collector.accept("http", [b"%d" % n])) for n in range(50)]
        await asyncio.sleep(0)
        await asyncio.to_thread(receiver.collector.stop)
        late = asyncio.ensure_future(receiver.collector.accept("http", [b"late"]))
        return await asyncio.gather(*waiting, late, return_exceptions=True)

    *taken, late = asyncio.run(stop_amid())
    assert taken == [None] * 50
    assert isinstance(late, JournalFull)
    assert len(receiver.journalled()) == 50
