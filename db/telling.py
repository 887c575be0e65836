"""Alerts that somebody is to be told of: they stand in the table `alert` until whoever is called has taken them.

One process at a time tells, by a lock that goes with its connection: whoever else comes waits until it is gone. It is
marked that an alert was told once that was taken, so whatever is killed in between, it is told again, never lost.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from psycopg import Connection

from core.alert_conditions import condition_of
from core.alerts import Severity
from db.own_connection import OwnConnection
from db.queries.alert_json import alert_json
from db.queries.alerts import Alert
from db.queries.rows import Metric

_TURN: Final = 7_208_517
_GONE_MS: Final = 60_000
"""Who tells asks each second. One that asks no more is gone, perhaps with its machine: its connection is ended."""
_SETTLE: Final = timedelta(seconds=10)
"""A process may know already that somebody is to be called, and another not yet."""

_UNTOLD: Final = """
SELECT NOT a.told_opened, a.id, a.rule, a.condition, a.severity, a.subject_kind, a.subject, a.since, a.opened_at,
    a.ended_at, a.closed_at, a.value, a.worst, a.acked_at, a.acked_by, a.ack_note,
    m.id, m.name, m.unit, m.label, m.stored_in
FROM alert a LEFT JOIN metric m ON a.condition ->> 'kind' = 'metric' AND m.name = a.condition ->> 'metric'
WHERE (NOT a.told_opened OR NOT a.told_closed) AND a.opened_at IS NOT NULL AND a.id <> ALL(%s::int8[])
ORDER BY a.id LIMIT %s
"""
_TOLD: Final = {
    "opened": "UPDATE alert SET told_opened = true WHERE id = ANY(%s)",
    "closed": "UPDATE alert SET told_closed = true WHERE id = ANY(%s)",
}
_NOBODY: Final = """
UPDATE alert SET told_opened = true, told_closed = true
WHERE (NOT told_opened OR NOT told_closed) AND coalesce(closed_at, opened_at) < %s
"""

Event = Literal["opened", "closed"]


@dataclass(frozen=True, slots=True)
class Untold:
    """That an alert opened or closed. `metric` is the one that its condition looks at."""

    event: Event
    alert: Alert
    metric: Metric | None

    @property
    def delivery(self) -> str:
        """The same whenever it is told again: by this a receiver drops what it has."""
        return f"{self.alert.id}-{self.event}"

    @property
    def happened_at(self) -> datetime:
        """When it opened or closed."""
        at = self.alert.closed_at if self.event == "closed" else self.alert.opened_at
        return at or self.alert.opened_at

    def to_json(self) -> dict[str, Any]:
        """What is told of it."""
        return {"waypost": "alert", "event": self.event, "alert": alert_json(self.alert, self.metric)}


class Outbox:
    """Used by one thread, with a connection of its own; all raise StoreUnavailable."""

    def __init__(self, conninfo: str) -> None:
        self._database = OwnConnection(conninfo, f"-c idle_session_timeout={_GONE_MS}")
        self._holder: Connection | None = None  # the connection that has the lock

    def take_turn(self) -> bool:
        """Whether this process is the one that tells; once it is, it stays so until the connection is closed."""
        return self._database.run(self._take)

    def untold(self, waiting: Collection[int], most: int) -> list[Untold]:
        """The first that nobody was told of, but for alerts that are `waiting`: one thing of an alert at a time, that
        it opened before that it closed."""
        rows = self._database.run(lambda c: c.execute(_UNTOLD, (list(waiting), most)).fetchall())
        return [_as_untold(row) for row in rows]

    def mark_told(self, told: Sequence[Untold]) -> None:
        """They need not be told any more."""
        for event, statement in _TOLD.items():
            ids = [one.alert.id for one in told if one.event == event]
            if ids:
                self._do(statement, ids)

    def mark_all(self) -> None:
        """Nobody is to be told of what has happened so far."""
        self._do(_NOBODY, datetime.now(UTC) - _SETTLE)

    def close(self) -> None:
        """Close the connection; another process may tell then."""
        self._holder = None
        self._database.close()

    def _take(self, connection: Connection) -> bool:
        if self._holder is not connection:
            found = connection.execute("SELECT pg_try_advisory_lock(%s)", (_TURN,)).fetchone()
            self._holder = connection if found is not None and found[0] else None
        return self._holder is not None

    def _do(self, statement: str, parameter: object) -> None:
        self._database.run(lambda c: c.execute(statement.encode(), (parameter,)))


def _as_untold(row: Sequence[Any]) -> Untold:
    is_opening, id_, rule, condition, severity, *rest = row
    alert = Alert(id_, rule, condition_of(condition), Severity(severity), *rest[:11])
    metric = None if rest[11] is None else Metric(*rest[11:])
    return Untold("opened" if is_opening else "closed", alert, metric)
