"""One batch on its way into the database while the next one is shown and made ready: the two hardly need the same core.

Never more than one: the batch after it goes on from its checkpoint, and is given up with it where it fails.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import NamedTuple

from core.errors import BatchRefused
from db.write import Advance
from ingest.database import DatabaseThread, Hanging
from ingest.lanes import Lane
from ingest.showing import LiveState
from ingest.storing import Prepared, Storer
from ingest.work import Work


class _Begun(NamedTuple):
    lane: Lane
    prepared: Prepared
    outcome: Future[None]


class Committing:
    """Used by the thread that stores. `committed` is called after each batch that is in the database."""

    def __init__(
        self, storer: Storer, live_state: LiveState, database: DatabaseThread, committed: Callable[[], None]
    ) -> None:
        self._storer = storer
        self._live_state = live_state
        self._database = database
        self._committed = committed
        self._begun: _Begun | None = None

    def begin(self, lane: Lane, work: Sequence[Work]) -> None:
        """Begin to store `work`, once what was begun before is stored.

        Raises StoreUnavailable or Superseded where that was not: nothing of this is begun then.
        """
        sequence = work[-1].record.sequence
        advance = Advance(lane.stream.name, lane.begun, sequence)
        prepared = self._storer.prepare(work, self._live_state.take_to_keep(), advance)
        try:
            self.settle()
            outcome = self._database.begin(lambda _: self._storer.commit(prepared))
        except Exception:
            self._give_up(prepared)
            raise
        lane.begun = sequence
        self._begun = _Begun(lane, prepared, outcome)

    def settle(self) -> None:
        """Wait for what was begun. Raises StoreUnavailable (Hanging: it is still under way) or Superseded."""
        if self._begun is None:
            return
        lane, prepared, outcome = self._begun
        try:
            try:
                self._database.wait(outcome)
            except BatchRefused as error:
                why = str(error)
                prepared = self._database.run(lambda _: self._storer.commit_without_refused(prepared, why))
        except Hanging:
            raise
        except Exception:  # whatever it is, the batch is tried again
            self._begun = None
            lane.begun = lane.stored
            self._give_up(prepared)
            raise
        self._begun = None
        lane.stored = lane.begun
        self._storer.committed(prepared)
        self._committed()
        lane.stream.stored(lane.stored)

    def store(self, work: Sequence[Work]) -> None:
        """Store what comes from no stream, at once. Raises StoreUnavailable, Superseded."""
        self.settle()
        latest = self._live_state.take_to_keep()
        try:
            self._database.run(lambda _: self._storer.store(work, latest, None))
        except Exception:
            self._live_state.keep_again(latest)
            raise

    def _give_up(self, prepared: Prepared) -> None:
        self._live_state.keep_again(prepared.latest)
        self._storer.give_up(prepared)
