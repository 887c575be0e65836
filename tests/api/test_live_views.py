"""Each viewer gets its own view: a box, a rate, a metric, and what changed since it left. Real Redis and database."""

import asyncio
import time

import numpy as np
import pytest
from sqlalchemy import Engine

from api.live.picture import Picture
from db.live import LiveReader
from db.store import Store
from tests.api.conftest import make_settings
from tests.api.feed import SECOND, Feed, message
from tests.api.frames import DELTA, HEARTBEAT, SNAPSHOT, Frame
from tests.api.hub_pages import Page, eventually, living, run
from tests.api.link import Link

pytestmark = pytest.mark.usefixtures("quick")
NOW = time.time_ns() // 1000
NORTH, SOUTH = [-180, 0, 180, 90], [-180, -90, 180, -0.001]


def names(page: Page, ids: tuple[int, ...]) -> set[str]:
    return {page.names[device] for device in ids}


def test_two_viewers_with_different_boxes_get_different_devices_and_the_same_totals(store: Store, feed: Feed) -> None:
    async def test() -> None:
        now = time.time_ns() // 1000  # of two minutes ago, they would all be silent
        feed(message("n", now, 50, 10, speed=3), message("s", now, -50, 10), message("nowhere", now, None, None))
        async with living(store) as hub:
            north, south = Page(hub, box=NORTH), Page(hub, box=SOUTH)
            for page, seen in ((north, {"n", "nowhere"}), (south, {"s", "nowhere"})):
                snapshot = await page.until(SNAPSHOT, paused=False)
                assert names(page, snapshot.id) == seen == set(page.names.values())
                totals = (snapshot.total, snapshot.moving, snapshot.stopped, snapshot.silent, snapshot.unlocated)
                assert totals == (3, 1, 2, 0, 1)
            feed(message("s", now + SECOND, -51, 10))
            assert names(south, (await south.until(DELTA)).id) == {"s"}
            heartbeat = await north.until(HEARTBEAT, DELTA)
            assert (heartbeat.kind, heartbeat.total) == (HEARTBEAT, 3)

    run(test())


def test_a_device_that_enters_comes_whole_and_one_that_leaves_is_told(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW, 50, 10, heading=90), message("b", NOW, -50, 10))
        async with living(store) as hub:
            north, also = Page(hub, box=NORTH), Page(hub, box=NORTH, also=["a"])
            await also.until(SNAPSHOT, paused=False)
            [a] = (await north.until(SNAPSHOT, paused=False)).id
            feed(message("b", NOW + SECOND, 1, 2, heading=45))
            entered = await north.until(DELTA)
            assert (names(north, entered.id), entered.heading) == ({"b"}, (4500,))
            feed(message("a", NOW + SECOND, -1, 2))
            left = await north.until(DELTA)
            assert (left.id, left.left) == ((), (a,))
            while (await also.until(DELTA)).lat != (-10_000_000,):
                pass
            feed(message("a", NOW + 2 * SECOND, -2, 2))
            assert (await north.until(DELTA, HEARTBEAT)).kind == HEARTBEAT

    run(test())


def test_a_moved_box_brings_what_entered_and_names_what_left(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("n", NOW, 50, 10), message("m", NOW, 1, 10), message("s", NOW, -50, 10))
        async with living(store) as hub:
            page = Page(hub, box=NORTH)
            await page.until(SNAPSHOT, paused=False)
            page.ask(box=[-180, -90, 180, 10])
            delta = await page.until(SNAPSHOT, DELTA)
            assert (delta.kind, names(page, delta.id), names(page, delta.left)) == (DELTA, {"s"}, {"n"})
            feed(message("m", NOW + SECOND, 2, 10), message("n", NOW + SECOND, 51, 10))
            assert names(page, (await page.until(DELTA)).id) == {"m"}
            page.ask()  # everything
            assert names(page, (await page.until(DELTA)).id) == {"n"}

    run(test())


def test_a_viewer_is_not_sent_more_often_than_it_asked_for(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(store) as hub:
            quick, slow = Page(hub), Page(hub, every_ms=60_000)
            await quick.until(SNAPSHOT, paused=False)
            await slow.until(SNAPSHOT, paused=False)
            feed(message("a", NOW + 1, 1, 1))
            await slow.until(DELTA)  # the first at once
            for moment in range(2, 6):
                feed(message("a", NOW + moment, moment, 1))
                await quick.until(DELTA)
            assert (await slow.until(DELTA, HEARTBEAT)).kind == HEARTBEAT
            slow.ask()
            assert (await slow.until(DELTA)).lat == (50_000_000,)  # the newest, and nothing between

    run(test())


def test_values_of_a_metric_stand_in_a_column_of_their_own(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW, values={"battery": 0.5}), message("b", NOW, speed=2.5))
        async with living(store) as hub:
            page, plain = Page(hub, metric="battery"), Page(hub)
            assert (await plain.until(SNAPSHOT, paused=False)).value is None
            snapshot = await page.until(SNAPSHOT, paused=False)
            assert _values(page, snapshot) == {"a": 0.5, "b": None}
            feed(message("a", NOW + SECOND, values={"battery": 0.25}))
            while (delta := await page.until(DELTA)).value != (0.25,):
                assert names(page, delta.id) == {"a"}
            page.ask(metric="speed")
            assert _values(page, await page.until(DELTA)) == {"a": None, "b": 2.5}
            await eventually(lambda: not hub._picture.has_values)  # nobody looks at it any more
            page.ask(metric="no such metric")
            assert _values(page, await page.until(DELTA)) == {"a": None, "b": None}

    run(test())


