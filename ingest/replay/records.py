"""The records of a window: from the journal, and from the lake where the journal no longer has them."""

from collections.abc import Callable, Iterator
from pathlib import Path

from ingest.journal import Record
from ingest.journal.window import JournalWindow
from ingest.lake.look_back import LakeWindow
from ingest.lake.place import Lake
from ingest.replay.run import Window


class WindowRecords:
    """Read once, in order. `until` is the last record of the journal that is stored. Raises OSError.

    `damage` says, for people, what could not be read.
    """

    def __init__(self, window: Window, journal: Path, until: int, lake: Lake | None) -> None:
        self._source = window.source
        self._journal = JournalWindow(journal, window.begin, window.end, until)
        self._lake: LakeWindow | None = None
        if lake is not None:
            self._lake = LakeWindow(lake, window.begin, window.end, window.source, self._journal.first())

    @property
    def size(self) -> int:
        """Bytes that will be gone through."""
        return self._journal.size + (self._lake.size if self._lake else 0)

    def read(self, passed: Callable[[int], object]) -> Iterator[Record]:
        """All of them. `passed` is told how many bytes were gone through."""
        if self._lake is not None:
            yield from self._lake.records(passed)
        for record in self._journal.records(passed):
            if self._source is None or record.source == self._source:
                yield record

    def damage(self) -> list[str]:
        """What was skipped so far."""
        said = [f"{each.file} of the journal: {each.why}, {each.bytes} bytes skipped" for each in self._journal.damaged]
        said += [f"{file} of the journal went while it was read" for file in self._journal.gone]
        return said + [f"{part} of the lake" for part in (self._lake.damaged if self._lake else [])]
