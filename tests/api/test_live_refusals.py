"""Whom the live socket sends away, and how it says so: a real server, real sockets."""

import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from sqlalchemy import Engine
from websockets.exceptions import ConnectionClosed, InvalidStatus

from api.live.hub import Hub
from auth.guard import LOCAL_HOSTS, Guard
from db.embedded import EmbeddedServers
from tests.api.conftest import Serve, make_api
from tests.api.feed import Feed, message
from tests.api.frames import SNAPSHOT
from tests.api.served import Served, wait_until

pytestmark = pytest.mark.usefixtures("quick")
NOW = time.time_ns() // 1000


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
