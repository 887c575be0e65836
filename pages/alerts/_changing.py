"""How the Alerts page changes what is kept: in one transaction, by somebody who may."""

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection

from auth.callbacks import visitor
from auth.roles import Role
from components.context import store
from pages.alerts._filled import Unusable

_ENDED: Final = "Your session has ended, or you may not do this. Load this page again and sign in."


def done(work: Callable[[Connection, str], None]) -> None:
    """Do it, for an analyst or an admin, whose name `work` is given.

    A button that a browser shows proves nothing, so who asks is looked up each time. Raises Unusable where the visitor
    may not, StoreUnavailable, and what `work` raises.
    """
    who = visitor()
    if who.name is None or not who.may(Role.ANALYST):
        raise Unusable(_ENDED)
    with store().connect() as connection, connection.begin():
        work(connection, who.name)


def must_be_own(author: str) -> None:
    """Raise Unusable unless the visitor has made it, or is an admin."""
    who = visitor()
    if not who.may(Role.ADMIN) and who.name != author:
        raise Unusable(f"{author} has made it: ask them, or an admin, to change it.")
