"""Rows as CSV (RFC 4180), Parquet or an Arrow stream: a column a name, nothing where a value is not known."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from api.answers import Answer, answer
from api.formats import MEDIA_TYPES, attachment
from core.text import iso_utc

Kind = Literal["text", "moment", "number", "count"]
TableFile = Literal["csv", "parquet", "arrow"]
_TYPES: Final[Mapping[Kind, pa.DataType]] = {
    "text": pa.string(),
    "moment": pa.timestamp("us", tz="UTC"),
    "number": pa.float64(),
    "count": pa.int64(),
}


def to_csv(names: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The table in UTF-8, times in ISO 8601 UTC, numbers and texts as they are."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([iso_utc(cell) if isinstance(cell, datetime) else cell for cell in row] for row in rows)
    # What no UTF-8 can hold, an unpaired surrogate, cannot come out of the database.
    return text.getvalue().encode()


def to_table(columns: Mapping[str, Kind], rows: Iterable[Sequence[object]], unit: str | None = None) -> pa.Table:
    """An Arrow table; columns of numbers carry `unit` in the metadata of their field."""
    about = {} if unit is None else {"unit": unit}
    schema = pa.schema([pa.field(name, _TYPES[kind], metadata=_about(kind, about)) for name, kind in columns.items()])
    cells: list[Sequence[object]] = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pa.table([pa.array(column, field.type) for column, field in zip(cells, schema, strict=True)], schema)


def to_parquet(table: pa.Table) -> bytes:
    """One file, compressed."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def to_arrow(table: pa.Table) -> bytes:
    """The IPC stream of Arrow."""
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def file_answer(
    kind: TableFile, name: str, columns: Mapping[str, Kind], rows: Iterable[Sequence[object]], unit: str | None
) -> Answer:
    """The rows as a file called `name`."""
    if kind == "csv":
        body = to_csv(tuple(columns), rows)
    else:
        table = to_table(columns, rows, unit)
        body = to_parquet(table) if kind == "parquet" else to_arrow(table)
    return answer(body, MEDIA_TYPES[kind], attachment(name, kind) | _named(unit))


def _about(kind: Kind, about: dict[str, str]) -> Any:
    return about if about and kind == "number" else None


def _named(unit: str | None) -> dict[str, str]:
    """CSV has no place for the unit: a header says it. A unit is whatever a sender wrote, so only plain ones."""
    return {"X-Unit": unit} if unit and unit.isascii() and unit.isprintable() else {}
