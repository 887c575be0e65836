"""The journal: segment files of records, appended and synced; read on from a sequence number; bounded in size.

A segment is named by the sequence number of its first record. What was appended last is kept in memory as well,
up to a bound, so that in ordinary running nothing is read back from disk.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

from core.errors import JournalFull, StartupError
from core.log import get_logger
from ingest.journal.keeping import Keeping
from ingest.journal.record import Encoder, Record
from ingest.journal.segments import Segment, SegmentReader, find_segments, recover, segment_path, sync_directory
from ingest.journal.waiting import InFlight, Waiting

_MEMORY_BYTES: Final = 64 * 1024 * 1024
_COUNTED_AT_ONCE: Final = 50_000
_PAYLOAD_OVERHEAD: Final = 48
"""Bytes of memory that a payload takes beside its own: without them, empty ones would fill the memory unseen."""


class Journal:
    """Appended to by any number of source threads, read by the one that stores.

    `segment_bytes` and `max_bytes` bound one file and all together. Beyond `max_bytes`, segments already stored go
    first; where none is left, append raises JournalFull. A segment is at most a quarter of all, so that room comes
    free bit by bit. `memory_bytes` bounds what is kept in memory.
    """

    name: Final = "journal"
    """What its checkpoint is kept under."""

    def __init__(
        self, directory: Path, *, segment_bytes: int, max_bytes: int, memory_bytes: int = _MEMORY_BYTES
    ) -> None:
        self._directory = directory
        self._segment_bytes = min(segment_bytes, max_bytes // 4)
        self._max_bytes = max_bytes
        self._memory_bytes = memory_bytes
        self._lock = threading.Lock()
        self._encoder = Encoder()
        self._reader = SegmentReader(directory, get_logger("journal"))
        self._tail: deque[tuple[Record, int]] = deque()
        self._tail_bytes = 0
        self._waiting = Waiting()
        self._stored = 0
        self.keeping = Keeping(get_logger("journal"))
        self._file = -1
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            sync_directory(directory.parent)
            self._segments = find_segments(directory)
            self._next = recover(directory, self._segments, self._reader.report)
            self._open_segment()
        except OSError as error:
            raise self._unusable(error) from None

    @property
    def next_sequence(self) -> int:
        """The sequence number that the next record will have; the first of all is 1."""
        return self._next

    @property
    def damaged_bytes(self) -> int:
        """Bytes that were to be stored and that the disk did not keep."""
        return self._reader.damaged_bytes

    def size(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return sum(self._segments.values())

    def append(self, source: str, payloads: Sequence[bytes], received_at: int | None = None) -> int:
        """Write one record of `payloads` and sync it to disk; returns its sequence number.

        When this returns, the payloads survive any crash. Raises JournalFull where the journal has no room or the
        disk takes nothing; nothing was written then. Raises ValueError for more payloads than a record can hold.
        """
        received = time.time_ns() // 1000 if received_at is None else received_at
        with self._lock:
            if self._file < 0:
                raise JournalFull(f"the journal in {self._directory} is closed")
            sequence = self._next
            data = self._encoder.encode(sequence, received, source, payloads)
            try:
                if self._file_size() and self._file_size() + len(data) > self._segment_bytes:
                    self._roll()
                self._make_room(len(data))
                self._write(data)
            except OSError as error:
                why = error.strerror or error
                raise JournalFull(f"the journal in {self._directory} cannot be written: {why}") from error
            self._next += 1
            self._waiting.add(sequence, source, len(payloads), received)
            self._remember(Record(sequence, received, source, list(payloads)))
            return sequence

    def read(self, after: int, max_payloads: int) -> list[Record]:
        """The records behind sequence number `after`, whole ones until they hold `max_payloads` or more."""
        with self._lock:
            if self._tail and (first := self._tail[0][0].sequence) <= after + 1:
                taken, payloads = [], 0
                for record, _ in islice(self._tail, after + 1 - first, None):
                    taken.append(record)
                    payloads += len(record.payloads)
                    if payloads >= max_payloads:
                        break
                return taken
            if after + 1 >= self._next:
                return []
            segments = dict(self._segments)
        return self._reader.read(segments, after, max_payloads)

    def stored(self, sequence: int) -> None:
        """Say that all records up to `sequence` are stored: their segments may go when room is needed."""
        with self._lock:
            self._stored = sequence
            self._waiting.stored(sequence)
            while self._tail and self._tail[0][0].sequence <= sequence:
                self._tail_bytes -= self._tail.popleft()[1]

    def take_up(self, stored: int) -> int:
        """Call once after opening it: all up to `stored` is in the database. Returns how many records are not.

        Raises StartupError.
        """
        self.skip_to(stored)
        self.stored(stored)
        behind = 0
        while records := self.read(stored, _COUNTED_AT_ONCE):
            behind += len(records)
            stored = records[-1].sequence
            with self._lock:
                for record in records:
                    self._waiting.add(record.sequence, record.source, len(record.payloads), record.received_at)
        return behind

    def in_flight(self) -> dict[str, InFlight]:
        """What is not stored yet, by source."""
        with self._lock:
            return self._waiting.by_source()

    def skip_to(self, sequence: int) -> None:
        """Number on from behind `sequence`: the database has stored that far, so those numbers are taken.

        Needed where the journal's files were lost or the database is an older Waypost's. Raises StartupError.
        """
        with self._lock:
            if sequence >= self._next:
                self._next = sequence + 1
                self._tail.clear()
                self._tail_bytes = 0
                try:
                    self._roll()
                except OSError as error:
                    raise self._unusable(error) from None

    def closed_segments(self) -> list[Segment]:
        """The segments that are complete, and stored as a whole, in order."""
        with self._lock:
            return self._closed_segments()

    def close_segment(self) -> None:
        """Go on in a new segment, unless this one is empty. Raises JournalFull where the disk takes none."""
        with self._lock:
            if self._file >= 0 and self._file_size():
                try:
                    self._roll()
                except OSError as error:
                    raise JournalFull(f"the journal in {self._directory} cannot be written: {error}") from error

    def expire(self, before: float) -> int:
        """Remove the stored segments last written before `before` (seconds since 1970); how many went.

        Those that are to be archived first stay.
        """
        with self._lock:
            old = [s for s in self._closed_segments() if self.keeping.may_go(s) and s.path.stat().st_mtime < before]
            for segment in old:
                self._remove(segment.first)
        return len(old)

    def close(self) -> None:
        """Close the file; a source that still appends gets JournalFull."""
        with self._lock:
            self._close_file()

    def _unusable(self, error: OSError) -> StartupError:
        return StartupError(
            f"The journal in {self._directory} cannot be written: {error.strerror or error}."
            " Make room or correct the permissions, or set WAYPOST_DATA_DIR to another directory."
        )

    def _closed_segments(self) -> list[Segment]:
        firsts = list(self._segments)
        return [
            Segment(first, behind, segment_path(self._directory, first), self._segments[first])
            for first, behind in pairwise(firsts)
            if behind <= self._stored + 1
        ]

    def _close_file(self) -> None:
        # The number is forgotten first: written to after it was closed, it might be another file's by then.
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _open_segment(self) -> None:
        """Open the segment of the next record, then close the one before: if the first fails, nothing has changed."""
        path = segment_path(self._directory, self._next)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            sync_directory(self._directory)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self._close_file()
        self._file = file
        self._current = self._next
        self._segments[self._current] = 0

    def _roll(self) -> None:
        before = self._current
        self._open_segment()
        if self._segments[before] == 0:
            del self._segments[before]
            segment_path(self._directory, before).unlink(missing_ok=True)

    def _file_size(self) -> int:
        return self._segments[self._current]

    def _write(self, data: bytes) -> None:
        """Write at the end of what is acknowledged, wherever a failed write before may have left the file's end."""
        size = self._file_size()
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._file, data[written:], size + written)
            os.fdatasync(self._file)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, size)
            raise
        self._segments[self._current] = size + len(data)

    def _make_room(self, needed: int) -> None:
        """Delete segments that are stored until `needed` bytes fit. Raises JournalFull where that is not enough."""
        while sum(self._segments.values()) + needed > self._max_bytes:
            firsts = list(self._segments)
            if len(firsts) < 2 or firsts[1] > self._stored + 1:
                raise JournalFull(
                    f"the journal in {self._directory} is at its size of {self._max_bytes >> 20} MB and the oldest"
                    " of it is not stored yet: see that the database answers, or raise WAYPOST_JOURNAL_MAX_MB"
                )
            self._remove(firsts[0])
            self.keeping.removed(firsts[0], firsts[1])

    def _remove(self, first: int) -> None:
        segment_path(self._directory, first).unlink(missing_ok=True)
        del self._segments[first]

    def _remember(self, record: Record) -> None:
        size = sum(map(len, record.payloads)) + _PAYLOAD_OVERHEAD * (len(record.payloads) + 1)
        self._tail.append((record, size))
        self._tail_bytes += size
        while self._tail_bytes > self._memory_bytes and len(self._tail) > 1:
            self._tail_bytes -= self._tail.popleft()[1]
