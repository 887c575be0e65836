"""Records out of the lake, as they were in the journal."""

import heapq
from collections.abc import Callable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from core.types import to_micros
from ingest.journal import Record
from ingest.journal.record import Place
from ingest.lake.layout import Part, day_of, folder_of
from ingest.lake.place import Lake
from ingest.lake.rows import SOURCE

_COLUMNS: Final = ["sequence", "received_at", "payload"]
_ROWS: Final = 10_000


class LakeWindow:
    """What the lake holds of the time from `begin` to before `end` (microseconds since 1970), of one source or all.

    What the journal has as well, from its record `journal_begins` on, is left to the journal. Parts that cannot be
    read are collected in `damaged`.
    """

    def __init__(self, lake: Lake, begin: int, end: int, source: str | None, journal_begins: Place | None) -> None:
        self.damaged: list[str] = []
        self._lake = lake
        self._begin, self._end = begin, end
        self._journal_begins = journal_begins
        days = (day_of(begin), day_of(end - 1))
        self._parts = sorted(
            (
                part
                for part in lake.parts()
                if days[0] <= part.day <= days[1]
                and (source is None or part.path.startswith(folder_of(part.day, source) + "/"))
            ),
            key=lambda part: (part.first, part.day),
        )

    @property
    def size(self) -> int:
        """Bytes that `records` will go through."""
        return sum(part.size for part in self._parts)

    def records(self, passed: Callable[[int], object]) -> Iterator[Record]:
        """Its records in order. A part is opened when its turn comes. `passed` is told how many bytes were done."""
        open_parts: list[tuple[int, int, Record, Iterator[Record]]] = []
        for number, part in enumerate(self._parts):
            yield from self._until(part.first, open_parts)
            self._push(number, self._read(part, passed), open_parts)
        yield from self._until(None, open_parts)

    def _until(
        self, sequence: int | None, open_parts: list[tuple[int, int, Record, Iterator[Record]]]
    ) -> Iterator[Record]:
        while open_parts and (sequence is None or open_parts[0][0] < sequence):
            _, number, record, rest = heapq.heappop(open_parts)
            yield record
            self._push(number, rest, open_parts)

    @staticmethod
    def _push(
        number: int, records: Iterator[Record], open_parts: list[tuple[int, int, Record, Iterator[Record]]]
    ) -> None:
        record = next(records, None)
        if record is not None:
            heapq.heappush(open_parts, (record.sequence, number, record, records))

    def _read(self, part: Part, passed: Callable[[int], object]) -> Iterator[Record]:
        try:
            with self._lake.open(part.path) as file:
                parquet = pq.ParquetFile(file)
                source = parquet.schema_arrow.metadata[SOURCE].decode()
                for (sequence, received_at), rows in groupby(_rows(parquet), key=itemgetter(0, 1)):
                    payloads = [payload for _, _, payload in rows if payload is not None]
                    record = Record(sequence, to_micros(received_at), source, payloads)
                    if self._is_wanted(record):
                        yield record
        except (OSError, pa.ArrowInvalid, KeyError, TypeError) as error:
            self.damaged.append(f"{part.path}: {error}")
        passed(part.size)

    def _is_wanted(self, record: Record) -> bool:
        if not self._begin <= record.received_at < self._end:
            return False
        begins = self._journal_begins
        return begins is None or record.sequence < begins.sequence or record.received_at < begins.received_at


def _rows(parquet: Any) -> Iterator[tuple[Any, ...]]:
    for batch in parquet.iter_batches(batch_size=_ROWS, columns=_COLUMNS):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
