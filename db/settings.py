"""The values of runtime settings, as rows. What they may be is core/site.py's; how they spread is db/site.py's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from db.tables import setting


@dataclass(frozen=True, slots=True)
class Stored:
    """A value that somebody has set."""

    value: Any
    updated_at: datetime
    updated_by: str


def hold(connection: Connection) -> None:
    """Let nobody else write settings until this transaction ends: two values may have to go together."""
    connection.execute(text("LOCK TABLE setting IN SHARE ROW EXCLUSIVE MODE"))


def read_stored(connection: Connection) -> Mapping[str, Stored]:
    """All values that were set, by name."""
    t = setting.c
    rows = connection.execute(select(t.name, t.value, t.updated_at, t.updated_by))
    return {name: Stored(value, at, by) for name, value, at, by in rows}


def write(connection: Connection, name: str, value: Any, who: str) -> None:
    """Set one, in place of what it was."""
    row = {"value": value, "updated_at": func.clock_timestamp(), "updated_by": who}
    statement = insert(setting).values(name=name, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=[setting.c.name], set_=row))


def remove(connection: Connection, name: str) -> None:
    """Let its default hold again."""
    connection.execute(delete(setting).where(setting.c.name == name))
