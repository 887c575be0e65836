"""Answers that many ask for at once, made once: a cache with a time to live and single flight.

It belongs to one event loop; what makes an answer runs in a thread.
"""

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

import anyio
import anyio.to_thread
from cachetools import TTLCache

V = TypeVar("V")

_OVERHEAD_BYTES: Final = 1024
"""What an entry is counted with beside its value, so that small ones are bounded in number, too."""


class SingleFlightCache(Generic[V]):
    """Values (never None) by key, each kept `ttl_s` seconds after it was made; 0 keeps none, yet those who ask while
    one is made share it.

    All together are at most `max_bytes` big, as `sizeof` tells; then the least recently used goes. At most `loads`
    values are made at once, whatever is asked: the others wait, so that the connections of the pool are left to others.
    """

    def __init__(
        self,
        *,
        ttl_s: float,
        max_bytes: int,
        sizeof: Callable[[V], int],
        loads: int,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._sizeof = sizeof
        self._kept: TTLCache[Hashable, V] = TTLCache(max_bytes, ttl_s, timer=timer, getsizeof=self._size)
        self._flights: dict[Hashable, asyncio.Task[V]] = {}
        self._limiter = anyio.CapacityLimiter(loads)

    async def get(self, key: Hashable, load: Callable[[], V]) -> V:
        """The value of `key`: the one kept, or that which somebody else waits for, or what `load` makes in a thread.

        Raises what `load` raises, to everyone who waits for it; an error is not kept. Who is cancelled leaves the
        others waiting, and the value is kept all the same.
        """
        found = self._kept.get(key)
        if found is not None:
            return found
        flight = self._flights.get(key)
        if flight is None:
            # A task of its own: the request that happens to be the first may be cancelled.
            flight = self._flights[key] = asyncio.create_task(self._load(key, load))
            flight.add_done_callback(_seen)
        return await asyncio.shield(flight)

    def _size(self, value: V) -> int:
        return _OVERHEAD_BYTES + self._sizeof(value)

    async def _load(self, key: Hashable, load: Callable[[], V]) -> V:
        try:
            value = await anyio.to_thread.run_sync(load, limiter=self._limiter)
            if self._size(value) <= self._max_bytes:
                self._kept[key] = value
            return value
        finally:
            del self._flights[key]


def _seen(flight: asyncio.Task[V]) -> None:
    """Where everyone who waited is gone, an error is nobody's: asyncio would log it as never retrieved."""
    if not flight.cancelled():
        flight.exception()
