"""Answers that everyone who looks at the same panel shares: one question to the database for all of them.

A panel is asked for by what it shows and a rounded moment, so that pages that refresh at their own times still ask the
same. The first asks the database; those who ask meanwhile wait for its answer.
"""

from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar, cast

import anyio.from_thread

from components.period import chosen_period
from core.cache import SingleFlightCache
from core.period import Period
from core.types import EPOCH

V = TypeVar("V")

_KEPT_S: Final = 30.0
_SIZE: Final = 100_000
"""What an answer is counted as, in bytes, unless told otherwise: rows, of which a panel has some hundreds."""
LARGE: Final = 1_500_000
"""What one of some thousand points is counted as."""
_MOST_BYTES: Final = 64_000_000
_MOST_ROUNDED_S: Final = 5
"""Seconds; no more than the usual interval, so that each refresh shows what has come since the one before."""
_LOADS: Final = 4
"""At once, of the 15 connections of the pool."""


class SharedAnswers:
    """Keeps answers of pages for a moment. Belongs to the event loop of the web server; callbacks ask in threads."""

    def __init__(self) -> None:
        self._cache = SingleFlightCache[tuple[Any, int]](
            ttl_s=_KEPT_S, max_bytes=_MOST_BYTES, sizeof=lambda kept: kept[1], loads=_LOADS
        )

    def get(self, key: Hashable, load: Callable[[], V], *, size: int = _SIZE) -> V:
        """What `load` gives for `key`, which must say all that it depends on. Raises what `load` raises.

        To be called in a thread of the server's own, as callbacks are.
        """
        return cast(V, anyio.from_thread.run(self._cache.get, key, lambda: (load(), size))[0])


def shared_period(chosen: object, now: datetime) -> Period:
    """The chosen period at a moment that everyone who looks at the same shares. Raises BadPeriod."""
    period = chosen_period(chosen, now)
    return chosen_period(chosen, shared_moment(now, period.end - period.start))


def shared_moment(now: datetime, length: timedelta) -> datetime:
    """`now`, rounded down so that those who look at the same ask for the same: to a second where the span is an hour,
    to `_MOST_ROUNDED_S` where it is long."""
    step = timedelta(seconds=min(_MOST_ROUNDED_S, max(1, round(length.total_seconds() / 3600))))
    return (EPOCH + (now - EPOCH) // step * step).astimezone(UTC)
