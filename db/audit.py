"""The audit: who changed what, from what to what. Written in the transaction of the change itself."""

from typing import Any

from sqlalchemy import Connection, func, insert, null

from db.tables import audit


def record(connection: Connection, who: str, what: str, before: Any, after: Any) -> None:
    """Note a change, within the caller's transaction. `before` and `after` are what JSON can say; None: nothing."""
    values = {
        "at": func.clock_timestamp(),
        "who": who,
        "what": what,
        "before": null() if before is None else before,
        "after": null() if after is None else after,
    }
    connection.execute(insert(audit).values(values))
