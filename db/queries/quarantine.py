"""What is in the quarantine, by source and reason; and asking for it to be decoded again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection, case, func, select

from db.tables import quarantine

_MOST_GROUPS: Final = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """A message that could not be used. `native`: the payload is the decoded message in SI units, as JSON.

    `device` is the name of the device that sent it, None where that could not be read.
    """

    id: int
    received_at: datetime
    source: str
    reason: str
    detail: str
    payload: bytes
    native: bool
    again: bool
    device: str | None

    @property
    def encoding(self) -> Literal["text", "hex"]:
        """How `shown` writes the payload: as text where it is UTF-8, else in hexadecimal."""
        try:
            self.payload.decode()
        except UnicodeDecodeError:
            return "hex"
        return "text"

    @property
    def shown(self) -> str:
        """The payload for people."""
        return self.payload.decode() if self.encoding == "text" else self.payload.hex(" ")


@dataclass(frozen=True, slots=True)
class Group:
    """What is kept of one source and reason; `again` of it wait to be decoded. `newest` is the last one received."""

    source: str
    reason: str
    count: int
    first: datetime
    last: datetime
    again: int
    newest: Kept


def list_groups(connection: Connection) -> list[Group]:
    """All groups, the one that grew last first."""
    t = quarantine.c
    grouped = (
        select(
            t.source,
            t.reason,
            func.count().label("count"),
            func.min(t.received_at).label("first"),
            func.max(t.received_at).label("last"),
            func.sum(case((t.again, 1), else_=0)).label("again"),
            func.max(t.id).label("newest"),
        )
        .group_by(t.source, t.reason)
        .order_by(func.max(t.id).desc())
        .limit(_MOST_GROUPS)
        .subquery()
    )
    g = grouped.c
    query = (
        select(g.source, g.reason, g.count, g.first, g.last, g.again, *_COLUMNS)
        .join(quarantine, t.id == g.newest)
        .order_by(g.newest.desc())
    )
    rows = [tuple(row) for row in connection.execute(query)]
    return [
        Group(source, reason, count, first, last, again, Kept(*kept))
        for source, reason, count, first, last, again, *kept in rows
    ]


def list_kept(
    connection: Connection,
    *,
    source: str | None,
    reason: str | None,
    limit: int,
    device: str | None = None,
    before: int | None = None,
) -> list[Kept]:
    """Messages, newest first; those kept before the one with the id `before`, where it is given."""
    t = quarantine.c
    query = select(*_COLUMNS).order_by(t.id.desc()).limit(limit)
    for column, wanted in ((t.source, source), (t.reason, reason), (t.device, device)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before is not None:
        query = query.where(t.id < before)
    return [Kept(*row) for row in connection.execute(query)]


_COLUMNS: Final = tuple(
    quarantine.c[name]
    for name in ("id", "received_at", "source", "reason", "detail", "payload", "native", "again", "device")
)
