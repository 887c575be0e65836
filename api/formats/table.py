"""Rows as CSV (RFC 4180): a line of names, then one line a row; nothing where a value is not known."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from core.text import iso_utc


def to_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The table in UTF-8, times in ISO 8601 UTC, numbers and texts as they are."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([iso_utc(cell) if isinstance(cell, datetime) else cell for cell in row] for row in rows)
    # What no UTF-8 can hold, an unpaired surrogate, cannot come out of the database.
    return text.getvalue().encode()
