"""Who may come in, as rows: users with hashed passwords, tokens by their hash."""

from collections.abc import Sequence

from sqlalchemy import Connection, func, insert, select, text

from db.tables import api_token, app_user


def hold_users(connection: Connection) -> None:
    """Let nobody else add users until this transaction ends; who asks meanwhile waits."""
    connection.execute(text("LOCK TABLE app_user IN SHARE ROW EXCLUSIVE MODE"))


def count_users(connection: Connection) -> int:
    """How many users there are; none before the first start has made its admin."""
    return connection.execute(select(func.count()).select_from(app_user)).scalar_one()


def add_user(connection: Connection, name: str, password_hash: str, role: str) -> None:
    """Add a user. Raises IntegrityError where the name is taken."""
    connection.execute(
        insert(app_user).values(name=name, password_hash=password_hash, role=role, created_at=func.now())
    )


def add_token(connection: Connection, name: str, token_hash: str, scopes: Sequence[str]) -> None:
    """Add an API token by its hash. Raises IntegrityError where it is there already."""
    connection.execute(
        insert(api_token).values(name=name, token_hash=token_hash, scopes=list(scopes), created_at=func.now())
    )


def all_tokens(connection: Connection) -> dict[str, frozenset[str]]:
    """The scopes of every token, by its hash."""
    rows = connection.execute(select(api_token.c.token_hash, api_token.c.scopes))
    return {token_hash: frozenset(scopes) for token_hash, scopes in rows}
