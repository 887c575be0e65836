"""The counts of spaces on their way to Redis: those that crossings changed at once, all of them now and then.

Redis is spoken to in a thread of its own, so that storing never waits for it. What the database says is looked at each
second besides: counts that people changed, spaces that are gone, and all that a Redis lacks that was started anew.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from core.errors import StoreUnavailable
from core.log import get_logger
from core.occupancy import LiveCount
from db.counting import read_all
from db.live_counts import CountsWriter
from ingest.database import Asks

_LOOK_S: Final = 1.0


class SpaceCounts:
    """Used by the thread that stores. `problem` says why counts in Redis stand still, None while they do not."""

    def __init__(self, redis: CountsWriter, clock: Callable[[], float] = time.monotonic) -> None:
        self.problem: str | None = None
        self._redis = redis
        self._clock = clock
        self._log = get_logger("spaces")
        self._look_at = 0.0
        self._waiting: dict[str, LiveCount] = {}
        self._gone: set[str] = set()
        self._names: set[str] = set()
        self._thread = ThreadPoolExecutor(1, "space counts")
        self._sending: Future[int] | None = None

    def publish(self, counts: Sequence[LiveCount]) -> None:
        """Send these; the newest of each space goes along with the next turn where Redis is busy."""
        for count in counts:
            known = self._waiting.get(count.name)
            if known is None or known.version < count.version:
                self._waiting[count.name] = count
        self._send()

    def look(self, ask: Asks) -> None:
        """Once a second: send what the database has, all of it. Raises StoreUnavailable where it does not answer."""
        if self._clock() < self._look_at:
            return
        self._look_at = self._clock() + _LOOK_S
        counts = ask(read_all)
        names = {count.name for count in counts}
        self._gone = (self._gone | (self._names - names)) - names
        self._names = names
        self.publish(counts)

    def close(self) -> None:
        """Send what is left, and end the thread."""
        self._settle(wait=True)
        self._send()
        self._settle(wait=True)
        self._thread.shutdown()
        self._redis.close()

    def _send(self) -> None:
        self._settle(wait=False)
        if self._sending is None and (self._waiting or self._gone):
            counts, gone = list(self._waiting.values()), sorted(self._gone)
            self._waiting.clear()
            self._gone.clear()
            self._sending = self._thread.submit(self._spread, counts, gone)

    def _spread(self, counts: Sequence[LiveCount], gone: Sequence[str]) -> int:
        if gone:
            self._redis.forget(gone)
        return self._redis.keep(counts) if counts else 0

    def _settle(self, *, wait: bool) -> None:
        """Take the outcome of what was sent. What was lost on its way is sent again by the next look."""
        if self._sending is None or not (wait or self._sending.done()):
            return
        sending, self._sending = self._sending, None
        try:
            sending.result()
        except StoreUnavailable as error:
            if self.problem is None:
                self._log.error("counts of spaces stand still in Redis; storing goes on", why=str(error))
            self.problem = str(error)
            return
        if self.problem is not None:
            self._log.info("counts of spaces move on in Redis")
            self.problem = None
