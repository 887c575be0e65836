"""The live socket as browsers have it: a real server, real sockets, a Redis that is really killed."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.application import create_api
from api.live.hub import Hub
from auth.guard import LOCAL_HOSTS, Guard
from db.embedded import EmbeddedServers, start_embedded
from db.live import LiveReader
from db.store import Store
from tests.api import frames
from tests.api.conftest import Serve, make_api, make_settings
from tests.api.feed import SECOND, Feed, message
from tests.api.frames import DELTA, HEARTBEAT, SNAPSHOT
from tests.api.served import Served, wait_until

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


@pytest.fixture(scope="module")
def shared_serve(shared_engine: Engine, servers: EmbeddedServers) -> Iterator[Served]:
    """One server for viewers that are sent away."""
    served = Served(make_api(shared_engine, servers.redis_url))
    yield served
    served.stop()


@pytest.mark.parametrize(
    "said",
    [
        "{}",
        "no json",
        "[]",
        '{"type": "news"}',
        b"\x00" * 1000,
        '{"type": "view", "every_ms": 1}',
        '{"type": "view", "box": [1, 2, 3]}',
        '{"type": "view", "box": [0, 50, 10, 40]}',
        '{"type": "view", "box": [0, 0, 1e9, 10]}',
        '{"type": "view", "metric": 5}',
        '{"type": "view", "also": [null]}',
        '{"type": "view", "also": [' + "1," * 256 + "1]}",
        '{"type": "view", "x": "' + "x" * 70_000 + '"}',
        '{"type": "view", "metric": "\\ud800"}',
    ],
)
def test_what_is_no_view_closes_with_a_reason(shared_serve: Served, said: str | bytes) -> None:
    with shared_serve.viewer() as viewer:
        viewer.until(lambda frame: frame.kind == SNAPSHOT)
        viewer.connection.send(said)
        assert viewer.until_closed() == 4400
        assert viewer.connection.close_reason
    if isinstance(said, str) and len(said) < 1000:
        with shared_serve.viewer(query=f"?view={quote(said)}") as viewer:
            assert viewer.until_closed() == 4400


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://[", "http://127.0.0.1:1", ""])
def test_a_page_of_another_origin_is_told_so_and_gets_nothing(serve: Serve, feed: Feed, origin: str) -> None:
    feed(message("secret", NOW))
    with serve().viewer(origin=origin) as viewer:
        with pytest.raises(ConnectionClosed):
            viewer.next()
        assert viewer.connection.close_code == 4403


def test_our_own_pages_and_scripts_may_look(serve: Serve) -> None:
    server = serve()
    for origin in (server.url, None):
        with server.viewer(origin=origin) as viewer:
            viewer.until(lambda frame: frame.kind == SNAPSHOT)


def test_a_host_that_is_not_ours_is_refused_before_anything(engine: Engine, redis_url: str) -> None:
    app = make_api(engine, redis_url)
    app.add_middleware(Guard, hosts=LOCAL_HOSTS - {"127.0.0.1"})
    server = Served(app)
    with pytest.raises(InvalidStatus), server.viewer():
        pass
    server.stop()


def test_a_format_that_there_is_not_is_refused(serve: Serve) -> None:
    with pytest.raises(InvalidStatus), serve().viewer(query="?format=xml"):
        pass


def test_too_many_viewers_are_sent_away_until_one_leaves(serve: Serve) -> None:
    server = serve(max_viewers=2)
    hub: Hub = server.app.state.hub
    with server.viewer() as first:
        first.until(lambda frame: frame.kind == SNAPSHOT)
        with server.viewer() as second:
            second.until(lambda frame: frame.kind == SNAPSHOT)
            with server.viewer() as third:
                assert third.until_closed() == 1013
        wait_until(lambda: hub.viewers == 1)
        with server.viewer() as fourth:
            fourth.until(lambda frame: frame.kind == SNAPSHOT)
    wait_until(lambda: hub.viewers == 0)


def test_a_viewer_that_breaks_off_without_a_word_makes_room(serve: Serve, feed: Feed) -> None:
    server = serve()
    hub: Hub = server.app.state.hub
    with contextlib.suppress(Exception), server.viewer() as viewer:
        viewer.until(lambda frame: frame.kind == SNAPSHOT)
        viewer.connection.socket.shutdown(socket.SHUT_RDWR)
    wait_until(lambda: hub.viewers == 0)


@pytest.fixture
def few_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few frames as the hub really lets wait."""
    monkeypatch.setattr("api.live.viewer._MOST_WAITING", 6)


def _stall(hub: Hub, feed: Feed, devices: int, since: int) -> int:
    """Publish until a viewer of `hub` has fallen behind; the number of batches."""
    for batch in range(1, 400):
        feed_all(feed, devices, since + batch)
        behind = [viewer for viewer in hub._sender.viewers if viewer.dropped]
        if behind:
            return batch
        time.sleep(0.005)
    raise AssertionError("no viewer ever fell behind")


