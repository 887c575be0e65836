"""How the lake is laid out: `day=2026-11-22/source=NAME/part-<first sequence>.parquet`.

Day and source are columns that every reader of such folders adds by itself (Hive partitioning), so the files do not
hold them again. A source's name is escaped as in a URL.
"""

import hashlib
import re
from datetime import date
from typing import Final, NamedTuple
from urllib.parse import quote, unquote

from core.types import from_micros

PATTERN: Final = "day=*/source=*/*.parquet"
_PATH: Final = re.compile(r"day=(\d{4}-\d\d-\d\d)/source=([^/]+)/part-(\d+)(?:-\d+)?\.parquet$")
_LONGEST: Final = 200
"""Bytes of a folder's name: file systems take 255."""


class Part(NamedTuple):
    """A file of the lake: its `first` sequence number, its path below the lake's root, its size in bytes."""

    day: date
    source: str
    first: int
    path: str
    size: int


def day_of(micros: int) -> date:
    """The UTC day of a moment in microseconds since 1970."""
    return from_micros(micros).date()


def folder_of(day: date, source: str) -> str:
    """The folder of a day and source. A name too long for one is cut, and told apart by its hash."""
    name = quote(source, safe="")
    if len(name) > _LONGEST:
        digest = hashlib.sha256(source.encode()).hexdigest()[:12]
        name = re.sub(r"%[0-9A-F]?$", "", name[: _LONGEST - 13]) + "~" + digest
    return f"day={day}/source={name}"


def part_name(first: int, received_at: int | None = None) -> str:
    """The file of the part that begins with record `first`.

    With `received_at` (that of the record) where the plain name belongs to an older journal, which counted the same.
    """
    return f"part-{first:020d}.parquet" if received_at is None else f"part-{first:020d}-{received_at}.parquet"


def parse_part(path: str, size: int) -> Part | None:
    """The part at `path`, whatever stands before its day; None where it is no part of a lake."""
    found = _PATH.search(path)
    if found is None:
        return None
    try:
        day = date.fromisoformat(found[1])
    except ValueError:
        return None
    return Part(day, unquote(found[2], errors="replace"), int(found[3]), found[0], size)
