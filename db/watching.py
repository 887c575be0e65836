"""The watch: looks whether the conditions of alert rules hold, and opens and closes alerts.

All of it stands in the database, what is pending too, and a turn is one transaction: whatever is killed, no alert is
lost or opened twice, and any process may do the next turn (one at a time, by a lock).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
import sqlalchemy
from psycopg import Connection
from psycopg.types.json import Jsonb

from core.alert_conditions import Condition, Count, Geofence, compare, condition_of, to_json
from core.alerts import Found, Rule, Severity, Watched, step
from core.errors import StoreUnavailable
from core.types import to_micros
from db import watching_sql as sql
from db.counting import read_all
from db.own_connection import OwnConnection

_TURN: Final = 7_208_516
_GAP: Final = timedelta(seconds=30)
"""Who has not looked for longer does not know what was in between."""

_Key = tuple[str, int]
_Active = dict[_Key, tuple[int, Watched]]
"""By kind and id of the subject: id of the alert, and how it stands."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What a look has changed: alerts that opened and that closed; `skipped` where another process was looking."""

    opened: int = 0
    closed: int = 0
    skipped: bool = False


class Watch:
    """Used by one thread, with a connection of its own; all raise StoreUnavailable."""

    def __init__(self, conninfo: str) -> None:
        self._database = OwnConnection(conninfo)

    def turn(self, *, tells: bool, every_s: float) -> Turn:
        """Look once, now. `tells`: somebody is to be called; `every_s`: how often this is done."""
        return self._database.run(lambda c: look(c, datetime.now(UTC), tells=tells, every_s=every_s))

    def forget(self, keep: timedelta) -> int:
        """Delete alerts that closed longer ago; how many."""
        return self._database.run(lambda c: c.execute(sql.FORGET_OLD, (datetime.now(UTC) - keep,)).rowcount)

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


def look(connection: Connection, now: datetime, *, tells: bool = False, every_s: float = 1.0) -> Turn:
    """Look at `now` whether the condition of each rule holds, in one transaction."""
    with connection.transaction():
        mine = connection.execute(sql.TAKE_TURN, (_TURN,)).fetchone()
        if mine is None or not mine[0]:
            return Turn(skipped=True)
        last = connection.execute(sql.LAST_TURN).fetchone()
        is_on = last is not None and now - last[0] <= max(_GAP, timedelta(seconds=3 * every_s))
        seen_from = last[1] if last is not None and is_on else now
        connection.execute(sql.KEEP_TURN, {"now": now, "seen_from": seen_from, "every_s": every_s})
        active: dict[int, _Active] = {}
        for rule_id, alert_id, kind, subject_id, *state in connection.execute(sql.ACTIVE).fetchall():
            active.setdefault(rule_id, {})[kind, subject_id] = (alert_id, Watched(*state))
        turn = _Turn(connection, now, seen_from, tells=tells)
        turn.end_orphans()
        for rule_id, said, name, condition, for_s, clear_s, severity in connection.execute(sql.RULES).fetchall():
            try:
                with connection.transaction():
                    rule = Rule(name, condition_of(condition), for_s, clear_s, Severity(severity))
                    problem = turn.judge(rule_id, rule, active.get(rule_id, {}))
            except (ValueError, psycopg.DataError, psycopg.ProgrammingError) as error:  # the others go on
                problem = f"It cannot be looked at: {error}"
            if problem != said:
                connection.execute(sql.SAY_PROBLEM, (problem, rule_id))
        return turn.end()


def holding(
    connection: Connection, condition: Condition, now: datetime, active: Mapping[_Key, object] | None = None
) -> list[Found]:
    """The subjects for which a condition holds at `now`, at most MOST + 1; those that are `active` come first."""
    if isinstance(condition, Count):
        return _crowded(connection, condition, now)
    corners = None
    if isinstance(condition, Geofence):
        found = connection.execute(sql.CORNERS, (condition.geofence,)).fetchone()
        if found is None:
            return []
        corners = found[0]
    statement, parameters = sql.question(condition, corners)
    known = [subject_id for kind, subject_id in active or {} if kind == condition.subject]
    rows = connection.execute(statement.encode(), parameters | {"now": now, "active": known}).fetchall()
    return [Found(*row) for row in rows]


