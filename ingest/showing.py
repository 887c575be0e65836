"""The live state on its way to Redis: moved forward by each record, published as far as Redis answers.

Redis is spoken to in a thread of its own, beside the database's work. What changes while it is busy goes along with
the next publish, the newest of each device alone.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from core.errors import StoreUnavailable
from core.log import get_logger
from core.types import Message
from db.live import LiveWriter
from db.live_table import LiveTable
from db.records import Records
from db.write import Latest

_RETRY_S: Final = 1.0


class LiveState:
    """Used by the thread that stores. `problem` says why live updates are paused, None while they are not."""

    def __init__(self, live: LiveWriter, clock: Callable[[], float] = time.monotonic) -> None:
        self.problem: str | None = None
        self._live = live
        self._clock = clock
        self._log = get_logger("pipeline")
        self._states = LiveTable()
        self._retry_at = 0.0
        self._everything_due = False
        self._to_show: set[int] = set()
        self._values_to_show: set[int] = set()
        self._to_announce: set[int] = set()
        self._announced: list[int] = []
        self._to_keep: set[int] = set()
        self._values_to_keep: set[int] = set()
        self._thread = ThreadPoolExecutor(1, "live state")
        self._sending: Future[None] | None = None

    def start(self, states: LiveTable) -> None:
        """Begin with these states, and put them in place of what Redis has."""
        self._states = states
        # These are kept already; of others that were not, nothing is known any more.
        self._to_keep.clear()
        self._values_to_keep.clear()
        self._everything_due = True
        self.finish()

    def advance(self, records: Records, messages: Sequence[Message]) -> None:
        """Take over what these messages say; shown with the next `publish`."""
        changed, valued = self._states.advance(records, messages)
        self._to_show |= changed
        self._values_to_show |= valued
        self._to_keep |= changed
        self._values_to_keep |= valued

    def announce(self, devices: list[int]) -> None:
        """These devices are described differently now; told with the next `publish`."""
        self._to_announce.update(devices)

    def publish(self) -> None:
        """Begin to publish what changed since the last time, unless the last time is still under way. Where Redis was
        away, everything, now and then."""
        if self._sending is not None and not self._sending.done():
            return
        self._settle()
        if self._everything_due:
            if self.problem is None or self._clock() >= self._retry_at:
                self._show_everything()
        elif self._to_show or self._to_announce:
            records = self._states.records(self._to_show)
            values = self._states.plain_values(self._values_to_show)
            self._send(lambda: self._live.publish(records, values))

    def finish(self) -> None:
        """Publish all that is left, and return when that is done. Once Redis was found away it is not waited for: one
        that hangs would hold up each tick for as long as its socket is patient."""
        if self.problem is None:
            self._settle()
        self.publish()
        if self.problem is None:
            self._settle()

    def take_to_keep(self) -> Latest:
        """The states that the database does not have yet, as they are now, to be stored."""
        values = {device: dict(self._states.values(device)) for device in self._values_to_keep}
        latest = Latest(self._states.records(sorted(self._to_keep)), values)
        self._to_keep.clear()
        self._values_to_keep.clear()
        return latest

    def keep_again(self, latest: Latest) -> None:
        """These could not be stored."""
        self._to_keep.update(latest.records["id"].tolist())
        self._values_to_keep.update(latest.values)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()

    def _show_everything(self) -> None:
        records, values = self._states.records(), self._states.plain_values()
        self._everything_due = False
        self._send(lambda: self._live.replace(records, values))

    def _send(self, call: Callable[[], None]) -> None:
        """Run `call`, and tell of changed devices. If it fails, all states are shown anew: those need not be kept."""
        announced = self._announced = sorted(self._to_announce)

        def run() -> None:
            call()
            if announced:
                self._live.announce_devices(announced)

        self._to_show.clear()
        self._values_to_show.clear()
        self._sending = self._thread.submit(run)

    def _settle(self) -> None:
        """Wait for what is under way, and take its outcome."""
        if self._sending is None:
            return
        sending, self._sending = self._sending, None
        try:
            sending.result()
        except StoreUnavailable as error:
            if self.problem is None:
                self._log.error("live updates are paused; storing goes on", why=str(error))
            self.problem = str(error)
            self._everything_due = True
            self._retry_at = self._clock() + _RETRY_S
            return
        self._to_announce.difference_update(self._announced)
        if self.problem is not None:
            self._log.info("live updates go on")
            self.problem = None
