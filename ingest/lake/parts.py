"""Writes the parts that one segment of the journal gives: one a day and source, in bounded memory."""

from datetime import date
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.decoders import Decoder
from ingest.journal import Record
from ingest.lake.layout import day_of, folder_of, part_name
from ingest.lake.place import Lake, sync_file
from ingest.lake.rows import FIRST_RECEIVED, SCHEMA, SOURCE, Rows

_GROUP_ROWS: Final = 50_000
_GROUP_BYTES: Final = 32 * 1024 * 1024
_MOST_ROWS: Final = 200_000
_MOST_BYTES: Final = 128 * 1024 * 1024
"""Of one row group, and of all that wait for theirs."""


class _Part:
    def __init__(self, scratch: Path, number: int, day: date, first: Record) -> None:
        self.folder = folder_of(day, first.source)
        self.first, self.received_at = first.sequence, first.received_at
        self.file = scratch / f"{number}.parquet"
        self.rows = Rows()
        metadata = {SOURCE: first.source.encode(), FIRST_RECEIVED: str(first.received_at).encode()}
        schema = SCHEMA.with_metadata(metadata)
        self._writer = pq.ParquetWriter(self.file, schema, compression="zstd")

    def write_group(self) -> int:
        """Write the rows that wait as a row group; how many they were."""
        count = len(self.rows)
        if count:
            self._writer.write_batch(self.rows.take(), row_group_size=count)
        return count

    def finish(self) -> int:
        count = self.write_group()
        self._writer.close()
        sync_file(self.file)
        return count


class PartWriter:
    """Takes records in order, then puts all parts into the lake. `rows` and `parts` count what was written.

    A part that is there already is replaced by the same one: to do a segment again changes nothing.
    """

    def __init__(self, lake: Lake, scratch: Path) -> None:
        self.rows = 0
        self.parts = 0
        self._lake = lake
        self._scratch = scratch
        self._parts: dict[tuple[date, str], _Part] = {}

    def add(self, record: Record, decoder: Decoder) -> None:
        """Take a record."""
        key = (day_of(record.received_at), record.source)
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part(self._scratch, len(self._parts), key[0], record)
        part.rows.add(record, decoder)
        if len(part.rows) >= _GROUP_ROWS or part.rows.bytes >= _GROUP_BYTES:
            self.rows += part.write_group()
        waiting = [p.rows for p in self._parts.values()]
        if sum(map(len, waiting)) >= _MOST_ROWS or sum(rows.bytes for rows in waiting) >= _MOST_BYTES:
            for each in self._parts.values():
                self.rows += each.write_group()

    def finish(self) -> None:
        """Put them into the lake, one after the other."""
        for part in self._parts.values():
            self.rows += part.finish()
        for part in self._parts.values():
            self._lake.put(part.file, self._path(part))
            self.parts += 1

    def _path(self, part: _Part) -> str:
        """Its path, unless another journal's part, from before this one began to count anew, stands there."""
        path = f"{part.folder}/{part_name(part.first)}"
        if self._lake.has(path) and first_received(self._lake, path) != part.received_at:
            return f"{part.folder}/{part_name(part.first, part.received_at)}"
        return path


def first_received(lake: Lake, path: str) -> int | None:
    """When the first record of a part was received, in µs since 1970; None where that cannot be read."""
    try:
        found = metadata_of(lake, path).metadata.get(FIRST_RECEIVED)
    except pa.ArrowInvalid:
        return None
    return None if found is None else int(found)


def metadata_of(lake: Lake, path: str) -> Any:
    """The footer of a part: pyarrow's FileMetaData. Raises ArrowInvalid where the file is no Parquet, OSError."""
    with lake.open(path) as file:
        return pq.read_metadata(file)
