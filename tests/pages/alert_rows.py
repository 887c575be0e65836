"""Alerts, rules and visitors for tests of the Alerts page."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from auth.roles import Role, Visitor
from components.alert_words import Words
from core.alert_conditions import Condition, Metric
from core.alerts import Rule, Severity
from core.period import parse_period
from core.units import Units
from db.queries import rows
from db.queries.alerts import Alert, Page, Standing, StoredRule, Watching
from pages.alerts._load import Overview

NOW = datetime(2026, 11, 25, 14, 20, tzinfo=UTC)
PERIOD = parse_period("now-7d", "now", now=NOW, zone=UTC)
SPEED = rows.Metric(1, "speed", "m/s", "Speed", "position")
BATTERY = rows.Metric(7, "battery", "percent", "Battery", "measurement")
WORDS = Words([SPEED, BATTERY], Units("km/h", "m"))
FAST = Metric(metric="speed", op="above", limit=25.0)
ADMIN, ANALYST, VIEWER = (Visitor(name, role) for name, role in zip("abc", reversed(Role), strict=True))
OFFERED = "Acknowledge rule <i> of <b>bus</b>"
SQUARE = ((30.0, -98.0), (31.0, -98.0), (31.0, -97.0), (30.0, -97.0))


def alert(condition: Condition = FAST, subject: str = "<b>bus</b>", **more: Any) -> Alert:
    """An open alert of four minutes."""
    since = NOW - timedelta(minutes=5)
    known = Alert(
        17, "rule <i>", condition, Severity.WARNING, condition.subject, subject, since, NOW - timedelta(minutes=4),
        None, None, 30.0, 30.0, None, None, None,
    )  # fmt: skip
    return replace(known, **more)


def stored(condition: Condition = FAST, *, author: str = "b", problem: str | None = None, **more: Any) -> StoredRule:
    """A rule as it is kept."""
    return StoredRule(1, Rule("rule", condition, **more), author, problem, NOW, NOW, 3)


def overview(*alerts: Alert, **more: Any) -> Overview:
    """What the page knows, somebody watching one rule."""
    known = Overview(Page(alerts, None), Standing(), (stored(),), (), Watching(NOW, 1.0), (SPEED,))
    return replace(known, **more)
