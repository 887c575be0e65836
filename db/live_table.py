"""The newest of every device, in memory: moved forward by each message, published and kept by whoever asks."""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from core.types import Message
from db.records import RECORD, Records, fill

Values = dict[str, tuple[float, int]]
"""Metric name to (value, its timestamp), which may be older than the device's own."""


class LiveTable:
    """Rows are found by device id, which is small and dense. The state moves forward in device time only."""

    def __init__(self, records: Records | None = None, values: dict[int, Values] | None = None) -> None:
        self._table = np.zeros(0, dtype=RECORD)
        self._present = np.zeros(0, dtype=bool)
        self._values: dict[int, Values] = values or {}
        if records is not None and len(records):
            self._grow(int(records["id"].max()))
            self._table[records["id"]] = records
            self._present[records["id"]] = True

    def advance(self, records: Records, messages: Sequence[Message]) -> tuple[set[int], set[int]]:
        """Take over what is new in these messages; the devices that changed, and those of them whose values did.

        A message with a place replaces place, altitude, speed and heading together, so that no old speed stands
        beside a new place; one without a place, or of the same moment as what is known, fills in what it has.
        `messages` may be left out where none has values.
        """
        if len(records) == 0:
            return set(), set()
        ids = records["id"]
        self._grow(int(ids.max()))
        known = np.where(self._present[ids], self._table["ts"][ids], np.iinfo(np.int64).min)
        whole = ~np.isnan(records["lat"]) & (records["ts"] > known) & _first_of_its_moment(records)
        newest = records[whole]
        newest = newest[np.argsort(newest["ts"], kind="stable")]
        self._table[newest["id"]] = newest  # of several of one device the last, which is the newest, stays
        self._present[newest["id"]] = True
        changed = set(newest["id"].tolist())
        for place in np.flatnonzero(~whole).tolist():
            if self._fill_in(records[place]):
                changed.add(int(ids[place]))
        valued = self._take_values(ids, messages) if messages else set()
        return changed | valued, valued

    def records(self, devices: Iterable[int] | None = None) -> Records:
        """The states of these devices, or of all."""
        if devices is None:
            return self._table[self._present]
        return self._table[np.fromiter(devices, dtype=np.int64)]

    def values(self, device: int) -> Values:
        """The values of a device by metric name."""
        return self._values.get(device, {})

    def plain_values(self, devices: Iterable[int] | None = None) -> dict[int, dict[str, float]]:
        """The same without their timestamps, of these devices or of all that have any."""
        chosen = self._values if devices is None else devices
        return {device: {name: pair[0] for name, pair in self.values(device).items()} for device in chosen}

    def _fill_in(self, record: np.void) -> bool:
        device = int(record["id"])
        if not self._present[device]:
            self._table[device] = record
            self._present[device] = True
            return True
        state = self._table[device]
        if record["ts"] < state["ts"]:
            return False
        changed = fill(state, record) or bool(record["ts"] > state["ts"])
        state["ts"], state["received_at"] = record["ts"], record["received_at"]
        return changed

    def _take_values(self, ids: npt.NDArray[np.uint32], messages: Sequence[Message]) -> set[int]:
        taken: set[int] = set()
        for device, message in zip(ids.tolist(), messages, strict=True):
            if message.values:
                known = self._values.setdefault(device, {})
                for name, value in message.values.items():
                    if name not in known or message.ts >= known[name][1]:
                        known[name] = (value, message.ts)
                        taken.add(device)
        return taken

    def _grow(self, device: int) -> None:
        size = len(self._table)
        if device >= size:
            more = max(size, device + 1 - size)
            self._table = np.concatenate([self._table, np.zeros(more, dtype=RECORD)])
            self._present = np.concatenate([self._present, np.zeros(more, dtype=bool)])


def _first_of_its_moment(records: Records) -> npt.NDArray[np.bool_]:
    """Where no earlier record has the same device and moment: those that have must fill in, not replace."""
    order = np.lexsort((records["ts"], records["id"]))
    device, ts = records["id"][order], records["ts"][order]
    first = np.ones(len(records), dtype=bool)
    first[order[1:]] = (device[1:] != device[:-1]) | (ts[1:] != ts[:-1])
    return first
