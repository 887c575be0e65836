"""What one transaction stores, sorted into rows newer than all before and rows that are late or repeated."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from core.occupancy import LiveCount
from core.timelines import DEFAULT_RULES, MachineStates
from core.types import Message
from db.counting import Passed
from db.happenings import CrossingKey, Crossings, EventKey, Events
from db.quarantine import Quarantined
from db.records import RECORD, Records, fill, placed

_NEVER: Final = -(2**62)
_HOUR: Final = 3_600_000_000

MeasurementKey = tuple[int, int, int]
"""device_id, metric_id, ts in microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a source's messages: `received` is the sum of the others.

    `quarantined` is below 0 where more have left the quarantine than came into it.
    """

    received: int
    stored: int
    duplicate: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The values of one message: metric id to value."""

    index: int
    device_id: int
    ts: int
    values: dict[int, float]


@dataclass
class Frontier:
    """The last timestamp stored of each device (positions), and of each device and metric (measurements).

    `seed` comes from `latest`, whose moment is at or after every stored row of its device. In microseconds since 1970.
    Too far ahead, it makes rows take the way of late ones, which gives the same and is slower.
    """

    seed: dict[int, int] = field(default_factory=dict)
    measurements: dict[tuple[int, int], int] = field(default_factory=dict)
    _positions: npt.NDArray[np.int64] = field(default_factory=lambda: np.full(0, _NEVER))

    def positions(self, ids: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
        """The last timestamp of each of these devices."""
        self._grow(ids)
        return self._positions[ids]

    def move_positions(self, records: Records) -> None:
        """These rows are stored."""
        self._grow(records["id"])
        np.maximum.at(self._positions, records["id"], records["ts"])

    def measurement(self, device_id: int, metric_id: int) -> int:
        """The last timestamp of a device's metric."""
        known = self.measurements.get((device_id, metric_id))
        return self.seed.get(device_id, _NEVER) if known is None else known

    def _grow(self, ids: npt.NDArray[np.uint32]) -> None:
        size = len(self._positions)
        if len(ids) == 0 or (most := int(ids.max())) < size:
            return
        grown = np.full(max(2 * size, most + 1), _NEVER)
        grown[:size] = self._positions
        for device, ts in self.seed.items():
            if size <= device < len(grown):
                grown[device] = ts
        self._positions = grown


class Positions:
    """Rows of `position`, by column. `newer` go by COPY; `late` have unique keys and are merged by the database."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._all = np.empty(0, dtype=RECORD)
        self._index = np.empty(0, dtype=np.int64)
        self._late_row: dict[tuple[int, int], int] = {}
        self._waiting: list[tuple[int, int]] = []
        self.newer = self.late = self._all
        self._newer_index = self._index

    def sort(self, records: Records, index: npt.NDArray[np.int64], *, all_late: bool = False) -> None:
        """Take all rows of the batch in the order in which they came; `index` says of which message each is."""
        self._all, self._index = records, index
        if all_late:
            is_newer = np.zeros(len(records), dtype=bool)
        else:
            is_newer = newest_so_far(records["id"], records["ts"])
            is_newer &= records["ts"] > self._frontier.positions(records["id"])
        self.newer, self._newer_index = records[is_newer], index[is_newer]
        self._merge_late(records[~is_newer], index[~is_newer])

    def take_all_for_late(self) -> None:
        """Hold no row for newer any more: merging gives the same, only slower."""
        self.sort(self._all, self._index, all_late=True)

    def _merge_late(self, records: Records, index: npt.NDArray[np.int64]) -> None:
        self._late_row, self._waiting = {}, []
        first = np.ones(len(records), dtype=bool)
        rows = self._late_row
        for place, key in enumerate(zip(records["id"].tolist(), records["ts"].tolist(), strict=True)):
            row = rows.get(key)
            if row is None:
                rows[key] = place
                self._waiting.append((place, int(index[place])))
            else:
                first[place] = False
                if fill(records[row], records[place]):
                    self._waiting.append((row, int(index[place])))
        self.late = records[first]

    def mark_stored(self, stored: npt.NDArray[np.bool_], changed: Iterable[tuple[int, int]]) -> None:
        """Mark the messages whose row is new, or is among the keys that the database says it `changed`."""
        stored[self._newer_index] = True
        rows = {self._late_row[key] for key in changed}
        for row, message in self._waiting:
            if row in rows:
                stored[message] = True


class Measurements:
    """Rows of `measurement`: ts, value, device_id, metric_id."""

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._all: list[Measured] = []
        self._newer_index: list[int] = []
        self._ahead: dict[tuple[int, int], int] = {}
        self._waiting: dict[MeasurementKey, list[int]] = {}
        self.newer: dict[MeasurementKey, float] = {}
        self.late: dict[MeasurementKey, float] = {}

    def add(self, measured: Measured, *, late: bool = False) -> None:
        """Take the values of one message."""
        self._all.append(measured)
        for metric, value in measured.values.items():
            series = (measured.device_id, metric)
            key = (*series, measured.ts)
            last = self._ahead.get(series)
            if last is None:
                last = self._frontier.measurement(*series)
            if measured.ts > last and not late:
                self.newer[key] = value
                self._newer_index.append(measured.index)
                self._ahead[series] = measured.ts
            elif self.late.get(key) != value:
                self.late[key] = value
                self._waiting.setdefault(key, []).append(measured.index)

    def messages(self) -> list[int]:
        """The messages that have values."""
        return [measured.index for measured in self._all]

    def take_all_for_late(self) -> None:
        """As for positions."""
        everything, ahead = self._all, self._ahead
        self.__init__(self._frontier)  # type: ignore[misc]  # begin anew
        for measured in everything:
            self.add(measured, late=True)
        self._ahead = ahead

    def mark_stored(self, stored: npt.NDArray[np.bool_], changed: Iterable[MeasurementKey]) -> None:
        """As for positions."""
        stored[self._newer_index] = True
        for key in changed:
            stored[self._waiting[key]] = True

    def move_frontier(self) -> None:
        """These rows are stored."""
        self._frontier.measurements.update(self._ahead)


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

    def tallies(self, stored: npt.NDArray[np.bool_] | None = None) -> dict[str, Tally]:
        """The account of every source, from what `is_stored` says."""
        if stored is None:
            stored = self.is_stored()
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


def newest_so_far(ids: npt.NDArray[np.uint32], ts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Where a row is newer than every earlier row of its device.

    Rows are put in groups by device, and within each the running maximum is taken of all groups at once: ranks of
    timestamps, lifted by so much a group that the maximum cannot carry over from one group into the next.
    """
    if len(ids) == 0:
        return np.zeros(0, dtype=bool)
    order = np.argsort(ids, kind="stable")
    begins = np.empty(len(ids), dtype=bool)
    begins[0] = True
    np.not_equal(ids[order][1:], ids[order][:-1], out=begins[1:])
    rank = np.unique(ts, return_inverse=True)[1][order]
    lifted = rank + (np.cumsum(begins) - 1) * (len(ids) + 1)
    highest = np.maximum.accumulate(lifted)
    is_newest = begins.copy()
    is_newest[1:] |= lifted[1:] > highest[:-1]
    result = np.empty(len(ids), dtype=bool)
    result[order] = is_newest
    return result
