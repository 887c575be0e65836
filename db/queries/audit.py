"""What the audit says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from db.tables import audit


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `before` and `after` are what JSON can say, None where there was or is nothing."""

    id: int
    at: datetime
    who: str
    what: str
    before: Any
    after: Any


def list_changes(
    connection: Connection, *, limit: int, before: int | None = None, what: str | None = None
) -> list[Change]:
    """Changes, newest first: those behind the id `before`, of `what` begins with `what`."""
    t = audit.c
    query = select(t.id, t.at, t.who, t.what, t.before, t.after).order_by(t.id.desc()).limit(limit)
    if before is not None:
        query = query.where(t.id < before)
    if what:
        query = query.where(t.what.startswith(what, autoescape=True))
    return [Change(*row) for row in connection.execute(query)]
