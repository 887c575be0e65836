"""The hub: what viewers are given. Real Redis and database, no sockets."""

import threading
import time

import pytest

from api.live.frames import Described
from api.live.hub import Hub
from db.store import Store
from tests.api import frames
from tests.api.feed import SECOND, Feed, message
from tests.api.frames import DELTA, HEARTBEAT, SNAPSHOT
from tests.api.hub_pages import Page, eventually, living, run
from tests.states import LiveState, pack

pytestmark = pytest.mark.usefixtures("quick")
NOW = time.time_ns() // 1000


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
    read, fed, feeding = Hub._read_devices, list[str](), threading.Lock()

    def slow(hub: Hub, ids: list[int] | None) -> list[Described]:
        found = read(hub, ids)
        if not fed and any(name == "first" for _, name, *_ in found):
            with feeding:  # whoever looks up all may have found the first before it was published
                feed(message("second", NOW))  # is published while the first is looked up, and nothing after it
            fed.append("second")
            time.sleep(0.1)
        return found

    monkeypatch.setattr(Hub, "_read_devices", slow)

    async def test() -> None:
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT, paused=False)
            with feeding:
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
