"""Who asks the same at once shares one answer; errors and those who leave spoil nothing; what is kept is bounded."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from core.cache import SingleFlightCache

SECONDS = 20.0
pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The event loop that Waypost runs on."""
    return "asyncio"


class Loads:
    """Makes a value, and counts; waits for `go` where it is held."""

    def __init__(self, *, held: bool = False, error: Exception | None = None) -> None:
        self.count = 0
        self.error = error
        self.begun = threading.Event()
        self.go = threading.Event()
        if not held:
            self.go.set()

    def __call__(self) -> str:
        self.count += 1
        self.begun.set()
        assert self.go.wait(SECONDS)
        if self.error is not None:
            raise self.error
        return f"value {self.count}"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def make(
    *, ttl_s: float = 60, max_bytes: int = 1 << 20, loads: int = 4, timer: Clock | None = None
) -> SingleFlightCache[str]:
    return SingleFlightCache(ttl_s=ttl_s, max_bytes=max_bytes, sizeof=len, loads=loads, timer=timer or Clock())


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(SECONDS):
        while not holds():  # noqa: ASYNC110 - what is waited for are plain values
            await asyncio.sleep(0.001)


async def test_all_who_ask_while_it_is_made_share_it() -> None:
    cache, load = make(ttl_s=0), Loads(held=True)
    asking = [asyncio.create_task(cache.get("k", load)) for _ in range(50)]
    await until(load.begun.is_set)
    load.go.set()
    assert set(await asyncio.gather(*asking)) == {"value 1"}
    assert load.count == 1


async def test_it_is_kept_for_its_time_and_then_made_again() -> None:
    clock, load = Clock(), Loads()
    cache = make(ttl_s=2, timer=clock)
    assert [await cache.get("k", load) for _ in range(3)] == ["value 1"] * 3
    clock.now = 1.9
    assert await cache.get("k", load) == "value 1"
    clock.now = 2.0
    assert await cache.get("k", load) == "value 2"


async def test_without_time_to_live_nothing_is_kept() -> None:
    cache, load = make(ttl_s=0), Loads()
    assert [await cache.get("k", load) for _ in range(2)] == ["value 1", "value 2"]


async def test_another_key_is_another_value() -> None:
    cache, load = make(), Loads()
    assert [await cache.get(key, load) for key in ("a", "b", "a")] == ["value 1", "value 2", "value 1"]


async def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    cache, load = make(), Loads(held=True, error=ValueError("no"))
    asking = [asyncio.create_task(cache.get("k", load)) for _ in range(5)]
    await until(load.begun.is_set)
    load.go.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [str(error) for error in found] == ["no"] * 5
    assert load.count == 1
    load.error = None
    assert await cache.get("k", load) == "value 2"


@pytest.mark.parametrize("leaving", [0, 1, 2])
async def test_who_leaves_takes_the_answer_from_nobody(leaving: int) -> None:
    cache, load = make(), Loads(held=True)
    asking = [asyncio.create_task(cache.get("k", load)) for _ in range(3)]
    await until(load.begun.is_set)
    asking[leaving].cancel()
    await asyncio.wait([asking[leaving]])
    load.go.set()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert isinstance(found.pop(leaving), asyncio.CancelledError)
    assert found == ["value 1"] * 2


async def test_when_all_leave_the_answer_is_kept_for_the_next() -> None:
    cache, load = make(), Loads(held=True)
    asking = asyncio.create_task(cache.get("k", load))
    await until(load.begun.is_set)
    asking.cancel()
    load.go.set()
    assert await cache.get("k", load) == "value 1"
    assert load.count == 1


async def test_when_all_leave_an_error_is_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    cache, load = make(), Loads(held=True, error=ValueError("no"))
    asking = asyncio.create_task(cache.get("k", load))
    await until(load.begun.is_set)
    asking.cancel()
    load.go.set()
    await until(lambda: not cache._flights)
    await asyncio.sleep(0)
    assert "never retrieved" not in caplog.text
    load.error = None
    assert await cache.get("k", load) == "value 2"


async def test_beyond_its_size_the_least_recently_used_goes() -> None:
    cache, load = make(max_bytes=2500), Loads()  # room for two, with what an entry costs beside its value
    for key in ("a", "b", "a", "c"):
        await cache.get(key, load)
    assert load.count == 3
    await cache.get("a", load)
    assert load.count == 3
    await cache.get("b", load)
    assert load.count == 4


async def test_what_is_too_big_is_given_and_not_kept() -> None:
    cache, load = make(max_bytes=100), Loads()
    assert [await cache.get("k", load) for _ in range(2)] == ["value 1", "value 2"]


async def test_only_so_many_are_made_at_once() -> None:
    cache, loads = make(loads=2), [Loads(held=True) for _ in range(5)]
    asking = [asyncio.create_task(cache.get(i, load)) for i, load in enumerate(loads)]
    await until(lambda: sum(load.count for load in loads) == 2)
    await asyncio.sleep(0.02)
    assert sum(load.count for load in loads) == 2
    for load in loads:
        load.go.set()
    assert await asyncio.gather(*asking) == ["value 1"] * 5


def test_a_loop_that_ends_does_not_wait_for_what_is_being_made() -> None:
    load = Loads(held=True)

    async def leave() -> None:
        asking = asyncio.create_task(make().get("k", load))
        await until(load.begun.is_set)
        asking.cancel()

    asyncio.run(leave())
    assert not load.go.is_set()
    load.go.set()
