"""The quarantine: messages that could not be used are kept with the reason, to be looked at and decoded again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from psycopg import Connection, Cursor

from core.errors import Superseded
from core.reasons import WITHOUT_USE
from core.types import from_micros, to_micros

MOST_A_BATCH: Final = 1_000
"""Rows kept of one source and reason in one transaction: a flood of the same says nothing new. All are counted."""
_LONGEST_PAYLOAD: Final = 65_536

_COPY = "COPY quarantine (received_at, source, reason, detail, payload, native, device) FROM STDIN (FORMAT BINARY)"
_FLAGGED = """
SELECT id, received_at, source, reason, detail, payload, native, device FROM quarantine WHERE again ORDER BY id LIMIT %s
"""
# By id, so that rows that stay are passed but once.
_WITHIN = """
SELECT id, received_at, source, reason, detail, payload, native, device FROM quarantine
WHERE received_at >= %s AND received_at < %s AND (%s::text IS NULL OR source = %s) AND id > %s ORDER BY id LIMIT %s
"""
_TAKE = "DELETE FROM quarantine WHERE id = ANY(%s)"
# By id, which grows with time: exact without counting more than what stays.
_TRIM = """
DELETE FROM quarantine WHERE id <= (SELECT id FROM quarantine ORDER BY id DESC OFFSET %s LIMIT 1)
"""
_THIN_OUT = """
DELETE FROM quarantine WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY source, reason ORDER BY id DESC) AS nth FROM quarantine
        WHERE reason = ANY(%s) AND NOT again
    ) AS numbered WHERE nth > %s
)
"""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One message that could not be used; `id` is None until it is stored. Moments in microseconds since 1970.

    `device` is the name of the device that sent it, None where that could not be read.
    """

    received_at: int
    source: str
    reason: str
    detail: str
    payload: bytes
    native: bool
    device: str | None
    id: int | None = None


def keep(cursor: Cursor[Any], rows: Sequence[Quarantined]) -> None:
    """Store rows, within the caller's transaction: of each source and reason the first MOST_A_BATCH."""
    if not rows:
        return
    taken: dict[tuple[str, str], int] = {}
    with cursor.copy(_COPY) as copy:
        copy.set_types(["timestamptz", "text", "text", "text", "bytea", "bool", "text"])
        for row in rows:
            group = (row.source, row.reason)
            taken[group] = taken.get(group, 0) + 1
            if taken[group] <= MOST_A_BATCH:
                payload = row.payload[:_LONGEST_PAYLOAD]
                detail = row.detail.replace("\x00", "\ufffd")
                received_at = from_micros(row.received_at)
                copy.write_row((received_at, row.source, row.reason, detail, payload, row.native, row.device))


def take(cursor: Cursor[Any], ids: Sequence[int]) -> None:
    """Remove rows, within the caller's transaction: they have been decoded again.

    Raises Superseded where another took or trimmed one meanwhile: the account must not be moved for it twice.
    """
    if cursor.execute(_TAKE, (list(ids),)).rowcount != len(ids):
        raise Superseded("rows of the quarantine are not there any more")


def flagged(connection: Connection, limit: int) -> list[Quarantined]:
    """The oldest rows that someone asked to be decoded again."""
    return [_row(columns) for columns in connection.execute(_FLAGGED, (limit,))]


def within(
    connection: Connection, begin: int, end: int, source: str | None, *, after: int, limit: int
) -> list[Quarantined]:
    """Rows received from `begin` to before `end` (microseconds since 1970), of one source or all, behind id `after`."""
    asked = (from_micros(begin), from_micros(end), source, source, after, limit)
    return [_row(columns) for columns in connection.execute(_WITHIN, asked)]


def _row(columns: Sequence[Any]) -> Quarantined:
    id_, received, source, reason, detail, payload, native, device = columns
    return Quarantined(to_micros(received), source, reason, detail, bytes(payload), native, device, id_)


def trim(connection: Connection, most: int) -> int:
    """Delete the oldest rows beyond `most`; how many went. Of what is in order and of no use, so that it does not crowd
    out what needs a look, the newest MOST_A_BATCH of each source stay."""
    thinned = connection.execute(_THIN_OUT, (sorted(WITHOUT_USE), MOST_A_BATCH)).rowcount
    return thinned + connection.execute(_TRIM, (most,)).rowcount
