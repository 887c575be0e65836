"""A viewer that does not read is given the newest picture, never a backlog."""

import time

import pytest

from api.live.viewer import _MOST_WAITING as MOST_WAITING
from db.store import Store
from tests.api import frames
from tests.api.feed import Feed, message
from tests.api.frames import DELTA, HEARTBEAT, SNAPSHOT
from tests.api.hub_pages import Page, eventually, living, run

pytestmark = pytest.mark.usefixtures("quick")
NOW = time.time_ns() // 1000


@pytest.fixture
def few_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many frames as the hub really lets wait."""
    monkeypatch.setattr("api.live.viewer._MOST_WAITING", MOST_WAITING)


def test_few_frames_may_wait_for_a_viewer() -> None:
    assert MOST_WAITING == 6


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
                assert len(page.viewer._waiting) <= MOST_WAITING
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


def test_a_viewer_whose_names_were_dropped_is_told_them_again(
    store: Store, feed: Feed, few_waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test() -> None:
        feed(message("a", NOW))
        async with living(store) as hub:
            page = Page(hub)
            await page.until(SNAPSHOT)
            # Just so full that the next frame, the name of a new device, is the one that does not fit.
            await eventually(lambda: len(page.viewer._waiting) >= MOST_WAITING)
            monkeypatch.setattr("api.live.sender._HEARTBEAT_S", 60.0)
            feed(message("new", NOW))
            await eventually(lambda: page.viewer.dropped > 0)
            page.names.clear()
            assert len((await page.until(SNAPSHOT)).id) == 2

    run(test())
