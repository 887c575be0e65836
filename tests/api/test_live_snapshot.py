"""The live picture without a socket."""

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import Engine

from tests.api.conftest import Serve, make_api
from tests.api.feed import Feed, message
from tests.api.frames import SNAPSHOT, decode
from tests.api.served import wait_until

Get = Callable[..., httpx.Response]


@pytest.fixture
def get(serve: Serve, feed: Feed) -> Iterator[Get]:
    """Ask a server whose hub has read a small fleet."""
    now = time.time_ns() // 1000  # of two minutes ago, none of them would move
    feed(
        message("a", now, 50, 10, speed=2, values={"battery": 0.5}),
        message("b,ü", now, -50, 10, texts={"label": "Line 7"}),
        message("c", now, -51, 10),
    )
    server = serve()
    with httpx.Client(base_url=server.url) as client:
        wait_until(lambda: client.get("/api/v1/live/snapshot").status_code == 200)
        yield lambda path, **params: client.get(f"/api/v1/live/{path}", **params)


def test_one_snapshot_and_the_names_for_it(get: Get) -> None:
    answer = get("snapshot")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("application/octet-stream", "no-store")
    frame = decode(answer.content)
    assert (frame.kind, frame.total, len(frame.id), frame.moving, frame.value) == (SNAPSHOT, 3, 3, 1, None)
    said = get("names").json()
    assert said["hello"] == {"type": "hello", "version": 2, "stopped_below": 0.5, "silent_after_s": 120}
    assert said["devices"]["id"] == list(frame.id)
    assert (said["devices"]["name"], said["devices"]["label"][1]) == (["a", "b,ü", "c"], "Line 7")

    boxed = {"bbox": "0,0,90,90", "also": "3,no such", "metric": "battery"}
    frame = decode(get("snapshot", params=boxed).content)
    assert (frame.total, frame.lat) == (3, (500_000_000, -510_000_000))
    assert frame.value is not None
    assert (frame.value[0], math.isnan(frame.value[1])) == (0.5, True)
    assert get("names", params=boxed).json()["devices"]["name"] == ["a", "c"]
    assert (decode(get("snapshot", params={"metric": "speed"}).content).value or ())[0] == 2

    named = get("names")
    assert get("names", headers={"If-None-Match": named.headers["etag"]}).status_code == 304
    for refused in ({"bbox": "1,2"}, {"bbox": "0,50,10,40"}, {"also": ",".join(["1"] * 257), "bbox": "0,0,1,1"}):
        answer = get("snapshot", params=refused)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_while_the_fleet_has_not_been_read_one_is_told_to_come_again(
    engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.hub._PATIENCE_S", 0.05)

    async def ask() -> httpx.Response:
        app = make_api(engine, redis_url)  # its hub does not run
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return await client.get("/api/v1/live/snapshot")

    answer = asyncio.run(ask())
    assert answer.status_code == 503
    assert "not been read yet" in json.loads(answer.content)["detail"]
