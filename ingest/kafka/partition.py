"""A partition of a topic as a stream: a bounded buffer between the thread that polls and the one that stores.

Sequence numbers are offsets + 1, so that 0 is "nothing". Numbers may be missing: transactions and compaction leave
holes.
"""

import threading
from collections import deque
from typing import Final, NamedTuple

from ingest.journal import Record
from ingest.journal.waiting import InFlight, Waiting

OVERHEAD: Final = 64
"""Bytes of memory that a message takes beside its own."""


class Fetched(NamedTuple):
    """Messages as they came, `first` the sequence number before the first of them; `size` in bytes."""

    first: int
    record: Record
    size: int


class PartitionStream:
    """Filled by one thread, read by another.

    What is in the buffer is in one piece: all messages behind one place, up to another. Where a reader wants to go on
    elsewhere, the buffer asks to be filled anew from there. It keeps what was read until it is stored, as long as
    there is room: while the database is away, the reader goes on, and comes back for the rest.

    `restart_at` says where to go on whatever the checkpoint says: the broker does not have what is behind that.
    """

    def __init__(self, name: str, partition: int, *, most_bytes: int, restart_at: int | None = None) -> None:
        self.partition = partition
        self.restart_at = restart_at
        self.most_bytes = most_bytes
        self._name = name
        self._lock = threading.Lock()
        self._fetched: deque[Fetched] = deque()
        self._bytes = 0
        self._begin = self._end = 0
        self._wanted: int | None = None
        self._placed = False
        self._closed = False
        self._stored: int | None = None

    @property
    def name(self) -> str:
        """What its checkpoint is kept under."""
        return self._name

    @property
    def committed(self) -> int | None:
        """Up to where all is stored; None where nothing was said yet."""
        return self._stored

    def read(self, after: int, max_payloads: int) -> list[Record]:
        """The records behind sequence number `after`; none where they have to be fetched first."""
        with self._lock:
            if self._closed:
                return []
            if not self._placed or not self._begin <= after <= self._end:
                return self._want(after)
            taken: list[Record] = []
            payloads = 0
            for first, record, _ in self._fetched:
                if record.sequence <= after:
                    continue
                if first < after:
                    return self._want(after)  # part of it is stored: by another, whose records ended elsewhere
                taken.append(record)
                payloads += len(record.payloads)
                if payloads >= max_payloads:
                    break
            if self._bytes >= self.most_bytes:
                self._forget(after)
            return taken

    def stored(self, sequence: int) -> None:
        """Say that all records up to `sequence` are stored."""
        with self._lock:
            self._stored = sequence
            self._forget(sequence)

    def in_flight(self) -> dict[str, InFlight]:
        """What was fetched and is not stored yet, by source."""
        waiting = Waiting()
        with self._lock:
            for _, record, _ in self._fetched:
                if record.sequence > (self._stored or 0):
                    waiting.add(record.sequence, record.source, len(record.payloads), record.received_at)
        return waiting.by_source()

    def close(self) -> None:
        """The partition is ours no longer: there is nothing more to read."""
        with self._lock:
            self._closed = True
            self._clear(0)

    def wanted(self) -> int | None:
        """The place to be filled from, where that is not from where it is filled now."""
        with self._lock:
            return self._wanted

    def place(self, after: int) -> None:
        """What is pushed from now on comes from behind `after`."""
        with self._lock:
            self._clear(after)
            self._placed = True
            if self._wanted == after:
                self._wanted = None

    def push(self, fetched: Fetched) -> None:
        """Append what was fetched; not kept where the buffer waits to be filled from elsewhere."""
        with self._lock:
            if self._closed or not self._placed or self._wanted is not None or fetched.first < self._end:
                return
            self._fetched.append(fetched)
            self._bytes += fetched.size
            self._end = fetched.record.sequence

    def is_placed(self) -> bool:
        """Whether the reader has said where it goes on."""
        return self._placed

    def is_full(self) -> bool:
        """Whether nothing more should be fetched for now."""
        return self._bytes >= self.most_bytes

    def has_room(self) -> bool:
        """Whether fetching should go on: earlier than that would be to begin anew for every bit."""
        return 2 * self._bytes <= self.most_bytes

    def _want(self, after: int) -> list[Record]:
        self._wanted = after
        return []

    def _forget(self, sequence: int) -> None:
        while self._fetched and self._fetched[0].record.sequence <= sequence:
            fetched = self._fetched.popleft()
            self._bytes -= fetched.size
            self._begin = fetched.record.sequence

    def _clear(self, after: int) -> None:
        self._fetched.clear()
        self._bytes = 0
        self._begin = self._end = after
