"""Arrays of numpy as binary parameters and as binary COPY, without a Python object a value.

Formats: PostgreSQL's `array_send` (arrayfuncs.c) and the documentation of COPY, "Binary Format".
"""

import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from psycopg.adapt import Dumper
from psycopg.pq import Format

Column = npt.NDArray[Any]

_ELEMENT: Final = {"i4": 23, "i8": 20, "f4": 700, "f8": 701}
_ARRAY: Final = {"i4": 1007, "i8": 1016, "f4": 1021, "f8": 1022}
_COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_TRAILER: Final = struct.pack(">h", -1)


class _Array:
    """A one-dimensional array on its way to the server. NULL has no place in it: send NaN and use nullif."""

    kind: str

    def __init__(self, values: Column) -> None:
        self.values = values


class Int4s(_Array):
    """integer[]"""

    kind = "i4"


class Int8s(_Array):
    """bigint[]"""

    kind = "i8"


class Float4s(_Array):
    """real[]"""

    kind = "f4"


class Float8s(_Array):
    """double precision[]"""

    kind = "f8"


class _ArrayDumper(Dumper):
    format = Format.BINARY
    kind = ""

    def dump(self, obj: _Array) -> bytes:
        """The array in the server's binary form: header, then each element behind its length."""
        width = int(self.kind[1])
        items = np.empty(len(obj.values), dtype=[("length", ">i4"), ("value", f">{self.kind}")])
        items["length"] = width
        items["value"] = obj.values
        return struct.pack(">iiIii", 1, 0, _ELEMENT[self.kind], len(items), 1) + items.tobytes()


def register(adapters: Any) -> None:
    """Teach a connection's `adapters` our arrays."""
    for array in (Int4s, Int8s, Float4s, Float8s):
        attributes = {"oid": _ARRAY[array.kind], "kind": array.kind}
        adapters.register_dumper(array, type(f"{array.__name__}Dumper", (_ArrayDumper,), attributes))


def copy_binary(columns: Sequence[Column], kinds: Sequence[str]) -> bytes:
    """A whole binary COPY of rows given by column; `kinds` are "i4", "i8", "f4" or "f8". A NaN is sent as NULL.

    A NULL takes no room in a row, so rows are grouped by which of their columns are NULL: within a group all rows
    have one size, and are laid out at once. The order of rows is not kept.
    """
    nulls = np.zeros(len(columns[0]), dtype=np.int64)
    for place, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
        if kind[0] == "f":
            nulls |= np.isnan(column).astype(np.int64) << place
    parts = [_COPY_HEADER]
    for pattern in np.unique(nulls).tolist():
        chosen = nulls == pattern
        parts.append(_rows_of_one_size([c[chosen] for c in columns], kinds, pattern))
    parts.append(_COPY_TRAILER)
    return b"".join(parts)


def _rows_of_one_size(columns: Sequence[Column], kinds: Sequence[str], pattern: int) -> bytes:
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for place, kind in enumerate(kinds):
        fields.append((f"length{place}", ">i4"))
        if not pattern >> place & 1:
            fields.append((f"value{place}", f">{kind}"))
    rows = np.empty(len(columns[0]), dtype=fields)
    rows["fields"] = len(kinds)
    for place, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
        if pattern >> place & 1:
            rows[f"length{place}"] = -1
        else:
            rows[f"length{place}"] = int(kind[1])
            rows[f"value{place}"] = column
    return rows.tobytes()
