"""The live socket when viewers do not read, Redis is really killed, or the server ends."""

import contextlib
import os
import signal
import socket
import time
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Engine

from api.live.hub import Hub
from api.live.viewer import Viewer
from db.embedded import start_embedded
from tests.api import frames
from tests.api.conftest import Serve, make_api
from tests.api.feed import Feed, message
from tests.api.frames import DELTA, HEARTBEAT, SNAPSHOT
from tests.api.served import TIMEOUT_S, Served, wait_until

pytestmark = pytest.mark.usefixtures("quick")
NOW = time.time_ns() // 1000
DEVICES = 3000


def test_a_viewer_that_breaks_off_without_a_word_makes_room(serve: Serve, feed: Feed) -> None:
    server = serve()
    hub: Hub = server.app.state.hub
    with contextlib.suppress(Exception), server.viewer() as viewer:
        viewer.until(lambda frame: frame.kind == SNAPSHOT)
        viewer.connection.socket.shutdown(socket.SHUT_RDWR)
    wait_until(lambda: hub.viewers == 0)


@pytest.fixture
def crowded(serve: Serve, feed: Feed) -> Served:
    """A server of so many devices, with small buffers, that a viewer who does not read is soon behind."""
    feed(*(message(f"d{i}", NOW) for i in range(DEVICES)))
    return serve(small_buffers=True)


@pytest.fixture
def few_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few frames as the hub really lets wait."""
    monkeypatch.setattr("api.live.viewer._MOST_WAITING", 6)


def _stall(hub: Hub, feed: Feed, since: int) -> int:
    """Publish until a viewer of `hub` has fallen behind; the number of batches."""
    for batch in range(1, 400):
        feed_all(feed, since + batch)
        behind = [viewer for viewer in hub._sender.viewers if viewer.dropped]
        if behind:
            return batch
        time.sleep(0.005)
    raise AssertionError("no viewer ever fell behind")


def _is_sent(hub: Hub) -> bool:
    """Whether every view was given what the picture shows."""
    return all(group.revision == hub._picture.revision for group in hub._sender._groups.values())


def feed_all(feed: Feed, ts: int) -> None:
    """A new moment of every device, to Redis alone."""
    names = [f"d{i}" for i in range(DEVICES)]
    feed.advance([message(name, ts) for name in names])
    feed.publish(names)


def test_a_viewer_that_does_not_read_gets_the_newest_picture_and_no_backlog(
    crowded: Served, feed: Feed, few_waiting: None
) -> None:
    hub: Hub = crowded.app.state.hub
    with crowded.viewer(slow=True) as slow, crowded.viewer() as quick:
        quick.until(lambda frame: frame.kind == SNAPSHOT)
        _stall(hub, feed, NOW)
        [behind] = [viewer for viewer in hub._sender.viewers if viewer.dropped]
        for batch in range(10):  # the others go on, and nothing piles up for the slow one
            feed_all(feed, NOW + 1000 + batch)
            quick.until(lambda frame: frame.kind == DELTA)
            assert len(behind._waiting) <= 6
        newest = time.time_ns() // 1000
        feed_all(feed, newest)
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
        assert len(frame.id) == DEVICES
        assert seen < 14
        assert abs(frame.as_of_ms - frame.newest_age_ms - newest / 1000) < 2, "the picture is the last one"


def test_a_viewer_that_takes_nothing_for_long_is_given_up(
    crowded: Served, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.socket._GIVEN_UP_AFTER_S", 0.2)
    hub: Hub = crowded.app.state.hub
    joined, join = Event(), hub.join

    def note(viewer: Viewer) -> None:
        join(viewer)
        joined.set()

    monkeypatch.setattr(hub, "join", note)
    with crowded.viewer(slow=True):
        assert joined.wait(TIMEOUT_S)
        for batch in range(400):
            feed_all(feed, NOW + batch)
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


def test_a_server_shuts_down_although_a_viewer_does_not_read(crowded: Served, feed: Feed, few_waiting: None) -> None:
    hub: Hub = crowded.app.state.hub
    with crowded.viewer(slow=True):
        wait_until(lambda: hub.viewers == 1)
        _stall(hub, feed, NOW)
        crowded.stop()
