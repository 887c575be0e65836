"""What a page may load and do, and how long a browser may keep what it got."""

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from api.headers import SecurityHeaders, content_security_policy

HASHES = ["'sha256-abc='", "'sha256-def='"]


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


def headers_of(
    path: str, *, status: int = 200, given: dict[str, str] | None = None, policies: list[str] | None = None
) -> httpx.Headers:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse("x", status_code=status, headers=given)(scope, receive, send)

    async def ask() -> httpx.Headers:
        wrapped = SecurityHeaders(app, policy=(policies or ["default-src 'self'"]).pop)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(wrapped), base_url="http://localhost") as client:
            return (await client.get(path)).headers

    return asyncio.run(ask())


def test_a_page_runs_our_scripts_and_those_hashed_and_no_others() -> None:
    policy = content_security_policy(HASHES, None)
    assert directives(policy)["script-src"] == ["'self'", *HASHES]
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in directives(policy)["script-src"]
    assert "http:" not in policy
    assert "https:" not in policy


def test_what_is_not_named_comes_from_us_alone() -> None:
    found = directives(content_security_policy([], None))
    assert found["default-src"] == ["'self'"]
    assert found["object-src"] == ["'none'"]
    assert found["frame-ancestors"] == ["'none'"]
    assert found["base-uri"] == ["'self'"]
    assert found["img-src"] == ["'self'", "data:", "blob:"]
    assert found["script-src"] == ["'self'"]


@pytest.mark.parametrize(
    "url, source",
    [
        ("https://tiles.example/{z}/{x}/{y}.png", "https://tiles.example"),
        ("http://localhost:8080/{z}/{x}/{y}.png?key=a;b", "http://localhost:8080"),
        ("https://{s}.tile.openstreetmap.org/{z}/{x}/{y}.png", "https://*.tile.openstreetmap.org"),
        ("https://mt{s}.tiles.example/{z}/{x}/{y}.png", "https://*.tiles.example"),
    ],
)
def test_tiles_may_come_from_their_host_and_no_other(url: str, source: str) -> None:
    assert directives(content_security_policy(HASHES, url))["img-src"] == ["'self'", "data:", "blob:", source]


def test_every_answer_has_the_policy_of_its_moment() -> None:
    policies = ["second", "first"]
    assert headers_of("/", policies=policies)["content-security-policy"] == "first"
    assert headers_of("/nothing", status=404, policies=policies)["content-security-policy"] == "second"


def test_types_are_not_guessed_and_other_sites_are_not_told_where_one_was() -> None:
    found = headers_of("/")
    assert (found["x-content-type-options"], found["referrer-policy"]) == ("nosniff", "same-origin")


@pytest.mark.parametrize(
    "path, kept",
    [
        ("/assets/shell/shell.js?m=1700000000.0", "public, max-age=31536000, immutable"),
        ("/assets/fonts/inter.woff2", "public, max-age=31536000, immutable"),
        ("/assets/basemap/land-50m.json", "no-cache"),
        ("/assets/x.js?n=1", "no-cache"),
        ("/_dash-component-suites/dash/deps/react@18.v4_4_1m1700000000.js", "public, max-age=31536000, immutable"),
        ("/_dash-component-suites/dash/dcc/async-graph.js", "no-store"),
        ("/", "no-store"),
        ("/device/x?m=1", "no-store"),
        ("/api/v1/latest", "no-store"),
    ],
)
def test_only_what_has_its_version_in_its_address_is_kept_for_ever(path: str, kept: str) -> None:
    assert headers_of(path)["cache-control"] == kept


def test_an_answer_that_knows_better_how_long_it_lasts_is_left_alone() -> None:
    assert headers_of("/report", given={"Cache-Control": "max-age=60"})["cache-control"] == "max-age=60"


@pytest.mark.parametrize("status", [304, 404, 500, 503])
def test_errors_are_never_kept_for_ever(status: int) -> None:
    assert "immutable" not in headers_of("/assets/a.js?m=1", status=status).get("cache-control", "")
