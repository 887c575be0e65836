"""The frontier, the last moment stored of each device, and rows measured against it: newer than all before, or late."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from db.records import RECORD, Records, fill

_NEVER: Final = -(2**62)

MeasurementKey = tuple[int, int, int]
"""device_id, metric_id, ts in microseconds since 1970."""


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
