"""Questions in SQL to the lake, answered by DuckDB: the view `messages` is all of it. Nothing here writes to it."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Final

import duckdb

from core.errors import WaypostError
from ingest.lake.layout import PATTERN
from ingest.lake.place import Lake, shown


class Format(StrEnum):
    """How an answer is written."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


_VIEW: Final = """
CREATE VIEW messages AS SELECT * FROM
read_parquet({files}, hive_partitioning = true, hive_types = {{'day': DATE, 'source': VARCHAR}})
"""
_HOW: Final = {
    Format.CSV: "FORMAT csv, HEADER",
    Format.JSON: "FORMAT json",
    Format.PARQUET: "FORMAT parquet, COMPRESSION zstd",
}
_MOST_ROWS: Final = 1_000
_READING: Final = frozenset({duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN})


class QueryFailed(WaypostError):
    """A question that has no answer; the message is one line for people."""


def query(lake: Lake, sql: str, *, format: Format = Format.TABLE, out: Path | None = None, width: int = 120) -> None:  # noqa: A002 - the option's name
    """Print the answer to `sql`, or write it to `out`: never a half file there.

    A table shows at most 1,000 rows, in `width` characters. Raises QueryFailed, also where `sql` would change
    anything; OSError where the lake cannot be read.
    """
    if format is Format.PARQUET and out is None:
        raise QueryFailed("Parquet is nothing for a terminal; say where it goes with --out FILE.")
    if out is not None and lake.is_local and out.resolve().is_relative_to(Path(lake.root).resolve()):
        raise QueryFailed(f"{out} is in the lake, which queries never write to; choose another place.")
    if not lake.parts():
        raise QueryFailed(f"The lake at {shown(lake.url)} holds nothing yet; docs/lake.md says how it is filled.")
    try:
        with duckdb.connect() as connection:
            sql = _only_reading(connection, sql)
            _open_view(connection, lake)
            if format is Format.TABLE and out is None:
                connection.sql(sql).show(max_rows=_MOST_ROWS, max_width=width)
            else:
                _write(connection, sql, _HOW.get(format, _HOW[Format.CSV]), out)
    except duckdb.Error as error:
        raise QueryFailed(str(error).strip()) from None


def _only_reading(connection: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The one statement that `sql` is. Raises QueryFailed where it is more, or not a question."""
    statements = connection.extract_statements(sql)
    if len(statements) != 1 or statements[0].type not in _READING:
        raise QueryFailed("The lake is only read: ask with one SELECT, and write the answer with --format and --out.")
    return statements[0].query.strip().rstrip(";")


def _open_view(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    files = f"{lake.root}/{PATTERN}"
    if not lake.is_local:
        connection.register_filesystem(lake.fs)
        files = lake.fs.unstrip_protocol(files)
    connection.execute(_VIEW.format(files=_quoted(files)))


def _write(connection: duckdb.DuckDBPyConnection, sql: str, options: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.flush()
        connection.execute(f"COPY ({sql}) TO '/dev/stdout' ({options})")
        return
    part = out.with_name(f".{out.name}.part")
    try:
        connection.execute(f"COPY ({sql}) TO {_quoted(str(part))} ({options})")
        part.replace(out)
    except OSError as error:
        raise QueryFailed(f"{out} cannot be written: {error.strerror or error}.") from None
    finally:
        part.unlink(missing_ok=True)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
