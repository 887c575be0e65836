"""The job that watches for alerts: a look each second, or seldomer where it would take more than a tenth of a core.

What has opened or closed is announced in Redis, so that every web process tells its pages at once; while Redis is away
they find out by themselves a second later.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from statistics import median
from typing import Final

from db.live_alerts import Announcer
from db.watching import Watch

EVERY_S: Final = 1.0
_SHARE: Final = 0.1
"""Of the time of one core, at most."""
_LAST: Final = 5
"""Looks whose median tells how long one takes: one that had to connect, or to wait, is no reason to look seldomer."""


class Alerting:
    """Used by one thread. `tells` says whether somebody is to be called of alerts."""

    def __init__(
        self,
        watch: Watch,
        announcer: Announcer,
        tells: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._watch = watch
        self._announcer = announcer
        self._tells = tells
        self._clock = clock
        self._took = deque([0.0] * _LAST, _LAST)
        self._every_s = EVERY_S
        self._next_at = 0.0

    def turn(self) -> None:
        """Look, where it is time to. Raises StoreUnavailable."""
        begun = self._clock()
        if begun < self._next_at:
            return
        made = self._watch.turn(tells=self._tells(), every_s=self._every_s)
        self._took.append(self._clock() - begun)
        self._every_s = max(EVERY_S, median(self._took) / _SHARE)
        self._next_at = begun + self._every_s - EVERY_S / 2  # the scheduler comes each second, a little late or early
        if made.opened or made.closed:
            self._announcer.announce(made.opened, made.closed)

    def forget(self, keep_days: float) -> int:
        """Delete alerts that closed so many days ago; how many. Raises StoreUnavailable."""
        return self._watch.forget(timedelta(days=keep_days))

    def close(self) -> None:
        """Close both connections."""
        self._watch.close()
        self._announcer.close()
