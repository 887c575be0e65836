"""Runtime settings by HTTP and by the socket of notices: who may change them, how soon others know, and the audit."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from auth.first_start import hash_token
from core.site_fields import FIELDS
from db.access import add_token, add_user
from db.live import LiveReader
from db.naming import name_devices
from db.store import Store
from tests.api.conftest import Client, Serve, api_of, make_api, make_settings
from tests.api.feed import Feed, message
from tests.api.link import Link
from tests.api.served import TIMEOUT_S, Served, wait_until

OURS = {"origin": "http://localhost:8050"}
ADMIN = {"authorization": "Bearer admin-token"}
NOW = time.time_ns() // 1000
EVERY = "/api/v1/settings/summary.interval_s"


@pytest.fixture
def secrets(engine: Engine) -> None:
    """An admin, a viewer, a token that may steer and one that may not."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with engine.begin() as connection:
        add_user(connection, "admin", hasher.hash("right"), "admin")
        add_user(connection, "vera", hasher.hash("right"), "viewer")
        add_token(connection, "a", hash_token("admin-token"), ["admin"])
        add_token(connection, "i", hash_token("ingest-token"), ["ingest"])


@pytest.fixture
def client(engine: Engine, redis_url: str, secrets: None) -> Iterator[Client]:
    """An API of its own: it keeps tokens."""
    made = Client(make_api(engine, redis_url, tiles_url="https://t.org/{z}/{x}/{y}.png"))
    yield made
    made.close()


def setting(client: Client, name: str) -> dict[str, Any]:
    found: dict[str, Any] = {one["name"]: one for one in client.get("/api/v1/settings").json()["settings"]}[name]
    return found


def test_every_setting_is_told_with_its_default_limits_and_words(client: Client) -> None:
    listed = client.get("/api/v1/settings").json()["settings"]
    assert [one["name"] for one in listed] == list(FIELDS)
    assert setting(client, "map.tiles_url")["value"] == "https://t.org/{z}/{x}/{y}.png"
    one = setting(client, "summary.interval_s")
    assert (one["value"], one["default"], one["least"], one["most"], one["unit"]) == (5, 5, 0.5, 3600, "s")
    assert one["updated_at"] is None
    assert "Summary" in one["says"]


def test_an_admin_sets_one_and_takes_it_back_and_the_audit_says_so(client: Client) -> None:
    answer = client("PUT", EVERY, json={"value": 1}, headers=ADMIN)
    assert (answer.status_code, answer.json()["value"]) == (200, 1)
    assert setting(client, "summary.interval_s")["updated_at"] is not None
    client("PUT", EVERY, json={"value": 1.0}, headers=ADMIN)  # the same again is no change
    assert client("DELETE", EVERY, headers=ADMIN).json()["value"] == 5
    assert client("PUT", "/api/v1/settings/event_types", json={"value": []}, headers=ADMIN).status_code == 200
    items = client("GET", "/api/v1/audit", headers=ADMIN).json()["items"]
    assert [(one["who"], one["what"], one["to"]) for one in items[:1]] == [("token", "event_types", [])]
    assert [(one["what"], one["from"], one["to"]) for one in items[1:]] == [
        ("summary.interval_s", 1, 5),
        ("summary.interval_s", 5, 1),
    ]
    page = client("GET", "/api/v1/audit?limit=1&what=summary.", headers=ADMIN).json()
    behind = client("GET", f"/api/v1/audit?limit=1&what=summary.&cursor={page['next']}", headers=ADMIN).json()
    assert (page["items"], behind["items"], behind["next"]) == ([items[1]], [items[2]], None)


def test_what_is_outside_its_limits_is_refused_beside_its_name_and_changes_nothing(client: Client) -> None:
    answer = client("PUT", EVERY, json={"value": 0.2}, headers=ADMIN)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["errors"] == [{"where": "summary.interval_s", "what": "0.2 is outside of 0.5 to 3600 s."}]
    client("PUT", "/api/v1/settings/summary.floor_s", json={"value": 2}, headers=ADMIN)
    assert "floor of 2 s" in client("PUT", EVERY, json={"value": 1}, headers=ADMIN).json()["detail"]
    assert client("PUT", EVERY, json={"other": 1}, headers=ADMIN).status_code == 422
    assert client("PUT", "/api/v1/settings/no.such", json={"value": 1}, headers=ADMIN).status_code == 404
    assert setting(client, "summary.interval_s")["value"] == 5


