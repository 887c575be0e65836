"""The hub: what viewers are given, and that nothing which goes wrong ends it. Real Redis and database, no sockets."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import redis
from sqlalchemy import Engine

from api.live.hub import Hub
from api.live.viewer import _MOST_WAITING as MOST_WAITING
from api.live.viewer import Viewer
from db.live import DEVICES, LATEST, LIVE, VALUES, LiveReader
from db.store import Store
from tests.api import frames
from tests.api.conftest import make_settings
from tests.api.feed import SECOND, Feed, message
from tests.api.frames import DELTA, HEARTBEAT, SNAPSHOT
from tests.api.link import Link
from tests.states import LiveState, pack

pytestmark = pytest.mark.usefixtures("quick")
NOW = time.time_ns() // 1000
LONG_S = 20.0


class Page:
    """A viewer that reads all it is given."""

    def __init__(self, hub: Hub, *, json_format: bool = False) -> None:
        self.viewer = Viewer(json=json_format)
        self.names: dict[int, str] = {}
        self.labels: dict[int, str | None] = {}
        hub.join(self.viewer)

    async def next(self) -> frames.Frame | dict[str, Any]:
        """The next frame; one that speaks of devices without a name fails."""
        async with asyncio.timeout(LONG_S):
            data = await self.viewer.next()
        if isinstance(data, bytes):
            frame = frames.decode(data)
            assert set(frame.id) <= self.names.keys()
            return frame
        text: dict[str, Any] = json.loads(data)
        if text["type"] == "devices":
            self.names.update(zip(text["id"], text["name"], strict=True))
            self.labels.update(zip(text["id"], text["label"], strict=True))
        return text

    async def until(self, *kinds: int, paused: bool | None = None) -> frames.Frame:
        """The next binary frame of these kinds."""
        while True:
            frame = await self.next()
            if isinstance(frame, frames.Frame) and frame.kind in kinds and paused in {None, frame.paused}:
                return frame

    async def shown(self, *names: str) -> frames.Frame:
        """The next snapshot or delta that is about just these."""
        while True:
            frame = await self.until(SNAPSHOT, DELTA)
            if {self.names[device] for device in frame.id} == set(names):
                return frame


@contextlib.asynccontextmanager
async def living(store: Store) -> AsyncIterator[Hub]:
    """A hub that runs, and is seen to end as it should."""
    hub = Hub(store)
    task = asyncio.create_task(hub.run())
    try:
        yield hub
        assert not task.done(), "the hub has ended by itself"
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.live.close()
    assert len(asyncio.all_tasks()) == 1, "the hub left tasks behind"


def run(test: Awaitable[None]) -> None:
    """Run an asynchronous test."""

    async def bounded() -> None:
        async with asyncio.timeout(3 * LONG_S):
            await test

    asyncio.run(bounded())


async def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(LONG_S):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)


@pytest.fixture
def store(engine: Engine, redis_url: str) -> Store:
    """Straight to both."""
    return Store(engine, LiveReader(redis_url), make_settings())


@pytest.fixture
def linked(linked_engine: Engine, linked_redis: str) -> Store:
    """Over lines that can be cut."""
    return Store(linked_engine, LiveReader(linked_redis), make_settings())


@pytest.fixture
def raw(redis_url: str) -> Iterator["redis.Redis"]:
    """Redis itself, to write what no ingest would."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


def test_names_come_first_then_a_snapshot_then_only_what_changed(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW, 1, 2, speed=3, texts={"label": "Line 7"}), message("b", NOW, 3, 4), message("c", NOW))
        async with living(store) as hub:
            page = Page(hub)
            first = await page.next()
            assert isinstance(first, dict)
            assert first["type"] == "devices"
            assert set(first["name"]) == {"a", "b", "c"}
            snapshot = await page.next()
            assert isinstance(snapshot, frames.Frame)
            assert (snapshot.kind, snapshot.total, len(snapshot.id), snapshot.paused) == (SNAPSHOT, 3, 3, False)
            feed(message("b", NOW + SECOND, 5, 6))
            delta = await page.until(DELTA)
            assert [page.names[device] for device in delta.id] == ["b"]
            assert (delta.lat, delta.lon) == ((50_000_000,), (60_000_000,))
            assert delta.sequence > snapshot.sequence

    run(test())


