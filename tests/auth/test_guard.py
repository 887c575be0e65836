"""What every request passes first: our host alone, and nothing that another site's page makes a browser do."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from auth.guard import LOCAL_HOSTS, Guard, is_loopback, same_origin


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Lets all in."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
    else:
        await PlainTextResponse("in")(scope, receive, send)


def ask(
    method: str = "GET", *, hosts: frozenset[str] | None = LOCAL_HOSTS, host: str = "localhost:8050", **headers: str
) -> httpx.Response:
    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(Guard(app, hosts))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8050") as client:
            return await client.request(method, "/", headers={"host": host} | headers)

    return asyncio.run(asking())


def knock(host: str, hosts: frozenset[str] | None = LOCAL_HOSTS) -> Message:
    """What a websocket is told first."""
    told: list[Message] = []
    scope: dict[str, Any] = {"type": "websocket", "path": "/", "headers": [(b"host", host.encode())]}

    async def send(message: Message) -> None:
        told.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    asyncio.run(Guard(app, hosts)(scope, receive, send))
    return told[0]


OURS = ["localhost", "localhost:8050", "LOCALHOST:8050", "127.0.0.1", "127.0.0.1:8050", "[::1]", "[::1]:8050"]
NOT_OURS = [
    "evil.example", "evil.example:8050", "localhost.evil.example", "127.0.0.1.nip.io", "localhost@evil.example",
    "0.0.0.0", "10.0.0.1", "", "[::1", "[", "]", "a]b", "[::ffff:1.2.3.4]", "localhost.", "\u00e9",
]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_our_hosts_are_answered(host: str) -> None:
    assert ask(host=host).text == "in"
    assert knock(host)["type"] == "websocket.accept"


@pytest.mark.parametrize("host", NOT_OURS)
def test_any_other_host_is_421_that_says_what_to_do(host: str) -> None:
    if host.isascii():
        answer = ask(host=host)
        assert answer.status_code == 421
        assert "WAYPOST_ALLOWED_HOSTS" in answer.text
    assert knock(host) == {"type": "websocket.close", "code": 1008, "reason": "unknown host name"}


def test_a_name_added_is_answered_however_it_is_written() -> None:
    hosts = LOCAL_HOSTS | {"Waypost.Example"}
    assert ask(host="waypost.example:8050", hosts=hosts).text == "in"
    assert ask(host="WAYPOST.EXAMPLE", hosts=hosts).text == "in"
    assert ask(host="other.example", hosts=hosts).status_code == 421


def test_where_any_host_will_do_any_is_answered() -> None:
    for host in (*OURS, "anything.example"):
        assert ask(host=host, hosts=None).text == "in"
        assert knock(host, hosts=None)["type"] == "websocket.accept"


@pytest.mark.parametrize("hosts", [LOCAL_HOSTS, None])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "post"])
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost:9999", "http://localhost", "null", "", "http://[", "localhost:8050"],
)
def test_what_changes_things_does_not_come_from_another_site(
    method: str, origin: str, hosts: frozenset[str] | None
) -> None:
    answer = ask(method, hosts=hosts, origin=origin)
    assert (answer.status_code, answer.text) == (403, "A page of another origin asked.\n")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("origin", ["http://localhost:8050", "https://localhost:8050", "http://LOCALHOST:8050", None])
def test_our_own_pages_and_scripts_may(method: str, origin: str | None) -> None:
    answer = ask(method) if origin is None else ask(method, origin=origin)
    assert answer.text == "in"


@pytest.mark.parametrize("site, status", [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)])
def test_a_browser_that_sends_no_origin_is_taken_by_where_it_says_to_come_from(site: str, status: int) -> None:
    headers: dict[str, Any] = {"sec-fetch-site": site}
    assert ask("POST", **headers).status_code == status


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_looking_is_left_to_the_browser_which_does_not_show_other_sites_what_it_got(method: str) -> None:
    answer = ask(method, origin="https://evil.example")
    assert answer.status_code == 200
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_same_origin_is_the_same_host_and_port() -> None:
    assert same_origin({"host": "a:1"})
    assert same_origin({"host": "a:1", "origin": "http://a:1"})
    assert not same_origin({"host": "a:1", "origin": "http://a:2"})
    assert not same_origin({"host": "a:1", "origin": "http://a"})
    assert not same_origin({"host": "", "origin": "null"})
    assert not same_origin({"origin": "http://a"})


def test_the_start_and_the_end_of_the_server_pass() -> None:
    seen: list[str] = []

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    async def nothing(*_: Any) -> Any:
        return None

    asyncio.run(Guard(inner, LOCAL_HOSTS)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]


@pytest.mark.parametrize(
    "host, loopback",
    [
        ("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True),
        ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("example.org", False), ("", False),
    ],
)  # fmt: skip
def test_what_can_be_reached_from_this_machine_alone(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
