"""Many who ask the same cost one query, and who has the answer already is told so; nobody gets another's answer."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import httpx
import pytest
from fastapi import FastAPI, Response
from sqlalchemy import Engine, event

from api.answers import Answers
from core.text import iso_utc
from core.types import from_micros
from tests.api.conftest import Client, make_api
from tests.api.feed import SECOND, Feed, message
from tests.api.link import Link
from tests.api.served import TIMEOUT_S

NOW = time.time_ns() // 1000
FIXED = {"from": iso_utc(from_micros(NOW - 60 * SECOND)), "to": iso_utc(from_micros(NOW + SECOND))}
QUESTIONS = ["/api/v1/metrics", "/api/v1/summary?metric=speed", "/api/v1/summary?metric=speed&by=device",
             "/api/v1/series?metric=speed", "/api/v1/series?metric=speed&device=a&format=csv",
             "/api/v1/top?metric=speed", "/api/v1/top?metric=speed&format=csv",
             "/api/v1/devices/a/track", "/api/v1/devices/a/track?format=gpx"]  # fmt: skip


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """Every statement that the database gets, in order."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


class Visitors:
    """Ask an application whose lifespan has not begun: its hub asks the database on its own, and would be counted."""

    def __init__(self, app: FastAPI) -> None:
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://localhost:8050")

    def get(self, url: str, **params: object) -> httpx.Response:
        """One GET."""
        return self("GET", url, params=params or None)

    def __call__(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Any request."""
        return self._runner.run(self._client.request(method, url, **more))

    def at_once(self, url: str, n: int) -> list[httpx.Response]:
        """The answers to requests that are all under way before any is answered."""

        async def ask() -> list[httpx.Response]:
            return await asyncio.gather(*(self._client.get(url) for _ in range(n)))

        return self._runner.run(ask())

    def one_leaves(
        self, url: str, begun: threading.Event, release: threading.Event
    ) -> tuple[object, list[httpx.Response]]:
        """What the first of three gets who leaves once the query has begun, and what the others get."""

        async def ask() -> tuple[object, list[httpx.Response]]:
            first, *others = [asyncio.create_task(self._client.get(url)) for _ in range(3)]
            assert await asyncio.to_thread(begun.wait, TIMEOUT_S)
            first.cancel()
            [left] = await asyncio.gather(first, return_exceptions=True)
            release.set()
            return left, list(await asyncio.gather(*others))

        return self._runner.run(ask())

    def close(self) -> None:
        """Close the connections."""
        self._runner.run(self._client.aclose())
        self._runner.close()


Visit = Callable[..., Visitors]


@pytest.fixture
def visit(engine: Engine, redis_url: str, feed: Feed) -> Iterator[Visit]:
    """Visitors of an API over two devices; the engine and settings by name."""
    feed(message("a", NOW - 9 * SECOND, speed=3), message("b", NOW - 8 * SECOND, speed=5))
    made: list[Visitors] = []

    def start(over: Engine = engine, **settings: Any) -> Visitors:
        made.append(Visitors(make_api(over, redis_url, **settings)))
        return made[-1]

    yield start
    for visitors in made:
        visitors.close()


@pytest.fixture
def keeping(visit: Visit) -> Visitors:
    """Answers are kept for a minute."""
    return visit(cache_s=60)


@pytest.fixture
def once_all_have_asked(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """From then on, the database is asked nothing before so many have come to the answers: however slowly they arrive,
    the first is under way until the last is there."""
    expected, all_there, respond = 0, threading.Event(), Answers.respond
    all_there.set()

    async def counted(answers: Answers, *question: Any) -> Response:
        nonlocal expected
        expected -= 1
        if expected == 0:
            all_there.set()
        return await respond(answers, *question)

    def hold(*_of_statement: object) -> None:
        assert all_there.wait(TIMEOUT_S)

    def expect(visitors: int) -> None:
        nonlocal expected
        expected = visitors
        all_there.clear()

    monkeypatch.setattr(Answers, "respond", counted)
    event.listen(engine, "before_cursor_execute", hold)
    yield expect
    event.remove(engine, "before_cursor_execute", hold)


@pytest.mark.parametrize("url", QUESTIONS)
def test_many_who_ask_at_once_cost_what_one_costs(
    visit: Visit, statements: list[str], once_all_have_asked: Callable[[int], None], url: str
) -> None:
    visitors = visit(cache_s=0)  # so that it is being under way together that is shared
    visitors.get(url)
    alone = len(statements)
    assert alone > 0
    statements.clear()
    once_all_have_asked(40)
    answers = visitors.at_once(url, 40)
    assert len(statements) == alone
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("url", QUESTIONS)
def test_who_asks_again_costs_nothing(keeping: Visitors, statements: list[str], url: str) -> None:
    first = keeping.get(url)
    statements.clear()
    again = keeping.get(url)
    assert statements == []
    assert (first.status_code, again.content) == (200, first.content)


@pytest.mark.parametrize(
    "url, same",
    [
        (
            "/api/v1/summary?metric=speed&from=2026-01-01T00:00:00Z",
            "/api/v1/summary?from=2026-01-01T01:00:00%2B01:00&metric=speed",
        ),
        ("/api/v1/top?metric=speed", "/api/v1/top?n=10&stat=max&order=desc&metric=speed&format=json"),
        ("/api/v1/series?metric=speed&device=a&device=a", "/api/v1/series?metric=speed&device=a&points=300"),
    ],
)
def test_a_question_put_in_other_words_is_the_same(
    keeping: Visitors, statements: list[str], url: str, same: str
) -> None:
    first = keeping.get(url)
    statements.clear()
    assert keeping.get(same).content == first.content
    assert statements == []


BASE: Final[dict[str, dict[str, object]]] = {
    "/api/v1/summary": {"metric": "speed"},
    "/api/v1/series": {"metric": "speed"},
    "/api/v1/top": {"metric": "speed"},
    "/api/v1/devices/a/track": {},
}


CHANGES: Final[dict[str, list[dict[str, object]]]] = {
    "/api/v1/summary": [{"metric": "altitude"}, {"by": "device"}, {"device": "a"}, {"fleet": "f"}, {**FIXED}],
    "/api/v1/series": [{"metric": "altitude"}, {"device": "a"}, {"fleet": "f"}, {"points": 9}, {**FIXED}],
    "/api/v1/top": [{"metric": "altitude"}, {"fleet": "f"}, {"stat": "min"}, {"n": 1}, {"order": "asc"}, {**FIXED}],
    "/api/v1/devices/a/track": [{"max_points": 9}, {"format": "csv"}, {"format": "gpx"}, {**FIXED}],
}


@pytest.mark.parametrize("path, change", [(path, change) for path in CHANGES for change in CHANGES[path]])
def test_whatever_differs_in_a_question_makes_it_another(
    keeping: Visitors, statements: list[str], path: str, change: dict[str, object]
) -> None:
    keeping.get(path, **BASE[path])
    statements.clear()
    assert keeping.get(path, **(BASE[path] | change)).status_code == 200
    assert statements


def test_the_accept_header_is_part_of_the_question(keeping: Visitors) -> None:
    url = "/api/v1/top?metric=speed"
    types = [keeping("GET", url, headers={"Accept": accept}).headers["content-type"] for accept in ("*/*", "text/csv")]
    assert types == ["application/json", "text/csv; charset=utf-8"]
    assert "Accept" in keeping.get(url).headers["vary"]


def test_an_error_is_not_kept(keeping: Visitors, feed: Feed) -> None:
    url = "/api/v1/summary?metric=kW"
    assert keeping.get(url).status_code == 404
    feed(message("a", NOW, values={"kW": 2}))
    assert keeping.get(url).status_code == 200


def test_the_database_back_is_an_answer_again(visit: Visit, linked_engine: Engine, database_link: Link) -> None:
    visitors, url = visit(linked_engine, cache_s=60), "/api/v1/top?metric=speed"
    database_link.cut()
    assert {answer.status_code for answer in visitors.at_once(url, 5)} == {503}
    database_link.mend()
    assert visitors.get(url).status_code == 200


def test_who_leaves_takes_the_answer_from_nobody(engine: Engine, keeping: Visitors, statements: list[str]) -> None:
    begun, release = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        begun.set()
        assert release.wait(TIMEOUT_S)

    event.listen(engine, "before_cursor_execute", hold)
    left, answers = keeping.one_leaves("/api/v1/top?metric=speed", begun, release)
    event.remove(engine, "before_cursor_execute", hold)
    assert isinstance(left, asyncio.CancelledError)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert sum("ORDER BY" in statement for statement in statements) == 1


@pytest.mark.parametrize("url", QUESTIONS)
def test_what_has_not_changed_is_304_without_a_body(keeping: Visitors, url: str) -> None:
    first = keeping.get(url)
    etag = first.headers["etag"]
    for sent in (etag, etag.removeprefix("W/"), f'"x", {etag}', "*"):
        again = keeping("GET", url, headers={"If-None-Match": sent})
        assert (again.status_code, again.content) == (304, b""), sent
        assert again.headers["etag"] == etag
        assert again.headers["cache-control"].startswith("private, max-age=")
        assert "Accept" in again.headers["vary"]
    assert keeping("HEAD", url, headers={"If-None-Match": etag}).status_code == 304
    assert keeping("GET", url, headers={"If-None-Match": '"x"'}).status_code == 200


def test_the_etag_is_of_the_content_not_of_its_making(api: Client, feed: Feed) -> None:
    feed(message("a", NOW - 9 * SECOND, speed=3))
    first, again = (api.get("/api/v1/summary", metric="speed", **FIXED).headers["etag"] for _ in range(2))
    assert again == first
    feed(message("a", NOW - 5 * SECOND, speed=4))
    assert api.get("/api/v1/summary", metric="speed", **FIXED).headers["etag"] != first


def test_a_browser_may_keep_it_as_long_as_we_do(keeping: Visitors, api: Client) -> None:
    url = "/api/v1/top?metric=speed"
    age = [keeping.get(url).headers["cache-control"] for _ in range(2)]
    seconds = [int(text.removeprefix("private, max-age=")) for text in age]
    assert 60 >= seconds[0] >= seconds[1] >= 0
    assert api.get(url).headers["cache-control"] == "private, max-age=0"


@pytest.mark.parametrize("url", ["/api/v1/latest", "/api/v1/devices", "/api/v1/devices/a", "/readyz"])
def test_live_states_are_never_kept(keeping: Visitors, statements: list[str], url: str) -> None:
    keeping.get(url)
    statements.clear()
    keeping.get(url)
    assert statements