def holds_now(connection: sqlalchemy.Connection, condition: Condition) -> tuple[list[Found], str | None]:
    """What a rule with this condition would find now, at most MOST + 1; and what it names that there is not.

    Raises StoreUnavailable.
    """
    raw = connection.connection.driver_connection
    assert isinstance(raw, Connection)  # noqa: S101 - the one driver that we have
    try:
        return holding(raw, condition, datetime.now(UTC)), missing(raw, condition)
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise StoreUnavailable("The database does not answer; try again in a moment.") from error


def missing(connection: Connection, condition: Condition) -> str | None:
    """Why a condition cannot hold: what it names is not there. None where all of it is."""
    for what in ("device", "metric", "geofence", "space"):
        name = getattr(condition, what, None)
        if name is not None and not _is_there(connection, what, name):
            return f"There is no {what} called {name}."
    return None


def _is_there(connection: Connection, what: str, name: str) -> bool:
    found = connection.execute(sql.IS_THERE[what].encode(), (name,)).fetchone()
    return found is not None and found[0] > 0


def _crowded(connection: Connection, condition: Count, now: datetime) -> list[Found]:
    counts = {one.name: one.count(to_micros(now)) for one in read_all(connection)}
    found = []
    for space_id, name, capacity in connection.execute(sql.SPACES).fetchall():
        value: float | None = counts.get(name)
        if value is None or condition.space not in (None, name):
            continue
        if condition.of_capacity:
            if capacity is None:
                continue
            value = 100 * value / capacity
        if compare(value, condition.op, condition.limit):
            found.append(Found(space_id, name, float(value)))
    return found


class _Turn:
    """One look: what it changes, rule by rule."""

    def __init__(self, connection: Connection, now: datetime, seen_from: datetime, *, tells: bool) -> None:
        self._connection = connection
        self._now = now
        self._seen_from = seen_from
        self._told = not tells
        self._begun: list[dict[str, Any]] = []
        self._moved: list[dict[str, Any]] = []
        self._gone: list[int] = []
        self._opened = self._closed = 0

    def end_orphans(self) -> None:
        """Nobody judges what belongs to a rule that is gone or switched off: it is over."""
        self._connection.execute(sql.FORGET_ORPHANS)
        orphans = {"now": self._now, "told": self._told}
        self._closed += self._connection.execute(sql.CLOSE_ORPHANS, orphans).rowcount

    def judge(self, rule_id: int, rule: Rule, active: _Active) -> str | None:
        """Look at the subjects of one rule; why it cannot watch, or not all, where that is so."""
        held = holding(self._connection, rule.condition, self._now, active)
        problem = None if held else missing(self._connection, rule.condition)
        kind = rule.condition.subject
        if len(held) > sql.MOST:
            held = sorted(held, key=lambda one: ((kind, one.id) not in active, one.id))[: sql.MOST]
            problem = f"It holds for more than {sql.MOST} devices; only so many are followed. Narrow it down."
        found: dict[_Key, Found] = {(kind, one.id): one for one in held}
        of_rule = {
            "rule_id": rule_id,
            "rule": rule.name,
            "condition": Jsonb(to_json(rule.condition)),
            "severity": rule.severity.value,
            "told": self._told,
        }
        for key in found.keys() | active.keys():
            alert_id, before = active.get(key, (None, None))
            after = step(rule, before, found.get(key), self._now, self._seen_from)
            if after == before:
                continue
            if after is None:
                assert alert_id is not None  # noqa: S101 - what never was is not forgotten
                self._gone.append(alert_id)
                continue
            self._opened += after.opened_at is not None and (before is None or before.opened_at is None)
            self._closed += after.closed_at is not None
            row = of_rule | {name: getattr(after, name) for name in Watched.__slots__}
            if alert_id is None:
                self._begun.append(row | {"kind": kind, "subject_id": key[1], "subject": found[key].name})
            else:
                self._moved.append(row | {"id": alert_id})
        return problem

    def end(self) -> Turn:
        """Write it down."""
        with self._connection.cursor() as cursor:
            if self._gone:
                cursor.execute(sql.FORGET, (self._gone,))
            if self._moved:
                cursor.executemany(sql.MOVE, self._moved)
            if self._begun:
                cursor.executemany(sql.BEGIN, self._begun)
        return Turn(self._opened, self._closed)