def _values(page: Page, frame: Frame) -> dict[str, float | None]:
    assert frame.value is not None
    known = [None if value != value else value for value in frame.value]  # noqa: PLR0124 - NaN
    return dict(zip((page.names[device] for device in frame.id), known, strict=True))


def test_values_that_cannot_be_read_keep_no_place_back(linked: Store, redis_link: Link, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW, values={"battery": 0.5}))
        feed.live._client.hset("waypost:values", str(feed.registry.devices["a"]), b"{not json")
        async with living(linked) as hub:
            page = Page(hub, metric="battery")
            assert _values(page, await page.until(SNAPSHOT, paused=False)) == {"a": None}
            feed(message("a", NOW + SECOND, 9, 9))
            while (await page.until(DELTA)).lat != (90_000_000,):
                pass

    run(test())


def test_one_that_comes_again_is_told_what_changed_meanwhile(
    store: Store, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.sender._SLACK_US", 0)

    async def test() -> None:
        feed(message("a", NOW, 1, 1), message("b", NOW, 2, 2), message("c", NOW, 3, 3), message("d", NOW, -3, 3))
        async with living(store) as hub:
            page = Page(hub, box=NORTH)
            as_of = (await page.until(SNAPSHOT, paused=False)).as_of_ms
            hub.leave(page.viewer)
            feed(message("b", NOW + SECOND, 5, 5), message("c", NOW + SECOND, -5, 5))
            feed.describe("a", label="Line 7")
            await eventually(lambda: hub._picture.described[1][2] == "Line 7" and _is_at(hub._picture, 2, 5.0))
            again = Page(hub, box=NORTH, since=as_of)
            delta = await again.until(SNAPSHOT, DELTA)
            assert (delta.kind, names(again, delta.id), names(page, delta.left)) == (DELTA, {"b"}, {"c"})
            assert "Line 7" in again.labels.values()
            feed(message("a", NOW + SECOND, 9, 9), message("d", NOW + SECOND, 8, 8))
            again.names.update(page.names)  # which it has kept
            seen = set[str]()
            while seen != {"a", "d"}:
                seen |= names(again, (await again.until(DELTA)).id)
            for since in (as_of - 3_600_000, as_of + 3_600_000):  # before this worker looked, and not yet
                assert (await Page(hub, since=since).until(SNAPSHOT, DELTA)).kind == SNAPSHOT

    run(test())


def test_several_workers_give_the_same_picture_and_one_goes_on_where_another_ended(
    store: Store, feed: Feed, engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.live.sender._SLACK_US", 0)
    other_store = Store(engine, LiveReader(redis_url), make_settings())

    async def test() -> None:
        feed(message("a", NOW, 1, 1), message("b", NOW, 2, 2))
        async with living(store) as hub, living(other_store, alone=False) as other:
            pages = [Page(hub), Page(other)]
            for page in pages:
                assert names(page, (await page.until(SNAPSHOT, paused=False)).id) == {"a", "b"}
            for moment in range(1, 4):
                feed(message("a", NOW + moment, moment, 7), message("new", NOW + moment, -moment, 7))
            for page in pages:
                places = dict[str, int]()
                while places.get("a") != 30_000_000 or places.get("new") != -30_000_000:
                    frame = await page.until(SNAPSHOT, DELTA)
                    places |= dict(zip((page.names[device] for device in frame.id), frame.lat, strict=True))
            settled_ms = time.time_ns() / 1e6
            while (as_of := (await pages[0].until(HEARTBEAT)).as_of_ms) <= settled_ms:
                pass  # it was queued before the other hub knew all
            feed(message("b", NOW + SECOND, 9, 9))
            again = Page(other, since=as_of)
            delta = await again.until(SNAPSHOT, DELTA)
            assert (delta.kind, delta.lat) == (DELTA, (90_000_000,))

    run(test())


def _is_at(picture: Picture, device: int, lat: float) -> bool:
    return bool(picture.records(np.array([device], np.intp))["lat"][0] == lat)


def test_viewers_of_one_view_share_a_group_and_empty_ones_are_given_up(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW, 1, 1))
        async with living(store) as hub:
            pages = [Page(hub, box=NORTH) for _ in range(3)] + [Page(hub), Page(hub, json_format=True)]
            for page in pages[:4]:
                await page.until(SNAPSHOT, paused=False)
            await pages[4].next()
            assert len(hub._sender._groups) == 3
            pages[0].ask(box=SOUTH)
            await pages[0].until(DELTA)
            for page in pages:
                hub.leave(page.viewer)
            await eventually(lambda: not hub._sender._groups)

    run(test())


def test_in_words_a_box_leaves_out_the_rest_and_names_those_that_left(store: Store, feed: Feed) -> None:
    async def test() -> None:
        feed(message("a", NOW, 1, 1), message("b", NOW, -1, 1))
        async with living(store) as hub:
            page = Page(hub, json_format=True, box=NORTH)
            said = await page.next()
            assert isinstance(said, dict)
            assert [device["device_id"] for device in said["devices"]] == ["a"]
            feed(message("a", NOW + SECOND, -1, 1))
            while isinstance(said, dict) and "left" not in said:
                said = await page.next()
                await asyncio.sleep(0)
            assert isinstance(said, dict)
            assert (said["devices"], said["left"]) == ([], ["a"])

    run(test())
