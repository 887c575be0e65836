"""Alerts, the rules that make them, geofences, and whether anybody watches."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, func, or_, select, tuple_

from core.alert_conditions import Condition, condition_of
from core.alerts import Rule, Severity
from core.geofences import Corner
from db.queries.cursor import Cursor
from db.tables import alert, alert_rule, alert_watch, geofence

MOST_LISTED: Final = 500
_MOST_SUBJECTS: Final = 5000


@dataclass(frozen=True, slots=True)
class StoredRule:
    """A rule as it is kept. `problem` is why it cannot watch, `open` how many alerts of it are."""

    id: int
    rule: Rule
    author: str
    problem: str | None
    created_at: datetime
    updated_at: datetime
    open: int


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule has found; `closed_at` is None while it is open.

    `subject` is the name of the device or space, as `subject_kind` says; `since` is when the condition began to hold.
    """

    id: int
    rule: str
    condition: Condition
    severity: Severity
    subject_kind: str
    subject: str
    since: datetime
    opened_at: datetime
    ended_at: datetime | None
    closed_at: datetime | None
    value: float | None
    worst: float | None
    acked_at: datetime | None
    acked_by: str | None
    ack_note: str | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which alerts are asked for; what is None or empty does not narrow."""

    state: Literal["open", "closed", "all"] = "all"
    rule: str | None = None
    subject: str | None = None
    severity: Severity | None = None
    start: datetime | None = None
    end: datetime | None = None
    search: str | None = None
    """Any part of the subject's name, in either case of letters."""