def test_nobody_but_an_admin_changes_anything(client: Client, feed: Feed) -> None:
    feed(message("bus", NOW))
    ways: list[tuple[str, str, dict[str, Any]]] = [
        ("PUT", EVERY, {"json": {"value": 1}}),
        ("DELETE", EVERY, {}),
        ("PUT", "/api/v1/devices/bus", {"json": {"label": "x"}}),
        ("GET", "/api/v1/audit", {}),
    ]
    for method, url, body in ways:
        assert client(method, url, **body).status_code == 401, url
        assert client(method, url, **body, headers={"authorization": "Bearer ingest-token"}).status_code == 401, url
    client("POST", "/api/v1/session", json={"user": "vera", "password": "right"}, headers=OURS)
    for method, url, body in ways:
        assert client(method, url, **body, headers=OURS).status_code == 403, url
    client("POST", "/api/v1/session", json={"user": "admin", "password": "right"}, headers=OURS)
    for method, url, body in ways[:3]:  # the cookie alone does not say that one of our pages asks
        assert client(method, url, **body).status_code == 403, url
        assert client(method, url, **body, headers={"origin": "http://evil.example"}).status_code == 403, url
    assert client("GET", "/api/v1/audit", headers=OURS).json()["items"] == []
    assert client("PUT", EVERY, json={"value": 1}, headers=OURS).json()["value"] == 1


def test_a_given_label_wins_over_what_the_device_sends_until_it_is_taken_back(client: Client, feed: Feed) -> None:
    feed(message("depot/7", NOW, texts={"label": "sent", "fleet": "north", "kind": "bus"}))
    given = client("PUT", "/api/v1/devices/depot%2F7", json={"label": " Airport "}, headers=ADMIN).json()
    assert (given["device_id"], given["label"], given["fleet"], given["kind"]) == ("depot/7", "Airport", "north", "bus")
    feed(message("depot/7", NOW, texts={"label": "sent anew", "fleet": "south"}))
    assert client.get("/api/v1/devices/depot%2F7").json()["label"] == "Airport"
    back = client("PUT", "/api/v1/devices/depot%2F7", json={"label": None}, headers=ADMIN).json()
    assert (back["label"], back["fleet"]) == ("sent anew", "south")
    assert client("PUT", "/api/v1/devices/nobody", json={"label": "x"}, headers=ADMIN).status_code == 404
    bad = client("PUT", "/api/v1/devices/depot%2F7", json={"fleet": "x" * 201}, headers=ADMIN)
    assert (bad.status_code, bad.json()["errors"][0]["where"]) == (422, "fleet")
    audit = client("GET", "/api/v1/audit?what=device", headers=ADMIN).json()["items"]
    assert [(one["what"], one["from"], one["to"]) for one in audit] == [
        ("device depot/7: label", "Airport", "sent anew"),
        ("device depot/7: label", "sent", "Airport"),
    ]


def follow(server: Served, origin: str | None = None) -> ClientConnection:
    headers = {} if origin is None else {"Origin": origin}
    address = server.url.replace("http", "ws") + "/api/v1/notices"
    return connect(address, additional_headers=headers, close_timeout=0.3)


def heard(socket: ClientConnection) -> dict[str, Any]:
    """What the next notice says of the Summary page."""
    while True:
        notice = json.loads(socket.recv(TIMEOUT_S))
        if notice["type"] == "settings":
            found: dict[str, Any] = notice["settings"]["pages"]["summary"]
            return found


def closed(socket: ClientConnection) -> int:
    """The code with which the server closes it without a word."""
    with pytest.raises(ConnectionClosedError) as ended:
        socket.recv(TIMEOUT_S)
    assert ended.value.rcvd is not None
    return int(ended.value.rcvd.code)


