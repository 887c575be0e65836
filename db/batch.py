"""What one transaction stores, sorted into rows newer than all before and rows that are late or repeated."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

POSTGRES_EPOCH: Final = 946_684_800_000_000
"""2000-01-01 UTC in microseconds since 1970: rows count from here, as timestamptz does inside."""
_MICROS_A_DAY: Final = 86_400_000_000
_NEVER: Final = -(2**63)
_RECEIVED_AT: Final = 1

PositionRow = tuple[int, int, float | None, float | None, int, float | None, float | None, float | None]
"""ts, received_at (both since POSTGRES_EPOCH), lat, lon, device_id, altitude, speed, heading."""
MeasurementRow = tuple[int, float, int, int]
"""ts, value, device_id, metric_id."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of a source's messages: `received` is the sum of the others."""

    received: int
    stored: int
    duplicate: int
    quarantined: int


@dataclass
class Frontier:
    """The last timestamp stored of each device (positions) and of each device and metric (measurements).

    `seed` comes from `latest`, whose moment is at or after every stored row of its device. Moved forward only after
    a commit. All in microseconds since POSTGRES_EPOCH.
    """

    seed: dict[int, int] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)
    measurements: dict[tuple[int, int], int] = field(default_factory=dict)


class Rows:
    """Rows of one table. `key_of` gives a row's unique key; `skip` is a column that merging does not compare."""

    def __init__(self, frontier: dict[Any, int], key_of: Callable[[Any], Any], skip: int | None) -> None:
        self.newer: list[Any] = []
        self.late: dict[Any, Any] = {}
        self.changed: set[Any] = set()
        self._frontier = frontier
        self._ahead: dict[Any, int] = {}
        self._key_of = key_of
        self._skip = skip
        self._newer_index: list[int] = []
        self._waiting: dict[Any, list[int]] = {}

    def add(self, series: Any, seed: int, row: Any, index: int) -> bool:
        """Take the row of message `index`; True where it is newer than all before it of its `series`."""
        ts: int = row[0]
        last = self._ahead.get(series)
        if last is None:
            last = self._frontier.get(series, seed)
        if ts > last:
            self.newer.append(row)
            self._newer_index.append(index)
            self._ahead[series] = ts
            return True
        self._add_late(row, index)
        return False

    def _add_late(self, row: Any, index: int) -> None:
        key = self._key_of(row)
        before = self.late.get(key)
        if before is None:
            self.late[key] = row
            self._waiting[key] = [index]
            return
        merged = tuple(
            old if new is None or place == self._skip else new
            for place, (old, new) in enumerate(zip(before, row, strict=True))
        )
        if merged != before:
            self.late[key] = merged
            self._waiting[key].append(index)

    def take_all_for_late(self) -> None:
        """Hold no row for newer any more: the order in which they came is kept, so merging gives the same."""
        late, waiting = self.late, self._waiting
        self.late, self._waiting = {}, {}
        for row, index in zip(self.newer, self._newer_index, strict=True):
            self._add_late(row, index)
        for key, row in late.items():
            for index in waiting[key]:
                self._add_late(row, index)
        self.newer, self._newer_index = [], []

    def days(self) -> set[int]:
        """The UTC days, counted from 2000-01-01, that the rows fall into."""
        days = {row[0] // _MICROS_A_DAY for row in self.newer}
        days.update(row[0] // _MICROS_A_DAY for row in self.late.values())
        return days

    def indexes_changed(self) -> Iterable[int]:
        """The messages whose late rows changed something, once the database has said which keys did."""
        for key in self.changed:
            yield from self._waiting[key]

    def move_frontier(self) -> None:
        """Call after the commit, never before."""
        self._frontier.update(self._ahead)


class Batch:
    """The messages of one transaction, added in the order in which they came, each under its index."""

    def __init__(self, frontier: Frontier) -> None:
        self._seed = frontier.seed
        self.positions = Rows(frontier.positions, lambda row: (row[4], row[0]), skip=_RECEIVED_AT)
        self.measurements = Rows(frontier.measurements, lambda row: (row[2], row[3], row[0]), skip=None)
        self._stored = bytearray()
        self._sources: list[tuple[str, int, int, int]] = []

    def __len__(self) -> int:
        return len(self._stored)

    def add(self, device_id: int, position: PositionRow | None, measurements: Sequence[MeasurementRow] = ()) -> None:
        """Add the next message's rows. One without any row (a mere description of a device) counts as stored."""
        index = len(self._stored)
        seed = self._seed.get(device_id, _NEVER)
        stored = position is None and not measurements
        if position is not None:
            stored = self.positions.add(device_id, seed, position, index)
        for row in measurements:
            stored |= self.measurements.add((device_id, row[3]), seed, row, index)
        self._stored.append(stored)

    def close_source(self, source: str, start: int, quarantined: int) -> None:
        """Say that the messages since index `start` came from `source`, and how many more could not be used."""
        self._sources.append((source, start, len(self._stored), quarantined))

    def take_all_for_late(self) -> None:
        """Send every row the careful way: something else has written rows that the frontier does not know of."""
        self._stored = bytearray(len(self._stored))
        self.positions.take_all_for_late()
        self.measurements.take_all_for_late()

    def tallies(self) -> dict[str, Tally]:
        """The account of every source, once the database has said which late rows changed anything."""
        stored = bytearray(self._stored)
        for rows in (self.positions, self.measurements):
            for index in rows.indexes_changed():
                stored[index] = 1
        tallies: dict[str, Tally] = {}
        for source, start, end, quarantined in self._sources:
            before = tallies.get(source, Tally(0, 0, 0, 0))
            kept = stored.count(1, start, end)
            tallies[source] = Tally(
                before.received + end - start + quarantined,
                before.stored + kept,
                before.duplicate + end - start - kept,
                before.quarantined + quarantined,
            )
        return tallies

    def committed(self) -> None:
        """Move the frontier forward: the batch is stored."""
        self.positions.move_frontier()
        self.measurements.move_frontier()
