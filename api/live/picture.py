"""A worker's own picture of the fleet: every live state by column, and when each changed last.

Rows are found by device id, which is small and dense. Only devices whose name is known are shown.
"""

import time
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from api.live.frames import NO_IDS, NOWHERE, UNKNOWN, Columns, Described, Ids, Totals, columns_of
from core.types import POSITION_METRICS
from db.queries.latest import Box
from db.records import RECORD, Records

_FIRST_SIZE: Final = 1024
Mask = npt.NDArray[np.bool_]
Found = tuple[tuple[int, int], Ids, npt.NDArray[np.int32], npt.NDArray[np.int32]]
"""What changed between two revisions, and where it is now."""


class Picture:
    """`revision` grows with each change, and is about the microseconds since 1970 at which it happened.

    So whoever knows a moment up to which a viewer has seen everything knows what it has not seen yet.
    """

    def __init__(self) -> None:
        self.revision = 0
        self.complete_since_us = 0
        """Since when every change is known here: what changed before may be marked as late as this."""
        self.newest_us: int | None = None
        self.described: dict[int, Described] = {}
        self.id_of: dict[str, int] = {}
        self._table = np.zeros(_FIRST_SIZE, RECORD)
        # As the wire has them, so that a change is encoded once and not for every viewer.
        self._lat = np.zeros(_FIRST_SIZE, np.int32)
        self._lon = np.zeros(_FIRST_SIZE, np.int32)
        self._ts = np.zeros(_FIRST_SIZE, np.int64)
        self._speed = np.zeros(_FIRST_SIZE, np.uint16)
        self._heading = np.zeros(_FIRST_SIZE, np.uint16)
        self._present = np.zeros(_FIRST_SIZE, bool)
        self._named = np.zeros(_FIRST_SIZE, bool)
        self._shown = np.zeros(_FIRST_SIZE, bool)
        self._changed = np.zeros(_FIRST_SIZE, np.int64)
        self._described_at = np.zeros(_FIRST_SIZE, np.int64)
        self._values: dict[str, npt.NDArray[np.float32]] = {}
        self._found: Found = ((0, 0), NO_IDS, self._lat[:0], self._lon[:0])

    def __len__(self) -> int:
        """Ids are below this."""
        return len(self._table)

    # What is learned ------------------------------------------------------------------------------------------------

    def apply(self, records: Records) -> None:
        """Take over states that changed."""
        if len(records) == 0:
            return
        ids = records["id"]
        self._grow(int(ids.max()))
        columns = columns_of(records)
        self._table[ids] = records
        self._lat[ids], self._lon[ids], self._ts[ids] = columns.lat, columns.lon, columns.ts
        self._speed[ids], self._heading[ids] = columns.speed, columns.heading
        self._present[ids] = True
        self._shown[ids] = self._named[ids]
        self._changed[ids] = self._next_revision()
        newest = int(records["ts"].max())
        self.newest_us = newest if self.newest_us is None else max(self.newest_us, newest)

    def replace(self, records: Records) -> None:
        """Start anew from all states there are."""
        self._present[:] = False
        self._shown[:] = False
        self._values.clear()
        self.newest_us = None
        self.complete_since_us = self._next_revision()
        self.apply(records)

    def describe(self, devices: Iterable[Described]) -> list[Described]:
        """Learn what devices are called; those that were waited for are shown from now on.

        Those that were known, and are described differently now, come back.
        """
        changed = []
        for device in devices:
            known = self.described.get(device[0])
            if known == device:
                continue
            self._grow(device[0])
            revision = self._next_revision()
            if known is None:
                self._named[device[0]] = True
                self._shown[device[0]] = self._present[device[0]]
                self._changed[device[0]] = revision  # for its viewers it is new only now
            else:
                self.id_of.pop(known[1], None)
                changed.append(device)
            self.id_of[device[1]] = device[0]
            self._described_at[device[0]] = revision
            self.described[device[0]] = device
        return changed

    def set_values(self, metric: str, ids: Ids, values: npt.NDArray[np.float32]) -> None:
        """Take over values of a metric. For a metric that is kept already, another value is a change of its device."""
        known = self._values.get(metric)
        if known is None:
            known = self._values[metric] = np.full(len(self), np.nan, np.float32)
            known[ids] = values
            return
        other = (known[ids] != values) & ~(np.isnan(known[ids]) & np.isnan(values))
        if other.any():
            known[ids] = values
            self._changed[ids[other]] = self._next_revision()

    def keep_values(self, metrics: set[str]) -> set[str]:
        """Forget the values of all other metrics; those of `metrics` that are not kept yet come back."""
        for metric in self._values.keys() - metrics:
            del self._values[metric]
        return metrics - self._values.keys()

    @property
    def has_values(self) -> bool:
        """Whether values of any metric are kept."""
        return bool(self._values)

    # What there is --------------------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        """How many devices are shown."""
        return int(np.count_nonzero(self._shown))

    @property
    def has_unnamed(self) -> bool:
        """Whether `unnamed` would give any."""
        return bool(np.any(self._present & ~self._named))

    def unnamed(self) -> list[int]:
        """Ids that have a state but no name yet."""
        ids: list[int] = np.flatnonzero(self._present & ~self._named).tolist()
        return ids

    def ids(self) -> Ids:
        """Every device that is shown."""
        return np.flatnonzero(self._shown)

    def changed_since(self, revision: int) -> Ids:
        """The devices shown that changed after `revision`."""
        if revision >= self.revision:
            return np.empty(0, np.intp)
        # Views of one rate ask for the same stretch, one after another.
        stretch = (revision, self.revision)
        if self._found[0] != stretch:
            ids = np.flatnonzero((self._changed > revision) & self._shown)
            self._found = stretch, ids, self._lat[ids], self._lon[ids]
        return self._found[1]

    def described_since(self, revision: int) -> Ids:
        """The devices shown that were described, or described anew, after `revision`."""
        return np.flatnonzero((self._described_at > revision) & self._shown)

    def inside(self, ids: Ids, box: Box | None) -> Mask:
        """Which of these devices belong to a box: those within it, and those that were never located."""
        if box is None:
            return np.ones(len(ids), bool)
        west, south, east, north = (round(degrees * 1e7) for degrees in box)
        lat, lon = self._found[2:] if ids is self._found[1] else (self._lat[ids], self._lon[ids])
        high = (lat >= south) & (lat <= north)
        wide = (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
        inside: Mask = (high & wide) | (lat == NOWHERE)
        return inside

    def totals(self, now_us: int, *, stopped_below: float, silent_after_s: float) -> Totals:
        """The whole fleet in numbers as of `now_us`, by the rule of `core.types.state_of`."""
        heard = self._shown & (now_us - self._ts <= silent_after_s * 1e6)
        moving = heard & (self._speed != UNKNOWN) & (self._speed >= stopped_below * 100)
        total, heard_of, moving_now = (int(np.count_nonzero(mask)) for mask in (self._shown, heard, moving))
        nowhere = int(np.count_nonzero(self._shown & (self._lat == NOWHERE)))
        return Totals(total, moving_now, heard_of - moving_now, total - heard_of, nowhere, self.newest_us)

    def columns(self, ids: Ids, metric: str | None = None) -> Columns:
        """These devices as the wire has them."""
        return Columns(
            ids.astype("<u4"),
            self._lat[ids],
            self._lon[ids],
            self._ts[ids],
            self._speed[ids],
            self._heading[ids],
            None if metric is None else self._column(metric, ids),
        )

    def records(self, ids: Ids) -> Records:
        """The live states of these devices."""
        return self._table[ids]

    def _column(self, metric: str, ids: Ids) -> npt.NDArray[np.float32]:
        if metric in POSITION_METRICS:
            return np.ascontiguousarray(self._table[metric][ids])
        known = self._values.get(metric)
        return np.full(len(ids), np.nan, np.float32) if known is None else known[ids]

    def _next_revision(self) -> int:
        # Of a clock that was set back it goes on by ones: that something changed later stays true.
        self.revision = max(self.revision + 1, time.time_ns() // 1000)
        return self.revision

    def _grow(self, device: int) -> None:
        size = len(self._table)
        if device < size:
            return
        more = max(size, device + 1 - size)
        for name, column in vars(self).items():
            if isinstance(column, np.ndarray):
                setattr(self, name, np.concatenate([column, np.zeros(more, column.dtype)]))
        for metric, values in self._values.items():
            self._values[metric] = np.concatenate([values, np.full(more, np.nan, np.float32)])