def test_nothing_is_sent_twice(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW), message("b", NOW))
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT)
            for _ in range(3):  # nothing has changed, so nothing but heartbeats
                frame = await page.next()
                assert isinstance(frame, frames.Frame)
                assert (frame.kind, frame.id, frame.total) == (HEARTBEAT, (), 2)
            feed(message("a", NOW + 1), message("a", NOW + 2))
            assert len((await page.until(DELTA)).id) == 1
            assert (await page.until(DELTA, HEARTBEAT)).kind == HEARTBEAT

    run(test())


def test_the_newest_data_has_its_age(store: Store, feed: Feed) -> None:
    async def test() -> None:
        async with living(store) as hub:
            page = Page(hub)
            assert (await page.until(SNAPSHOT, paused=False)).newest_age_ms == 0xFFFFFFFF
            moment = time.time_ns() // 1000 - 60 * SECOND
            feed(message("a", moment), message("b", moment - 5 * SECOND))
            frame = await page.until(DELTA)
            assert abs(frame.as_of_ms - frame.newest_age_ms - moment / 1000) < 2

    run(test())


def test_a_new_device_is_named_before_a_frame_speaks_of_it(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("old", NOW))
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT)
            feed(message("new", NOW))
            told = await page.next()
            while isinstance(told, frames.Frame):
                assert told.kind == HEARTBEAT
                told = await page.next()
            assert told["name"] == ["new"]
            await page.shown("new")

    run(test())


def test_devices_that_appear_while_others_are_being_named_are_named_too(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            read, asked = hub._read_devices, list[object]()

            def slow(ids: list[int] | None) -> Any:
                found = read(ids)
                asked.append(ids)
                if len(asked) == 1:
                    feed(message("second", NOW))  # is published while the first are looked up, and nothing after it
                    time.sleep(0.1)
                return found

            monkeypatch.setattr(hub, "_read_devices", slow)
            feed(message("first", NOW))
            await eventually(lambda: hub._picture.total == 2)
            while set(page.names.values()) != {"first", "second"}:
                await page.next()

    run(test())


def test_a_device_in_redis_that_the_database_does_not_know_is_not_shown_and_holds_up_nobody(
    store: Store, feed: Feed
) -> None:
    async def test() -> None:
        feed.live.publish(pack([(999, LiveState(NOW, NOW, 1.0, 2.0))]), {})
        feed(message("a", NOW))
        async with living(store) as hub:
            page = Page(hub)
            snapshot = await page.until(SNAPSHOT)
            assert (snapshot.total, len(snapshot.id)) == (1, 1)
            feed(message("b", NOW))
            await page.shown("b")
            assert 999 not in page.names

    run(test())


def test_a_device_that_redis_has_before_the_database_is_shown_as_soon_as_both_have(store: Store, feed: Feed) -> None:
    async def test() -> None:
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            feed.live.publish(pack([(1, LiveState(NOW, NOW, 1.0, 2.0))]), {})
            await eventually(lambda: hub._picture.has_unnamed)
            await page.until(HEARTBEAT)
            await page.until(HEARTBEAT)  # it was asked for in vain meanwhile
            assert feed.register("late") == [1]
            await page.shown("late")

    run(test())


def test_a_device_described_anew_is_told_to_those_who_knew_it_otherwise(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW), message("b", NOW))
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT)
            feed.describe("a", label="Line 8", fleet="north")
            while True:
                told = await page.next()
                if isinstance(told, dict):
                    break
            assert (told["name"], told["label"], told["fleet"]) == (["a"], ["Line 8"], ["north"])
            later = Page(hub)
            await later.until(SNAPSHOT)
            assert later.labels == {**page.labels}

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


@pytest.mark.parametrize("part", ["_send_snapshots", "_send_changes", "_read_devices"])
def test_an_error_that_nobody_foresaw_is_logged_and_tried_again(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], part: str
) -> None:
    right = getattr(Hub, part)
    failures = [ZeroDivisionError("nobody foresaw this")]

    def fails_once(hub: Hub, *args: Any) -> Any:
        if failures:
            raise failures.pop()
        return right(hub, *args)

    monkeypatch.setattr(Hub, part, fails_once)

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


