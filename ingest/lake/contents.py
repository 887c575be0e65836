"""What the lake holds: days, sources, rows and bytes."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import NamedTuple

import pyarrow as pa

from ingest.lake.parts import metadata_of
from ingest.lake.place import Lake


class Holding(NamedTuple):
    """What there is of a source on a day; `damaged` are parts that cannot be read."""

    day: date
    source: str
    parts: int
    rows: int
    bytes: int
    damaged: int


def holdings(lake: Lake) -> Iterator[Holding]:
    """By day, then source. Reads the footer of every part. Raises OSError where the lake cannot be read."""
    for (day, source), group in groupby(lake.parts(), key=lambda part: (part.day, part.source)):
        parts = list(group)
        rows = damaged = 0
        for part in parts:
            try:
                rows += metadata_of(lake, part.path).num_rows
            except pa.ArrowInvalid:
                damaged += 1
        yield Holding(day, source, len(parts), rows, sum(part.size for part in parts), damaged)
