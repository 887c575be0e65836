"""What people set up of alerts: rules, geofences, and that they have seen one. Within the caller's transaction."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.alert_conditions import to_json
from core.alerts import Rule, check_rule
from core.geofences import Corner, check_corners
from core.text import iso_utc
from db.audit import record
from db.queries.alerts import get_alert, get_geofence, get_rule
from db.tables import alert, alert_rule, geofence


def put_rule(connection: Connection, rule: Rule, by: str, *, rename: str | None = None) -> bool:
    """Make the rule, or change the one that is called so (or `rename`); whether it is new.

    Whoever made it stays its author. Raises ValueError, in words for people, where it cannot be kept.
    """
    check_rule(rule)
    known = get_rule(connection, rename or rule.name)
    if rename is not None and rename != rule.name and get_rule(connection, rule.name) is not None:
        raise ValueError(f"There is a rule called {rule.name} already.")
    values = {
        "name": rule.name,
        "condition": to_json(rule.condition),
        "for_s": rule.for_s,
        "clear_s": rule.clear_s,
        "severity": rule.severity.value,
        "enabled": rule.enabled,
        "problem": None,
        "updated_at": func.now(),
    }
    if known is None:
        made = upsert(alert_rule).values(author=by, created_at=func.now(), **values).on_conflict_do_nothing()
        if connection.execute(made.returning(alert_rule.c.id)).first() is None:
            raise ValueError(f"Somebody else has made a rule called {rule.name} just now.")
    else:
        connection.execute(update(alert_rule).where(alert_rule.c.id == known.id).values(values))
        if rule.name != known.rule.name:  # its alerts are found by the name that it has now
            connection.execute(update(alert).where(alert.c.rule_id == known.id).values(rule=rule.name))
    record(connection, by, f"alert rule {rule.name}", None if known is None else _words(known.rule), _words(rule))
    return known is None


def remove_rule(connection: Connection, name: str, by: str) -> bool:
    """Remove a rule; whether it was there. Its alerts close, and stay to be read."""
    known = get_rule(connection, name)
    if known is None:
        return False
    connection.execute(delete(alert_rule).where(alert_rule.c.id == known.id))
    record(connection, by, f"alert rule {name}", _words(known.rule), None)
    return True


def acknowledge(connection: Connection, alert_id: int, by: str, note: str | None = None) -> bool:
    """Somebody has seen the alert, and says what is done about it; whether there is such an alert.

    Only the first acknowledgement counts.
    """
    found = get_alert(connection, alert_id)
    if found is None:
        return False
    first = update(alert).where(alert.c.id == alert_id, alert.c.acked_at.is_(None))
    seen = first.values(acked_at=func.now(), acked_by=by, ack_note=note)
    if connection.execute(seen).rowcount:  # two may acknowledge it at once
        what = {"rule": found.rule, "of": found.subject, "opened": iso_utc(found.opened_at), "note": note}
        record(connection, by, f"alert {alert_id} acknowledged", None, what)
    return True


def put_geofence(connection: Connection, name: str, corners: Sequence[Corner], by: str) -> bool:
    """Make a geofence, or draw it anew; whether it is new. Raises ValueError where it is none.

    Whoever made it stays its author.
    """
    check_corners(name, corners)
    known = get_geofence(connection, name)
    values: dict[str, Any] = {"corners": [list(one) for one in corners], "updated_at": func.now()}
    statement = upsert(geofence).values(name=name, author=by, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=[geofence.c.name], set_=values))
    before = None if known is None else {"corners": [list(one) for one in known.corners]}
    record(connection, by, f"geofence {name}", before, {"corners": values["corners"]})
    return known is None


def remove_geofence(connection: Connection, name: str, by: str) -> bool:
    """Remove a geofence; whether it was there. Raises ValueError while a rule watches it."""
    known = get_geofence(connection, name)
    if known is None:
        return False
    watching = select(alert_rule.c.name).where(alert_rule.c.condition["geofence"].astext == name)
    if names := sorted(connection.execute(watching).scalars()):
        raise ValueError(f"{name} is watched by {', '.join(names)}: change or remove that first.")
    connection.execute(delete(geofence).where(geofence.c.id == known.id))
    record(connection, by, f"geofence {name}", {"corners": [list(one) for one in known.corners]}, None)
    return True


def _words(rule: Rule) -> dict[str, Any]:
    return {
        "condition": to_json(rule.condition),
        "for_s": rule.for_s,
        "clear_s": rule.clear_s,
        "severity": rule.severity.value,
        "enabled": rule.enabled,
    }
