"""What an engine must do: create, roll up, compress, expire."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

from psycopg import Connection as PsycopgConnection
from sqlalchemy import Connection

ORIGIN: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""A moment at which buckets of every width begin."""


@dataclass(frozen=True, slots=True)
class Rollup:
    """A table of statistics a device and bucket.

    `source` is the table or finer rollup it is made from, `moment` the column there that says when; `keys` are the
    columns beside the bucket that it is grouped by; `statistics` are (column, type, SQL that makes it from `source`).
    """

    name: str
    source: str
    moment: str
    width: timedelta
    keys: tuple[str, ...]
    statistics: tuple[tuple[str, str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all its columns."""
        return ("bucket", *self.keys, *(name for name, _, _ in self.statistics))

    @property
    def made_from(self) -> str:
        """SQL of the statistics, made from the source."""
        return ", ".join(f"{sql} AS {name}" for name, _, sql in self.statistics)


class StorageEngine(Protocol):
    """Keeps tables of rows over time (hypertables) and their rollups."""

    name: str

    def create(self, connection: Connection, table: str, columns: str) -> None:
        """Make `table` with `columns` (SQL, with a constraint for its key); rows go by their `ts`."""

    def create_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Make the rollup; from here on it can be read under its name and is never behind its source."""

    def renew_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Bring the definition of a rollup that is there, and its indexes, up to date; what it holds stays."""

    def widen_rollups(self, connection: Connection, rollups: Sequence[Rollup]) -> None:
        """Give rollups that are there the statistics that were added at the end of their definitions, finer ones first.

        What they are of stored rows is not known until the buckets are marked and rolled up again. Nothing may be
        built upon them but each other.
        """

    def drop_rollup(self, connection: Connection, rollup: Rollup) -> None:
        """Undo `create_rollup`."""

    def set_chunk_interval(self, connection: PsycopgConnection, tables: Sequence[str], hours: int) -> None:
        """How long the pieces are that tables are kept in, where the engine leaves a choice."""

    def make_room(self, connection: PsycopgConnection, table: str, days: Iterable[date]) -> None:
        """Make sure rows of these UTC days can be written. Called before a write that holds days not seen yet."""

    def roll_up(self, connection: PsycopgConnection, rollups: Sequence[Rollup], until: datetime) -> int:
        """Recompute the buckets before `until` that writes have touched; how many there were."""

    def order(self, connection: PsycopgConnection, rollups: Sequence[Rollup], until: datetime) -> int:
        """Put what lately ended before `until` into the order in which a device is read; how many pieces it did."""

    def compress(self, connection: PsycopgConnection, tables: Sequence[str], until: datetime) -> int:
        """Make the storage of rows before `until` smaller where the engine can; how many pieces it did."""

    def expire(self, connection: PsycopgConnection, table: str, until: datetime) -> int:
        """Drop what is wholly before `until`; how many pieces went."""


def runs(buckets: Sequence[datetime], width: timedelta) -> list[tuple[datetime, datetime]]:
    """The spans that sorted buckets of `width` cover without gaps."""
    runs: list[tuple[datetime, datetime]] = []
    for bucket in buckets:
        if runs and runs[-1][1] == bucket:
            runs[-1] = (runs[-1][0], bucket + width)
        else:
            runs.append((bucket, bucket + width))
    return runs
