"""The journal: segment files of records, appended and synced; read on from a sequence number; bounded in size.

A segment is named by the sequence number of its first record. What was appended last is kept in memory as well,
up to a bound, so that in ordinary running nothing is read back from disk.
"""

import mmap
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from core.errors import JournalFull, StartupError
from core.log import get_logger
from ingest.journal.record import DamagedRecord, Decoder, Encoder, Record

SUFFIX: Final = ".journal"
_MEMORY_BYTES: Final = 64 * 1024 * 1024


class Journal:
    """Appended to by any number of source threads, read by the one that stores.

    `segment_bytes` and `max_bytes` bound one file and all together. Beyond `max_bytes`, segments already stored go
    first; where none is left, append raises JournalFull.
    """

    def __init__(self, directory: Path, *, segment_bytes: int, max_bytes: int) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._log = get_logger("journal")
        self._lock = threading.Lock()
        self._encoder = Encoder()
        self._tail: deque[tuple[Record, int]] = deque()
        self._tail_bytes = 0
        self._stored = 0
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._segments = {int(p.stem): p.stat().st_size for p in sorted(directory.glob(f"*{SUFFIX}"))}
            self._next = self._recover()
            self._file = self._open_segment()
        except OSError as error:
            raise StartupError(
                f"The journal in {directory} cannot be written: {error.strerror or error}."
                " Make room or correct the permissions, or set WAYPOST_DATA_DIR to another directory."
            ) from None

    @property
    def next_sequence(self) -> int:
        """The sequence number that the next record will have; the first of all is 1."""
        return self._next

    def size(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return sum(self._segments.values())

    def append(self, source: str, payloads: Sequence[bytes], received_at: int | None = None) -> int:
        """Write one record of `payloads` and sync it to disk; returns its sequence number.

        When this returns, the payloads survive any crash. Raises JournalFull where the journal has no room or the
        disk is full; nothing was written then.
        """
        received = time.time_ns() // 1000 if received_at is None else received_at
        with self._lock:
            sequence = self._next
            data = self._encoder.encode(sequence, received, source, payloads)
            self._make_room(len(data))
            if self._file_size() + len(data) > self._segment_bytes and self._file_size() > 0:
                self._roll()
            self._write(data)
            self._next += 1
            self._remember(Record(sequence, received, source, list(payloads)), sum(map(len, payloads)))
            return sequence

    def read(self, after: int, max_payloads: int) -> list[Record]:
        """The records behind sequence number `after`, whole ones until they hold `max_payloads` or more."""
        with self._lock:
            if self._tail and self._tail[0][0].sequence <= after + 1:
                return _until(max_payloads, (r for r, _ in self._tail if r.sequence > after))
            if after + 1 >= self._next:
                return []
        return _until(max_payloads, self._from_disk(after))

    def stored(self, sequence: int) -> None:
        """Say that all records up to `sequence` are stored: their segments may go when room is needed."""
        with self._lock:
            self._stored = sequence
            while self._tail and self._tail[0][0].sequence <= sequence:
                self._tail_bytes -= self._tail.popleft()[1]

    def skip_to(self, sequence: int) -> None:
        """Number on from behind `sequence`: the database has stored that far, so those numbers are taken.

        Needed where the journal's files were lost or the database is an older Waypost's.
        """
        with self._lock:
            if sequence >= self._next:
                self._next = sequence + 1
                self._roll()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            os.close(self._file)

    def _recover(self) -> int:
        """Find where to go on; cut off what a crash left half-written at the end of the last segment."""
        for first in reversed(list(self._segments)):
            path = self._path(first)
            last, end = first - 1, 0
            for record, behind in Decoder().salvage(path.read_bytes(), 0, self._report(path.name)):
                last, end = record.sequence, behind
            if end < self._segments[first]:
                os.truncate(path, end)
                self._segments[first] = end
            if end > 0:
                return last + 1
            path.unlink()
            del self._segments[first]
        return 1

    def _report(self, file: str) -> Callable[[DamagedRecord, int], None]:
        def report(damage: DamagedRecord, again_at: int) -> None:
            self._log.warning("damage in the journal; skipped", file=file, why=str(damage), bytes=again_at - damage.at)

        return report

    def _open_segment(self) -> int:
        path = self._path(self._next)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._current = self._next
        self._segments[self._current] = os.fstat(file).st_size
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
        return file

    def _roll(self) -> None:
        os.close(self._file)
        if self._file_size() == 0:
            self._path(self._current).unlink(missing_ok=True)
            del self._segments[self._current]
        self._file = self._open_segment()

    def _file_size(self) -> int:
        return self._segments[self._current]

    def _path(self, first: int) -> Path:
        return self._directory / f"{first:020d}{SUFFIX}"

    def _write(self, data: bytes) -> None:
        before = self._file_size()
        try:
            written = 0
            while written < len(data):
                written += os.write(self._file, data[written:])
            os.fdatasync(self._file)
        except OSError as error:
            os.ftruncate(self._file, before)
            raise JournalFull(f"the journal in {self._directory} cannot be written: {error.strerror}") from error
        self._segments[self._current] = before + len(data)

    def _make_room(self, needed: int) -> None:
        while sum(self._segments.values()) + needed > self._max_bytes:
            firsts = list(self._segments)
            if len(firsts) < 2 or firsts[1] > self._stored + 1:
                raise JournalFull(
                    f"the journal in {self._directory} is at its size of {self._max_bytes >> 20} MB"
                    " and none of it is stored yet: see that the database answers, or raise WAYPOST_JOURNAL_MAX_MB"
                )
            self._path(firsts[0]).unlink()
            del self._segments[firsts[0]]

    def _remember(self, record: Record, size: int) -> None:
        self._tail.append((record, size))
        self._tail_bytes += size
        while self._tail_bytes > _MEMORY_BYTES and len(self._tail) > 1:
            self._tail_bytes -= self._tail.popleft()[1]

    def _from_disk(self, after: int) -> Iterator[Record]:
        with self._lock:
            segments = list(self._segments.items())
        decoder = Decoder()
        for place, (first, size) in enumerate(segments):
            behind = segments[place + 1][0] if place + 1 < len(segments) else None
            if size == 0 or (behind is not None and behind <= after + 1):
                continue
            path = self._path(first)
            with path.open("rb") as file, mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) as data:
                for record, _ in decoder.salvage(memoryview(data), after, self._report(path.name)):
                    yield record


def _until(max_payloads: int, records: Iterator[Record]) -> list[Record]:
    taken: list[Record] = []
    payloads = 0
    for record in records:
        taken.append(record)
        payloads += len(record.payloads)
        if payloads >= max_payloads:
            break
    return taken
