"""Asking for messages of the quarantine to be decoded again; the process that ingests takes them up by itself."""

from sqlalchemy import Connection, and_, update

from db.audit import record
from db.tables import quarantine


def ask_again(connection: Connection, source: str, reason: str, who: str) -> int:
    """Ask for a group, and note in the audit that `who` did, within the caller's transaction.

    How many messages are asked for now: those that wait already are not counted, and where there are none, nothing is
    noted.
    """
    t = quarantine.c
    group = and_(t.source == source, t.reason == reason)
    asked = connection.execute(update(quarantine).where(group, t.again.is_(False)).values(again=True)).rowcount
    if asked:
        record(connection, who, f"decoding again of {source}", None, {"reason": reason, "messages": asked})
    return asked