@dataclass(frozen=True, slots=True)
class Page:
    """Alerts, the newest first; `next` is where the older ones begin."""

    items: tuple[Alert, ...]
    next: Cursor | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is open now: how many, how many of them critical or not seen by anybody, the newest of all, and the names of
    the devices and spaces."""

    open: int = 0
    critical: int = 0
    unseen: int = 0
    newest: Alert | None = None
    devices: tuple[str, ...] = ()
    spaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watching:
    """When the watch has looked last, and how often it does."""

    turned_at: datetime
    every_s: float


@dataclass(frozen=True, slots=True)
class Fence:
    """A geofence."""

    id: int
    name: str
    corners: tuple[Corner, ...]
    author: str
    updated_at: datetime


def list_rules(connection: Connection) -> list[StoredRule]:
    """All rules, by name."""
    return [_as_rule(row) for row in connection.execute(_rules().order_by(alert_rule.c.name))]


def get_rule(connection: Connection, name: str) -> StoredRule | None:
    """The rule called `name`."""
    row = connection.execute(_rules().where(alert_rule.c.name == name)).first()
    return None if row is None else _as_rule(row)


def list_alerts(
    connection: Connection, asked: Filter, *, limit: int = MOST_LISTED, after: Cursor | None = None
) -> Page:
    """Alerts that opened, the newest first; those of `asked` that are behind the cursor."""
    a = alert.c
    query = _alerts().where(a.opened_at.is_not(None), *_conditions(asked))
    if after is not None:
        query = query.where(tuple_(a.opened_at, a.id) < tuple_(after.ts, after.id))
    rows = connection.execute(query.order_by(a.opened_at.desc(), a.id.desc()).limit(limit + 1)).all()
    items = tuple(_as_alert(row) for row in rows[:limit])
    more = len(rows) > limit
    return Page(items, Cursor(items[-1].opened_at, items[-1].id) if more else None)


def get_alert(connection: Connection, alert_id: int) -> Alert | None:
    """The alert with this id, where it has opened."""
    row = connection.execute(_alerts().where(alert.c.id == alert_id, alert.c.opened_at.is_not(None))).first()
    return None if row is None else _as_alert(row)


def open_of_spaces(connection: Connection) -> dict[str, tuple[str, ...]]:
    """The rules of which an alert is open, for each space that has one."""
    a = alert.c
    query = select(a.subject, func.array_agg(a.rule.distinct())).where(
        a.subject_kind == "space", a.opened_at.is_not(None), a.closed_at.is_(None)
    )
    return {name: tuple(sorted(rules)) for name, rules in connection.execute(query.group_by(a.subject))}


def list_fences(connection: Connection) -> list[Fence]:
    """All geofences, by name."""
    return [_as_fence(row) for row in connection.execute(_fences().order_by(geofence.c.name))]


def get_geofence(connection: Connection, name: str) -> Fence | None:
    """The geofence called `name`."""
    row = connection.execute(_fences().where(geofence.c.name == name)).first()
    return None if row is None else _as_fence(row)


def watching(connection: Connection) -> Watching | None:
    """Whether anybody watches, and when; None where nobody ever has."""
    row = connection.execute(select(alert_watch.c.turned_at, alert_watch.c.every_s)).first()
    return None if row is None else Watching(*row)


def _conditions(asked: Filter) -> list[ColumnElement[bool]]:
    a = alert.c
    made: list[ColumnElement[bool]] = []
    if asked.state == "open":
        made.append(a.closed_at.is_(None))
    elif asked.state == "closed":
        made.append(a.closed_at.is_not(None))
    for column, wanted in ((a.rule, asked.rule), (a.subject, asked.subject), (a.severity, asked.severity)):
        if wanted is not None:
            made.append(column == wanted)
    if asked.search is not None:
        made.append(a.subject.icontains(asked.search, autoescape=True))
    if asked.start is not None:  # what was open at any time since
        made.append(or_(a.closed_at.is_(None), a.closed_at >= asked.start))
    if asked.end is not None:
        made.append(a.opened_at < asked.end)
    return made


def standing(connection: Connection) -> Standing:
    """What is open now."""
    a = alert.c
    is_open = (a.opened_at.is_not(None), a.closed_at.is_(None))
    counts = select(
        func.count(),
        func.count().filter(a.severity == Severity.CRITICAL.value),
        func.count().filter(a.acked_at.is_(None)),
    ).where(*is_open)
    total, critical, unseen = connection.execute(counts).one()
    if not total:
        return Standing()
    newest = connection.execute(_alerts().where(*is_open).order_by(a.opened_at.desc(), a.id.desc()).limit(1)).first()
    subjects = select(a.subject_kind, a.subject).where(*is_open).distinct().order_by(a.subject).limit(_MOST_SUBJECTS)
    named = connection.execute(subjects).all()
    return Standing(
        total,
        critical,
        unseen,
        None if newest is None else _as_alert(newest),
        tuple(name for kind, name in named if kind == "device"),
        tuple(name for kind, name in named if kind == "space"),
    )


def _rules() -> Select[Any]:
    r, a = alert_rule.c, alert.c
    open_ = (
        select(func.count()).where(a.rule_id == r.id, a.opened_at.is_not(None), a.closed_at.is_(None)).scalar_subquery()
    )
    return select(
        r.id, r.name, r.condition, r.for_s, r.clear_s, r.severity, r.enabled, r.author, r.problem, r.created_at,
        r.updated_at, open_,
    )  # fmt: skip


def _as_rule(row: Row[Any]) -> StoredRule:
    id_, name, condition, for_s, clear_s, severity, enabled, *rest = tuple(row)
    rule = Rule(name, condition_of(condition), for_s, clear_s, Severity(severity), enabled)
    return StoredRule(id_, rule, *rest)


def _alerts() -> Select[Any]:
    a = alert.c
    return select(
        a.id, a.rule, a.condition, a.severity, a.subject_kind, a.subject, a.since, a.opened_at, a.ended_at, a.closed_at,
        a.value, a.worst, a.acked_at, a.acked_by, a.ack_note,
    )  # fmt: skip


def _as_alert(row: Row[Any]) -> Alert:
    id_, rule, condition, severity, *rest = tuple(row)
    return Alert(id_, rule, condition_of(condition), Severity(severity), *rest)


def _fences() -> Select[Any]:
    g = geofence.c
    return select(g.id, g.name, g.corners, g.author, g.updated_at)


def _as_fence(row: Row[Any]) -> Fence:
    id_, name, corners, author, updated_at = tuple(row)
    return Fence(id_, name, tuple((lat, lon) for lat, lon in corners), author, updated_at)
