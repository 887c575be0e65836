"""What one transaction stores, and what became of the messages of each source."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from core.occupancy import LiveCount
from core.timelines import DEFAULT_RULES, MachineStates
from core.types import Message
from db.counting import Passed
from db.frontier import Frontier, Measured, MeasurementKey, Measurements, Positions
from db.happenings import CrossingKey, Crossings, EventKey, Events
from db.quarantine import Quarantined
from db.records import RECORD, Records, placed

_HOUR: Final = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a source's messages: `received` is the sum of the others.

    `quarantined` is below 0 where more have left the quarantine than came into it.
    """

    received: int
    stored: int
    duplicate: int
    quarantined: int


class Batch:
    """The messages of one transaction, added in the order in which they came."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._parts: list[Records] = []
        self._length = 0
        self._described: list[int] = []
        self._sources: list[tuple[str, int, int, int]] = []
        self.positions = Positions(frontier)
        self.measurements = Measurements(frontier)
        self.events = Events()
        self.crossings = Crossings()
        self.changed_positions: list[tuple[int, int]] = []
        self.changed_measurements: list[MeasurementKey] = []
        self.new_events: list[EventKey] = []
        self.changed_crossings: list[CrossingKey] = []
        self.passed: list[Passed] = []
        self.counts: list[LiveCount] = []
        self.rules = DEFAULT_RULES
        self.states: Mapping[int, MachineStates] = {}
        self.quarantined: list[Quarantined] = []
        self.taken: list[Quarantined] = []
        self.gaps: Counter[str] = Counter()
        self._has_moved_frontier = False

    def __len__(self) -> int:
        return self._length

    def add(
        self,
        source: str,
        records: Records,
        values: Sequence[dict[int, float] | None],
        quarantined: int,
        eventful: Sequence[Message] = (),
    ) -> None:
        """Add the messages of one record of the journal: RECORDs, and for each its values by metric id.

        `quarantined` says how many more could not be used; `eventful` are the messages themselves, where any has an
        event or a crossing. One that has nothing of all this (a mere description of a device) counts as stored.
        """
        start = self._length
        self._parts.append(records)
        self._length += len(records)
        self._sources.append((source, start, self._length, quarantined))
        if any(values):
            for place, each in enumerate(values):
                if each:
                    record = records[place]
                    self.measurements.add(Measured(start + place, int(record["id"]), int(record["ts"]), each))
        for place, message in enumerate(eventful):
            if message.event is not None:
                self.events.add(start + place, int(records[place]["id"]), message)
            if message.crossing is not None:
                self.crossings.add(start + place, int(records[place]["id"]), message)

    def take_back(self, rows: Sequence[Quarantined]) -> None:
        """These rows leave the quarantine: what they hold now is in the batch, so it is not received anew."""
        self.taken.extend(rows)

    def sort(self) -> None:
        """Call once, when all is added."""
        records = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=RECORD)
        has_place = placed(records)
        index = np.flatnonzero(has_place)
        self.positions.sort(records[has_place], index)
        bare = ~has_place
        for part in (self.measurements, self.events, self.crossings):
            bare[part.messages()] = False
        self._described = np.flatnonzero(bare).tolist()

    def take_all_for_late(self) -> None:
        """Send every row the careful way: something else has written rows that the frontier does not know of."""
        self.positions.take_all_for_late()
        self.measurements.take_all_for_late()

    def is_stored(self) -> npt.NDArray[np.bool_]:
        """Of each message, whether it changed anything, once the database has said so of late rows."""
        stored = np.zeros(self._length, dtype=bool)
        stored[self._described] = True
        self.positions.mark_stored(stored, self.changed_positions)
        self.measurements.mark_stored(stored, self.changed_measurements)
        self.events.mark_stored(stored, self.new_events)
        self.crossings.mark_stored(stored, self.changed_crossings)
        return stored

    def duplicates(
        self, stored: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Of the messages that changed nothing: device, start of the hour (microseconds since 1970), and how many."""
        again = np.concatenate(self._parts)[~stored]
        # Device and hour in one number: sorted as pairs they take ten times as long.
        keys, counts = np.unique((again["id"].astype(np.int64) << 32) + again["ts"] // _HOUR, return_counts=True)
        return keys >> 32, (keys & 0xFFFFFFFF) * _HOUR, counts

    def tallies(self, stored: npt.NDArray[np.bool_]) -> dict[str, Tally]:
        """The account of every source, from what `is_stored` says."""
        tallies: dict[str, Tally] = {}
        for source, start, end, quarantined in self._sources:
            before = tallies.get(source, Tally(0, 0, 0, 0))
            kept = int(np.count_nonzero(stored[start:end]))
            tallies[source] = Tally(
                before.received + end - start + quarantined,
                before.stored + kept,
                before.duplicate + end - start - kept,
                before.quarantined + quarantined,
            )
        for row in self.taken:
            t = tallies.get(row.source, Tally(0, 0, 0, 0))
            tallies[row.source] = Tally(t.received - 1, t.stored, t.duplicate, t.quarantined - 1)
        return tallies

    def move_frontier(self) -> None:
        """Measure what comes next against this batch, which is stored or about to be."""
        if self._has_moved_frontier:
            return
        self._has_moved_frontier = True
        self._frontier.move_positions(self.positions.newer)
        self._frontier.move_positions(self.positions.late)
        self.measurements.move_frontier()
