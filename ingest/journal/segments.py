"""The journal's files: finding them, mending them after a crash, reading them."""

import mmap
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from ingest.journal.record import DamagedRecord, Decoder, OnDamage, Record

_SUFFIX: Final = ".journal"
_PLACES: Final = 8
"""How many readers' places are remembered: of one that stores, one that shows, and some that look back."""


class Segment(NamedTuple):
    """A file of the journal that nothing is added to any more: `first` is its first number, `behind` the next one's."""

    first: int
    behind: int
    path: Path
    size: int


def segment_path(directory: Path, first: int) -> Path:
    """The file of the segment whose first record has the number `first`."""
    return directory / f"{first:020d}{_SUFFIX}"


def find_segments(directory: Path) -> dict[int, int]:
    """The size of each segment in `directory` by its first number, in order."""
    files = [path for path in directory.glob(f"*{_SUFFIX}") if path.stem.isdecimal()]
    return {int(path.stem): path.stat().st_size for path in sorted(files)}


def sync_directory(directory: Path) -> None:
    """Make names that were added to `directory` survive a crash."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def recover(directory: Path, segments: dict[int, int], report: Callable[[str], OnDamage]) -> int:
    """Cut off what a crash left half-written at the end of `segments`; returns the number of the next record."""
    following = 1
    for first in [first for first, size in segments.items() if size == 0]:
        segment_path(directory, first).unlink()
        del segments[first]
        following = first
    for first in reversed(list(segments)):
        path, last, end = segment_path(directory, first), first - 1, 0
        for place in Decoder().places(mapped(path, segments[first]), report(path.name)):
            last, end = max(last, place.sequence), place.end
        following = max(following, last + 1)
        if end:
            if end < segments[first]:
                os.truncate(path, end)
                segments[first] = end
            break
        path.unlink()
        del segments[first]
    return following


class SegmentReader:
    """Reads records from segments, and remembers where it stopped, so that reading on does not begin again.

    `damaged_bytes` were to be read and could not be: the disk did not keep them.
    """

    def __init__(self, directory: Path, log: Any) -> None:
        self._directory = directory
        self._log = log
        self._places: dict[int, tuple[int, int]] = {}
        self.damaged_bytes = 0

    def read(self, segments: Mapping[int, int], after: int, max_payloads: int) -> list[Record]:
        """The records behind `after` in `segments` (sizes by first number), until they hold `max_payloads` or more."""
        taken: list[Record] = []
        payloads = 0
        decoder = Decoder()
        firsts = list(segments)
        begin, offset = self._places.get(after, (0, 0))
        place = (begin, offset)
        for first, behind in zip(firsts, [*firsts[1:], None], strict=True):
            size = segments[first]
            start = offset if first == begin else 0
            if first < begin or size <= start or (behind is not None and behind <= after + 1):
                continue
            path = segment_path(self._directory, first)
            try:
                data = mapped(path, size)
            except FileNotFoundError:
                continue  # all of it was stored, and room was needed
            place = (first, size)
            for record, end in decoder.salvage(data, after, self._report_and_count(path.name), start):
                taken.append(record)
                payloads += len(record.payloads)
                if payloads >= max_payloads:
                    self._remember(record.sequence, (first, end))
                    return taken
        self._remember(taken[-1].sequence if taken else after, place)
        return taken

    def report(self, file: str) -> OnDamage:
        """What says that there is damage in `file`."""

        def on_damage(damage: DamagedRecord, again_at: int) -> None:
            self._log.warning("damage in the journal; skipped", file=file, why=str(damage), bytes=again_at - damage.at)

        return on_damage

    def _report_and_count(self, file: str) -> OnDamage:
        report = self.report(file)

        def on_damage(damage: DamagedRecord, again_at: int) -> None:
            self.damaged_bytes += again_at - damage.at
            report(damage, again_at)

        return on_damage

    def _remember(self, after: int, place: tuple[int, int]) -> None:
        self._places.pop(after, None)
        self._places[after] = place
        while len(self._places) > _PLACES:
            self._places.pop(next(iter(self._places)), None)


def mapped(path: Path, most: int) -> mmap.mmap | bytes:
    """At most `most` bytes of a file. They stay readable when the file is deleted, and go with their last user."""
    with path.open("rb") as file:
        size = min(most, os.fstat(file.fileno()).st_size)
        return mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ) if size else b""
