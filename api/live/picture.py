"""A worker's own picture of the fleet: every live state in one array, and which have changed."""

from collections.abc import Iterable

import numpy as np

from api.live.frames import Described
from db.records import RECORD, Records


class Picture:
    """Rows are found by device id, which is small and dense. Only devices whose name is known are shown."""

    def __init__(self) -> None:
        self._table = np.zeros(1024, dtype=RECORD)
        self._present = np.zeros(1024, dtype=bool)
        self._named = np.zeros(1024, dtype=bool)
        self._dirty = np.zeros(1024, dtype=bool)
        self.described: dict[int, Described] = {}
        self.order: list[int] = []
        self.newest_us: int | None = None

    @property
    def total(self) -> int:
        """How many devices are shown."""
        return int(np.count_nonzero(self._present & self._named))

    def apply(self, records: Records) -> None:
        """Take over states that changed."""
        if len(records) == 0:
            return
        ids = records["id"]
        self._grow(int(ids.max()))
        self._table[ids] = records
        self._present[ids] = True
        self._dirty[ids] = True
        newest = int(records["ts"].max())
        self.newest_us = newest if self.newest_us is None else max(self.newest_us, newest)

    def replace(self, records: Records) -> None:
        """Start anew from all states there are."""
        self._present[:] = False
        self._dirty[:] = False
        self.newest_us = None
        self.apply(records)
        # Whoever looks gets all of it at once; what waits for a name is news when it has one.
        self._dirty &= ~self._named

    def describe(self, devices: Iterable[Described]) -> list[Described]:
        """Learn what devices are called; those that were waited for are shown from now on.

        Those that were known, and are described differently now, come back.
        """
        changed = []
        for device in devices:
            known = self.described.get(device[0])
            if known == device:
                continue
            if known is None:
                self._grow(device[0])
                self.order.append(device[0])
                self._named[device[0]] = True
            else:
                changed.append(device)
            self.described[device[0]] = device
        return changed

    @property
    def has_unnamed(self) -> bool:
        """Whether `unnamed` would give any."""
        return bool(np.any(self._present & ~self._named))

    def unnamed(self) -> list[int]:
        """Ids that have a state but no name yet."""
        ids: list[int] = np.flatnonzero(self._present & ~self._named).tolist()
        return ids

    def all(self) -> Records:
        """Every device that is shown."""
        return self._table[self._present & self._named]

    def changed(self) -> Records:
        """The devices shown that changed since this was last asked for."""
        chosen = self._dirty & self._named
        records = self._table[chosen]
        self._dirty[chosen] = False
        return records

    @property
    def has_changes(self) -> bool:
        """Whether `changed` would give any."""
        return bool(np.any(self._dirty & self._named))

    def _grow(self, device: int) -> None:
        size = len(self._table)
        if device < size:
            return
        more = max(size, device + 1 - size)
        self._table = np.concatenate([self._table, np.zeros(more, dtype=RECORD)])
        for name in ("_present", "_named", "_dirty"):
            setattr(self, name, np.concatenate([getattr(self, name), np.zeros(more, dtype=bool)]))
