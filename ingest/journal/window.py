"""A look back into a journal's files, from any process: it reads alone, while another may be writing them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from ingest.journal.record import DamagedRecord, Decoder, OnDamage, Place, Record
from ingest.journal.segments import find_segments, mapped, segment_path


class Damage(NamedTuple):
    """Bytes of a segment that are no whole records."""

    file: str
    why: str
    bytes: int


class JournalWindow:
    """What a journal holds of the time from `begin` to before `end` (microseconds since 1970), up to record `until`.

    `until` is what the database has stored: what comes behind it may be half-written still. Damage is collected in
    `damaged`, the names of segments that went while they were read in `gone`.
    """

    def __init__(self, directory: Path, begin: int, end: int, until: int) -> None:
        self.damaged: list[Damage] = []
        self.gone: list[str] = []
        self._directory = directory
        self._begin, self._end, self._until = begin, end, until
        self._decoder = Decoder()
        self._segments = find_segments(directory) if directory.is_dir() else {}

    @property
    def size(self) -> int:
        """Bytes that `records` will go through."""
        return sum(size for first, size in self._segments.items() if first <= self._until)

    def first(self) -> Place | None:
        """The oldest record that is whole, whether within the window or not."""
        for first, size in self._segments.items():
            path = segment_path(self._directory, first)
            try:
                data = mapped(path, size)
            except FileNotFoundError:
                continue
            found = next(self._decoder.places(data, _unheard), None)
            if found is not None:
                return found
        return None

    def records(self, passed: Callable[[int], object]) -> Iterator[Record]:
        """Its records in order. `passed` is told how many bytes were gone through."""
        for first, size in self._segments.items():
            if first > self._until:
                return
            path = segment_path(self._directory, first)
            try:
                data = mapped(path, size)
            except FileNotFoundError:
                self.gone.append(path.name)
                passed(size)
                continue
            at = 0
            for place in self._decoder.places(data, self._on_damage(path.name)):
                if self._begin <= place.received_at < self._end and place.sequence <= self._until:
                    try:
                        yield self._decoder.unpack(data, place)
                    except DamagedRecord as damage:
                        self._on_damage(path.name)(damage, place.end)
                passed(place.end - at)
                at = place.end
                if place.sequence >= self._until:
                    break
            passed(size - at)

    def _on_damage(self, file: str) -> OnDamage:
        return lambda damage, again_at: self.damaged.append(Damage(file, str(damage), again_at - damage.at))


def _unheard(_damage: DamagedRecord, _again_at: int) -> None:
    """Damage is told by those who read the records."""
