"""The live socket as browsers have it: a real server, real sockets."""

import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine

from api.application import create_api
from db.live import LiveReader
from db.store import Store
from tests.api import frames
from tests.api.conftest import Serve, make_settings
from tests.api.feed import SECOND, Feed, message
from tests.api.frames import DELTA, HEARTBEAT, SNAPSHOT
from tests.api.served import Served

pytestmark = pytest.mark.usefixtures("quick")
NOW = time.time_ns() // 1000


def test_hello_then_names_then_a_snapshot_then_changes(serve: Serve, feed: Feed) -> None:
    feed(message("a", NOW, 1, 2, speed=3, texts={"label": "Línea 7", "kind": "bus"}), message("b/ü", NOW))
    with serve().viewer() as viewer:
        assert viewer.next() == {"type": "hello", "version": 2, "stopped_below": 0.5, "silent_after_s": 120}
        assert viewer.next() == {"type": "view", "box": None, "every_ms": 100, "metric": None, "also": []}
        told = viewer.next()
        assert isinstance(told, dict)
        columns = sorted(zip(told["name"], told["label"], told["kind"], strict=True))
        assert columns == [("a", "Línea 7", "bus"), ("b/ü", None, None)]
        snapshot = viewer.next()
        assert isinstance(snapshot, frames.Frame)
        assert (snapshot.kind, snapshot.total) == (SNAPSHOT, 2)
        assert (snapshot.lat, snapshot.speed) == ((10_000_000, 302_500_000), (300, frames.UNKNOWN))
        feed(message("a", NOW + SECOND, 5, 6), message("new", NOW))
        delta = viewer.until(lambda frame: frame.kind == DELTA)
        while len(delta.id) < 2 and set(viewer.names.values()) != {"a", "b/ü", "new"}:
            delta = viewer.until(lambda frame: frame.kind == DELTA)
        heartbeat = viewer.until(lambda frame: frame.kind == HEARTBEAT)
        assert (heartbeat.id, heartbeat.total) == ((), 3)


def test_every_frame_follows_the_one_before_where_none_was_dropped(serve: Serve, feed: Feed) -> None:
    feed(message("a", NOW))
    with serve().viewer() as viewer:
        last = viewer.until(lambda frame: frame.kind == SNAPSHOT).sequence
        for i in range(10):
            feed(message("a", NOW + i + 1))
            frame = viewer.until(lambda _: True)
            assert frame.sequence == last + 1
            last = frame.sequence


def test_two_viewers_see_the_same(serve: Serve, feed: Feed) -> None:
    feed(message("a", NOW))
    server = serve()
    with server.viewer() as one, server.viewer() as other:
        for viewer in (one, other):
            viewer.until(lambda frame: frame.kind == SNAPSHOT)
        feed(message("a", NOW + SECOND, 5, 6))
        assert one.until(lambda frame: frame.kind == DELTA) == other.until(lambda frame: frame.kind == DELTA)


def test_in_words_for_people(serve: Serve, feed: Feed) -> None:
    feed(message("a", NOW, 1, 2, speed=8.2, values={"battery": 0.5}))
    with serve().viewer(json_format=True) as viewer:
        hello, snapshot = viewer.next(), viewer.next()
        assert isinstance(hello, dict)
        assert isinstance(snapshot, dict)
        assert (hello["type"], snapshot["type"]) == ("hello", "snapshot")
        [state] = snapshot["devices"]
        assert (state["device_id"], state["lat"], state["speed"], state["values"]) == ("a", 1, 8.2, {"battery": 0.5})
        feed(message("a", NOW + SECOND, 3, 4))
        delta = viewer.until_text(lambda said: bool(said["devices"]))
        assert (delta["type"], delta["devices"][0]["lat"]) == ("delta", 3)
        heartbeat = viewer.until_text(lambda said: not said["devices"])
        assert heartbeat["type"] == "delta"


def test_a_viewer_asks_for_a_box_and_for_another(serve: Serve, feed: Feed) -> None:
    feed(message("north", NOW, 50, 10), message("south", NOW, -50, 10))
    asked = json.dumps({"type": "view", "box": [0, 0, 90, 90], "every_ms": 100})
    with serve().viewer(query=f"?view={quote(asked)}") as viewer:
        snapshot = viewer.until(lambda frame: frame.kind == SNAPSHOT)
        assert ([viewer.names[device] for device in snapshot.id], snapshot.total) == (["north"], 2)
        [north] = snapshot.id
        viewer.connection.send(json.dumps({"type": "view", "box": [0, -90, 90, 0], "unheard_of": 1}))
        said = viewer.until_text(lambda text: text["type"] == "view")
        assert said["box"] == [0, -90, 90, 0]
        delta = viewer.until(lambda frame: frame.kind == DELTA)
        assert ([viewer.names[device] for device in delta.id], delta.left) == (["south"], (north,))


def test_what_must_be_ready_is_ready_before_the_first_request(engine: Engine, redis_url: str) -> None:
    started = list[str]()

    async def prepare() -> None:
        started.append("prepared")

    def app() -> FastAPI:
        store = Store(engine, LiveReader(redis_url), make_settings())
        made: Any = create_api(store, ingest_status=None, collector=None, version="1", on_start=[prepare])
        assert isinstance(made, FastAPI)
        return made

    server = Served(app())
    assert started == ["prepared"]
    server.stop()