@pytest.fixture
def few_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many frames as the hub really lets wait."""
    monkeypatch.setattr("api.live.viewer._MOST_WAITING", MOST_WAITING)


def test_few_frames_may_wait_for_a_viewer() -> None:
    assert MOST_WAITING == 4


def test_a_viewer_that_does_not_read_holds_a_few_frames_and_then_gets_a_snapshot(
    store: Store, feed: Feed, few_waiting: None
) -> None:
    async def test() -> None:
        feed(message("a", NOW), message("b", NOW))
        async with living(store) as hub:
            page, other = Page(hub), Page(hub)
            await page.until(SNAPSHOT)
            await other.until(SNAPSHOT)
            moment = 0
            while not page.viewer.dropped:
                moment += 1
                feed(message("a", NOW + moment, 1, 1))
                await other.until(SNAPSHOT, DELTA)
                assert len(page.viewer._waiting) <= 4
            for _ in range(10):  # it goes on without giving the page anything
                moment += 1
                feed(message("a", NOW + moment, 1, 1))
                await other.until(SNAPSHOT, DELTA)
            assert len(page.viewer._waiting) == 0
            feed(message("a", NOW + moment + 1, 33, 33), message("late", NOW))
            page.names.clear()  # it must be told all names again: those of what was dropped are lost
            frame = await page.next()
            assert isinstance(frame, dict)
            frame = await page.next()
            assert isinstance(frame, frames.Frame)
            assert frame.kind == SNAPSHOT
            assert await page.until(SNAPSHOT, DELTA, HEARTBEAT)

    run(test())


def test_a_viewer_whose_names_were_dropped_is_told_them_again(store: Store, feed: Feed, few_waiting: None) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT)
            # Just so full that the next frame, the name of a new device, is the one that does not fit.
            await eventually(lambda: len(page.viewer._waiting) >= 4)
            feed(message("new", NOW))
            await eventually(lambda: page.viewer.dropped > 0)
            page.names.clear()
            assert len((await page.until(SNAPSHOT)).id) == 2

    run(test())


def test_in_words_the_same_is_said_with_values(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW, 1, 2, speed=8.2, values={"battery": 0.5}), message("b/ü", NOW, None, None))
        async with living(store) as hub:
            page = Page(hub, json_format=True)
            snapshot = await page.next()
            assert isinstance(snapshot, dict)
            assert snapshot["type"] == "snapshot"
            by_name = {d["device_id"]: d for d in snapshot["devices"]}
            assert by_name.keys() == {"a", "b/ü"}
            assert (by_name["a"]["speed"], by_name["a"]["values"]) == (8.2, {"battery": 0.5})
            assert by_name["b/ü"]["lat"] is None
            feed(message("a", NOW + SECOND, values={"battery": 0.25}))
            while True:
                delta = await page.next()
                assert isinstance(delta, dict)
                assert delta["type"] == "delta"
                if delta["devices"]:
                    break
            assert [(d["device_id"], d["values"]) for d in delta["devices"]] == [("a", {"battery": 0.25})]

    run(test())


def test_a_viewer_that_left_is_given_nothing_more(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(store) as hub:
            gone, page = Page(hub), Page(hub)
            await gone.until(SNAPSHOT)
            hub.leave(gone.viewer)
            hub.leave(gone.viewer)
            assert hub.viewers == 1
            waiting = len(gone.viewer._waiting)
            await page.until(HEARTBEAT)
            await page.until(HEARTBEAT)
            assert len(gone.viewer._waiting) == waiting

    run(test())


def test_all_viewers_of_a_change_share_one_frame(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(store) as hub:
            pages = [Page(hub) for _ in range(5)]
            for page in pages:
                await page.until(SNAPSHOT)
            feed(message("a", NOW + SECOND))
            got = []
            for page in pages:
                while True:
                    data = await page.viewer.next()
                    if isinstance(data, bytes) and data[3] == DELTA:
                        got.append(data)
                        break
            assert all(data is got[0] for data in got)

    run(test())


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
