"""Whatever goes wrong, the hub goes on. Real Redis and database, over lines that are cut."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from api.live.hub import Hub
from api.live.sender import Sender
from db.live import DEVICES, LATEST, LIVE, VALUES, LiveReader
from db.store import Store
from tests.api.conftest import make_settings
from tests.api.feed import SECOND, Feed, message
from tests.api.frames import DELTA, HEARTBEAT, SNAPSHOT
from tests.api.hub_pages import Page, eventually, living, run
from tests.api.link import Link
from tests.states import LiveState, pack

pytestmark = pytest.mark.usefixtures("quick")
NOW = time.time_ns() // 1000


@pytest.mark.parametrize("fail", [Link.cut, Link.hang])
def test_redis_away_pauses_and_back_goes_on_with_a_fresh_snapshot(
    linked: Store, redis_link: Link, feed: Feed, monkeypatch: pytest.MonkeyPatch, fail: Callable[[Link], None]
) -> None:
    monkeypatch.setattr("api.live.hub._QUIET_S", 0.1)

    async def test() -> None:
        feed(message("a", NOW), message("b", NOW))
        async with living(linked) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            fail(redis_link)
            assert (await page.until(HEARTBEAT, paused=True)).total == 2
            joined = Page(hub)  # who comes meanwhile sees what was known last, and that it is paused
            assert len((await joined.until(SNAPSHOT)).id) == 2
            feed(message("a", NOW + SECOND, 40, 41))
            redis_link.mend()
            for each in (page, joined):
                snapshot = await each.until(SNAPSHOT, paused=False)
                assert len(snapshot.id) == 2
                assert 400_000_000 in snapshot.lat
            feed(message("b", NOW + SECOND, 50, 51))
            for each in (page, joined):
                assert (await each.until(DELTA)).lat == (500_000_000,)

    run(test())


def test_what_was_published_while_a_connection_broke_is_not_missed(linked: Store, redis_link: Link, feed: Feed) -> None:
    # redis-py would by itself connect again and subscribe again, without a word of what was lost between.
    async def test() -> None:
        feed(message("a", NOW), message("b", NOW))
        async with living(linked) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            redis_link.cut()
            feed(message("a", NOW + SECOND, 42, 42))
            redis_link.mend()
            while 420_000_000 not in (await page.until(SNAPSHOT, DELTA)).lat:
                pass

    run(test())


def test_without_the_database_what_is_known_goes_on(linked: Store, database_link: Link, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(linked) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            database_link.cut()
            feed(message("new", NOW))
            feed.describe("a", label="Line 5")
            for i in range(1, 4):
                feed(message("a", NOW + i, i, i))
                frame = await page.shown("a")
                assert not frame.paused
            database_link.mend()
            while set(page.names.values()) != {"a", "new"} or "Line 5" not in page.labels.values():
                await page.next()
            later = Page(hub)
            assert len((await later.until(SNAPSHOT)).id) == 2

    run(test())


def test_redis_back_while_the_database_is_away_is_enough_to_go_on(
    linked: Store, database_link: Link, redis_link: Link, feed: Feed
) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(linked) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            database_link.cut()
            redis_link.cut()
            await page.until(HEARTBEAT, paused=True)
            feed(message("a", NOW + SECOND, 7, 7))
            redis_link.mend()
            assert (await page.until(SNAPSHOT, paused=False)).lat == (70_000_000,)

    run(test())


@pytest.mark.parametrize(
    "channel, rubbish", [(LIVE, b"no record at all"), (DEVICES, b"{not a list"), (DEVICES, b'["a"]')]
)
def test_rubbish_on_a_channel_does_not_end_the_hub(
    store: Store, feed: Feed, raw: "redis.Redis", channel: str, rubbish: bytes
) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            raw.publish(channel, rubbish)
            await page.until(SNAPSHOT, paused=False)  # it has started over
            feed(message("a", NOW + SECOND, 9, 9))
            assert (await page.until(DELTA)).lat == (90_000_000,)

    run(test())


def test_rubbish_among_the_states_leaves_out_that_device_alone(store: Store, feed: Feed, raw: "redis.Redis") -> None:
    async def test() -> None:
        feed(message("a", NOW), message("b", NOW))
        raw.hset(LATEST, str(feed.registry.devices["a"]), b"short")
        raw.hset(VALUES, str(feed.registry.devices["b"]), b"{not json")
        async with living(store) as hub:
            page, people = Page(hub), Page(hub, json_format=True)
            assert len((await page.until(SNAPSHOT, paused=False)).id) == 1
            said = await people.next()
            while isinstance(said, dict) and not said["devices"]:
                said = await people.next()
            assert isinstance(said, dict)
            assert [(d["device_id"], d["values"]) for d in said["devices"]] == [("b", {})]

    run(test())


@pytest.mark.parametrize("part", [(Sender, "_bring"), (Sender, "_send_changes"), (Hub, "_read_devices")])
def test_an_error_that_nobody_foresaw_is_logged_and_tried_again(
    store: Store,
    feed: Feed,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    part: tuple[type, str],
) -> None:
    right = getattr(*part)
    failures = [ZeroDivisionError("nobody foresaw this")]

    def fails_once(one: Any, *args: Any) -> Any:
        if failures:
            raise failures.pop()
        return right(one, *args)

    monkeypatch.setattr(*part, fails_once)

    async def test() -> None:
        async with living(store) as hub:
            page = Page(hub)
            feed(message("a", NOW))
            await page.shown("a")
            feed(message("a", NOW + SECOND, 9, 9))
            while (await page.until(SNAPSHOT, DELTA)).lat != (90_000_000,):
                feed(message("a", NOW + SECOND, 9, 9))

    run(test())
    assert not failures
    output = capsys.readouterr()
    assert "nobody foresaw this" in output.out + output.err


def test_it_can_be_ended_at_any_moment(redis_url: str, engine: Engine) -> None:
    # asyncio.wait_for of Python 3.11, which redis uses, may swallow a cancellation: it must not keep us from ending.
    async def test() -> None:
        for turns in range(40):
            store = Store(engine, LiveReader(redis_url), make_settings())
            async with living(store):
                for _ in range(turns):
                    await asyncio.sleep(0)

    run(test())


def test_putting_all_states_in_place_never_shows_an_empty_fleet(redis_url: str, feed: Feed) -> None:
    # More than Redis reads at once.
    states = pack([(device, LiveState(NOW, NOW, 1.0, 2.0)) for device in range(1, 5001)])
    feed.live.publish(states, {})
    feed.live.publish(pack([(9999, LiveState(NOW, NOW))]), {})

    async def test() -> None:
        reader, done, seen = LiveReader(redis_url), asyncio.Event(), list[int]()

        async def look() -> None:
            while not done.is_set():
                seen.append(len(await reader.read_all()))

        looking = asyncio.create_task(look())
        await eventually(lambda: seen)
        for _ in range(15):
            await asyncio.to_thread(feed.live.replace, states, {})
        done.set()
        await looking
        await reader.close()
        assert set(seen) <= {5001, 5000}
        assert seen[-1] == 5000

    run(test())


def test_a_device_described_anew_while_redis_was_away_is_told_when_it_is_back(
    linked: Store, redis_link: Link, feed: Feed
) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(linked) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            redis_link.cut()
            await page.until(HEARTBEAT, paused=True)
            feed.describe("a", label="Line 9")
            redis_link.mend()
            while "Line 9" not in page.labels.values():
                await page.next()

    run(test())
