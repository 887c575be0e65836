"""The conditions of alert rules as questions: each gives the subjects for which it holds now.

A question gives rows of id, name, value, and since when where the data says so, at most `MOST` + 1 of them. Those that
are watched already come first, so that none of them is lost when there are more.
"""

from typing import Any, Final

from core.alert_conditions import STALE_S, Geofence, Metric, Silence, State
from core.types import POSITION_METRICS

MOST: Final = 1000
"""Alerts that one rule can have at a time."""

_OPS: Final = {"at_least": ">=", "above": ">", "at_most": "<=", "below": "<"}
_KNOWN: Final = f"w.received_at > %(now)s - interval '{STALE_S:.0f} s'"
_NOWHEN: Final = "NULL::timestamptz"
_VALUELESS: Final = "NULL::float8"
# Names are looked up for what was found alone: joined to all devices it would take twice as long.
_FOUND: Final = """
SELECT d.id, d.name, f.value, f.since FROM (
    SELECT w.device_id, {value} AS value, {since} AS since FROM {watched} w WHERE {holds}{who}
    ORDER BY w.device_id = ANY(%(active)s::int4[]) DESC, w.device_id LIMIT {most}
) f JOIN device d ON d.id = f.device_id
"""

Asked = tuple[str, dict[str, Any]]


def question(condition: Metric | Silence | Geofence | State, corners: list[list[float]] | None) -> Asked:
    """The statement and its parameters, but for `now` and `active`; `corners` are those of the geofence."""
    who, parameters = _who(condition)
    if isinstance(condition, Silence):
        value, since = (
            "extract(epoch FROM %(now)s - w.received_at)::float8",
            "w.received_at + %(after)s * interval '1 s'",
        )
        holds = "w.received_at < %(now)s - %(after)s * interval '1 s'"
        return _found(value, since, "latest", holds, who), parameters | {"after": condition.after_s}
    if isinstance(condition, State):
        holds = "w.machine = %(machine)s AND w.state = %(state)s"
        asked = {"machine": condition.machine, "state": condition.state}
        return _found(_VALUELESS, "w.ts", "device_state", holds, who), parameters | asked
    if isinstance(condition, Geofence):
        asked = {"outline": outline(corners or [])}
        return _found(_VALUELESS, _NOWHEN, "latest", _inside(condition), who), parameters | asked
    value = f"w.{condition.metric}" if condition.metric in POSITION_METRICS else "(w.measurements -> %(metric)s ->> 0)"
    holds = f"{_KNOWN} AND {value}::float8 {_OPS[condition.op]} %(limit)s"
    shown = f"{value}::text::float8"  # a column of single precision has 15.1, not 15.100000381469727
    return _found(shown, _NOWHEN, "latest", holds, who), parameters | {
        "metric": condition.metric,
        "limit": condition.limit,
    }


def _found(value: str, since: str, watched: str, holds: str, who: str) -> str:
    return _FOUND.format(value=value, since=since, watched=watched, holds=holds, who=who, most=MOST + 1)


def _who(condition: Metric | Silence | Geofence | State) -> Asked:
    if condition.device is not None:
        return " AND w.device_id = (SELECT id FROM device WHERE name = %(device)s)", {"device": condition.device}
    if condition.fleet is not None:
        return " AND w.device_id IN (SELECT id FROM device WHERE fleet = %(fleet)s)", {"fleet": condition.fleet}
    return "", {}


def _inside(condition: Geofence) -> str:
    """PostgreSQL's own polygons, plane in longitude and latitude; those over the date line go beyond 180 degrees."""
    within = "%(outline)s::polygon @> point(w.lon, w.lat) OR %(outline)s::polygon @> point(w.lon + 360, w.lat)"
    negated = "NOT " if condition.where == "outside" else ""
    return f"{_KNOWN} AND w.lat IS NOT NULL AND w.lon IS NOT NULL AND {negated}({within})"


def outline(corners: list[list[float]]) -> str:
    """A polygon as PostgreSQL reads it, of corners that are [latitude, longitude]."""
    return "(" + ",".join(f"({lon!r},{lat!r})" for lat, lon in corners) + ")"


IS_THERE: Final = {
    name: f"SELECT count(*) FROM {name} WHERE name = %s"  # noqa: S608 - the same
    for name in ("device", "metric", "geofence", "space")
}
"""How many there are of what a condition may name."""

TAKE_TURN: Final = "SELECT pg_try_advisory_xact_lock(%s)"
LAST_TURN: Final = "SELECT turned_at, seen_from FROM alert_watch"
KEEP_TURN: Final = """
INSERT INTO alert_watch (turned_at, seen_from, every_s) VALUES (%(now)s, %(seen_from)s, %(every_s)s)
ON CONFLICT (id) DO UPDATE SET turned_at = excluded.turned_at, seen_from = excluded.seen_from,
    every_s = excluded.every_s
"""
# Locked, for an alert that opens needs its rule to be there still.
RULES: Final = """
SELECT id, problem, name, condition, for_s, clear_s, severity FROM alert_rule WHERE enabled ORDER BY id FOR KEY SHARE
"""
ACTIVE: Final = """
SELECT rule_id, id, subject_kind, subject_id, since, value, worst, opened_at, ended_at
FROM alert WHERE closed_at IS NULL AND rule_id IS NOT NULL
"""
SPACES: Final = "SELECT id, name, capacity FROM space"
CORNERS: Final = "SELECT corners FROM geofence WHERE name = %s"
SAY_PROBLEM: Final = "UPDATE alert_rule SET problem = %s WHERE id = %s"
BEGIN: Final = """
INSERT INTO alert (rule_id, rule, condition, severity, subject_kind, subject_id, subject, since, value, worst,
    opened_at, told_opened)
VALUES (%(rule_id)s, %(rule)s, %(condition)s, %(severity)s, %(kind)s, %(subject_id)s, %(subject)s, %(since)s,
    %(value)s, %(worst)s, %(opened_at)s, %(told)s)
"""
MOVE: Final = """
UPDATE alert SET since = %(since)s, value = %(value)s, worst = %(worst)s, opened_at = %(opened_at)s,
    ended_at = %(ended_at)s, closed_at = %(closed_at)s, rule = %(rule)s, severity = %(severity)s,
    condition = CASE WHEN opened_at IS NULL THEN %(condition)s ELSE condition END,
    told_opened = CASE WHEN opened_at IS NULL THEN %(told)s ELSE told_opened END,
    told_closed = CASE WHEN %(closed_at)s::timestamptz IS NULL THEN told_closed ELSE %(told)s END
WHERE id = %(id)s
"""
_IS_ORPHAN: Final = (
    "closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM alert_rule r WHERE r.id = alert.rule_id AND r.enabled)"
)
FORGET_ORPHANS: Final = f"DELETE FROM alert WHERE opened_at IS NULL AND {_IS_ORPHAN}"  # noqa: S608 - the same
CLOSE_ORPHANS: Final = f"""
UPDATE alert SET ended_at = coalesce(ended_at, %(now)s), closed_at = %(now)s, told_closed = %(told)s
WHERE opened_at IS NOT NULL AND {_IS_ORPHAN}
"""  # noqa: S608 - the same
FORGET: Final = "DELETE FROM alert WHERE id = ANY(%s)"
FORGET_OLD: Final = "DELETE FROM alert WHERE closed_at < %s"
