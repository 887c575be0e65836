"""Who may sign in."""

from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, select

from db.tables import app_user


@dataclass(frozen=True, slots=True)
class User:
    """A user; the hash of the password is never shown, not even in a log."""

    id: int
    name: str
    role: str
    password_hash: str = field(repr=False)


def get_user(connection: Connection, name: str) -> User | None:
    """The user called `name`."""
    return _one(connection, app_user.c.name == name)


def get_user_by_id(connection: Connection, user_id: int) -> User | None:
    """The user with this id."""
    return _one(connection, app_user.c.id == user_id)


def _one(connection: Connection, which: ColumnElement[bool]) -> User | None:
    t = app_user.c
    row = connection.execute(select(t.id, t.name, t.role, t.password_hash).where(which)).first()
    return None if row is None else User(*row)
