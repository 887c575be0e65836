"""Viewers of one panel share one question, at one rounded moment."""

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import anyio.to_thread

from components.shared import SharedAnswers, shared_moment

NOW = datetime(2026, 11, 23, 9, 0, 19, 345_678, tzinfo=UTC)


def test_many_who_ask_at_once_and_a_moment_later_ask_once() -> None:
    asked: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def load() -> str:
        asked.append(1)
        begun.set()
        assert go_on.wait(20)
        return "answer"

    async def run() -> list[str]:
        shared = SharedAnswers()
        viewers = [asyncio.create_task(anyio.to_thread.run_sync(shared.get, "panel", load)) for _ in range(20)]
        await anyio.to_thread.run_sync(begun.wait, 20)
        go_on.set()
        found = [await viewer for viewer in viewers]
        found.append(await anyio.to_thread.run_sync(shared.get, "panel", load))
        return found

    assert asyncio.run(run()) == ["answer"] * 21
    assert len(asked) == 1


def test_moments_are_rounded_by_the_length_of_what_is_seen_and_never_by_more_than_an_interval() -> None:
    rounded = {
        hours: (NOW - shared_moment(NOW, timedelta(hours=hours))).total_seconds() for hours in (0.1, 1, 3, 24 * 7)
    }
    assert rounded == {0.1: 0.345678, 1: 0.345678, 3: 1.345678, 24 * 7: 4.345678}