def test_open_pages_of_every_worker_are_told_at_once_and_one_that_is_slow_hears_the_newest(
    serve: Serve, secrets: None
) -> None:
    one, other = serve(), serve()
    with follow(one) as near, follow(other) as far:
        assert [heard(near)["interval_s"], heard(far)["interval_s"]] == [5, 5]
        site = one.app.state.store.site
        site.change("summary.interval_s", 2, "admin")
        assert [heard(near)["interval_s"], heard(far)["interval_s"]] == [2, 2]
        for seconds in range(3, 30):
            site.change("summary.interval_s", seconds, "admin")
        while heard(far)["interval_s"] != 29:
            pass
        with follow(other) as late:
            assert heard(late)["interval_s"] == 29
    wait_until(lambda: one.app.state.board.viewers == 0)


def test_another_sites_page_is_told_nothing_and_there_is_an_end_to_the_room(serve: Serve) -> None:
    server = serve(max_viewers=1)
    with follow(server, "http://evil.example") as stranger:
        assert closed(stranger) == 4403
    with follow(server) as first, follow(server) as second:
        assert heard(first)
        assert closed(second) == 1013


def test_other_processes_know_while_redis_is_away(
    engine: Engine, linked_redis: str, redis_link: Link, serve: Serve
) -> None:
    here = serve()
    apart = Served(api_of(Store(engine, LiveReader(linked_redis), make_settings())))
    try:
        redis_link.cut()
        with follow(apart) as viewer:
            assert heard(viewer)["interval_s"] == 5
            here.app.state.store.site.change("summary.interval_s", 1, "admin")
            assert heard(viewer)["interval_s"] == 1
            apart.app.state.store.site.change("summary.interval_s", 4, "admin")
            assert heard(viewer)["interval_s"] == 4
        wait_until(lambda: here.app.state.store.site.current.pages["summary"].interval_s == 4)
    finally:
        apart.stop()


def test_a_row_that_cannot_be_used_takes_no_page_with_it(engine: Engine, serve: Serve) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO setting (name, value, updated_by) VALUES ('x', '1', 'a'), ('top.mode', '\"no\"', 'a')")
        )
    with follow(serve()) as viewer:
        assert heard(viewer) == {"interval_s": 5, "floor_s": 1, "mode": "interval"}


def test_an_open_live_map_hears_at_once_what_a_device_is_called_now(serve: Serve, feed: Feed, secrets: None) -> None:
    feed(message("bus", NOW, texts={"label": "sent"}))
    server = serve()
    with server.viewer() as viewer:
        viewer.until_text(lambda told: told["type"] == "devices" and told["label"] == ["sent"])
        answer = httpx.put(f"{server.url}/api/v1/devices/bus", json={"label": "Airport"}, headers=ADMIN)
        assert answer.json()["label"] == "Airport"
        viewer.until_text(lambda told: told["type"] == "devices" and told["label"] == ["Airport"])


def test_many_devices_put_into_a_fleet_at_once_are_one_entry_of_the_audit_with_what_each_was(
    client: Client, feed: Feed
) -> None:
    feed(message("a", NOW, texts={"fleet": "north"}), message("b", NOW), message("c", NOW, texts={"fleet": "south"}))
    store = client.app.state.store
    renamed = name_devices(store, ["c", "b", "a", "nobody"], {"fleet": "south"}, "admin")
    assert [(one.name, one.before, one.given) for one in renamed] == [
        ("a", {"fleet": "north"}, {"fleet": None}),
        ("b", {"fleet": None}, {"fleet": None}),
        ("c", {"fleet": "south"}, {"fleet": None}),
    ]
    fleets = {one["device_id"]: one["fleet"] for one in client.get("/api/v1/devices").json()["devices"]}
    assert fleets == {"a": "south", "b": "south", "c": "south"}
    (entry,) = client("GET", "/api/v1/audit", headers=ADMIN).json()["items"]
    assert (entry["what"], entry["from"], entry["to"]) == ("2 devices: fleet", {"a": "north", "b": None}, "south")
    name_devices(store, ["a", "b"], {"fleet": None}, "admin")
    assert client.get("/api/v1/devices/a").json()["fleet"] == "north"
    assert client.get("/api/v1/devices/b").json()["fleet"] is None