def _is_sent(hub: Hub) -> bool:
    """Whether every view was given what the picture shows."""
    return all(group.revision == hub._picture.revision for group in hub._sender._groups.values())


def feed_all(feed: Feed, devices: int, ts: int) -> None:
    """A new moment of every device, to Redis alone."""
    names = [f"d{i}" for i in range(devices)]
    feed.advance([message(name, ts) for name in names])
    feed.publish(names)


def test_a_viewer_that_does_not_read_gets_the_newest_picture_and_no_backlog(
    serve: Serve, feed: Feed, few_waiting: None
) -> None:
    devices = 3000
    feed(*(message(f"d{i}", NOW) for i in range(devices)))
    server = serve(small_buffers=True)
    hub: Hub = server.app.state.hub
    with server.viewer(slow=True) as slow, server.viewer() as quick:
        quick.until(lambda frame: frame.kind == SNAPSHOT)
        _stall(hub, feed, devices, NOW)
        [behind] = [viewer for viewer in hub._sender.viewers if viewer.dropped]
        for batch in range(10):  # the others go on, and nothing piles up for the slow one
            feed_all(feed, devices, NOW + 1000 + batch)
            quick.until(lambda frame: frame.kind == DELTA)
            assert len(behind._waiting) <= 6
        newest = time.time_ns() // 1000
        feed_all(feed, devices, newest)
        wait_until(lambda: hub._picture.newest_us == newest and _is_sent(hub))
        seen, before = 0, -1
        while True:
            frame = slow.next()
            if not isinstance(frame, frames.Frame):
                continue
            seen += 1
            gap = before not in {-1, frame.sequence, frame.sequence - 1}
            if gap:
                break
            before = frame.sequence
        assert frame.kind == SNAPSHOT, "what comes after a gap starts over"
        assert len(frame.id) == devices
        assert seen < 14
        assert abs(frame.as_of_ms - frame.newest_age_ms - newest / 1000) < 2, "the picture is the last one"


def test_a_viewer_that_takes_nothing_for_long_is_given_up(
    serve: Serve, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.socket._GIVEN_UP_AFTER_S", 0.2)
    devices = 3000
    feed(*(message(f"d{i}", NOW) for i in range(devices)))
    server = serve(small_buffers=True)
    hub: Hub = server.app.state.hub
    with server.viewer(slow=True):
        wait_until(lambda: hub.viewers == 1)
        for batch in range(400):
            feed_all(feed, devices, NOW + batch)
            if hub.viewers == 0:
                break
            time.sleep(0.01)
        wait_until(lambda: hub.viewers == 0)


def test_redis_killed_pauses_and_back_goes_on_with_a_fresh_snapshot(engine: Engine, tmp_path: Path) -> None:
    with start_embedded(tmp_path, postgres=False) as own:
        feed = Feed(engine, own.redis_url)
        feed(message("a", NOW, 1, 1), message("b", NOW, 2, 2))
        server = Served(make_api(engine, own.redis_url))
        with server.viewer() as viewer:
            viewer.until(lambda frame: frame.kind == SNAPSHOT)
            [valkey] = own.check()
            assert valkey.pid is not None
            os.kill(valkey.pid, signal.SIGKILL)  # its supervisor starts another, which knows nothing
            paused = viewer.until(lambda frame: frame.paused)
            assert (paused.kind, paused.total) == (HEARTBEAT, 2)
            snapshot = viewer.until(lambda frame: frame.kind == SNAPSHOT)
            assert (snapshot.paused, snapshot.total) == (False, 0)
            feed.advance([message("a", NOW + 1, 7.0)])
            feed.publish(["a", "b"], instead=True)  # as the ingest does
            seen = dict[int, int]()
            while seen.keys() != viewer.names.keys():
                frame = viewer.until(lambda frame: frame.kind == DELTA)
                seen.update(zip(frame.id, frame.lat, strict=True))
            assert sorted(seen.values()) == [20_000_000, 70_000_000]
        server.stop()
        feed.close()


def test_a_server_that_shuts_down_says_so_to_all(serve: Serve) -> None:
    server = serve()
    with server.viewer() as one, server.viewer(json_format=True) as other:
        one.until(lambda frame: frame.kind == SNAPSHOT)
        other.until_text(lambda said: said["type"] == "snapshot")
        server.stop()
        assert (one.until_closed(), other.until_closed()) == (1012, 1012)


def test_a_server_shuts_down_although_a_viewer_does_not_read(serve: Serve, feed: Feed, few_waiting: None) -> None:
    devices = 3000
    feed(*(message(f"d{i}", NOW) for i in range(devices)))
    server = serve(small_buffers=True)
    hub: Hub = server.app.state.hub
    with server.viewer(slow=True):
        wait_until(lambda: hub.viewers == 1)
        _stall(hub, feed, devices, NOW)
        server.stop()


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
