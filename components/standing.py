"""What every open page knows of the alerts that are open, in the store `alerts` (components/shell.py).

{"open": 3, "critical": 1, "unseen": 2, "newest": {"id", "rule", "subject", "subject_kind", "severity", "opened_at",
 "text"} | null, "devices": [names], "spaces": [names]}
"""

from typing import Any

from components.alert_words import Words
from core.text import iso_utc
from core.units import Units
from db.queries.alerts import Alert, Standing
from db.queries.rows import Metric


def for_pages(standing: Standing, text: str) -> dict[str, Any]:
    """It as JSON; `text` says what was found of the newest."""
    newest = standing.newest
    return {
        "open": standing.open,
        "critical": standing.critical,
        "unseen": standing.unseen,
        "newest": None if newest is None else _told(newest, text),
        "devices": list(standing.devices),
        "spaces": list(standing.spaces),
    }


def sentence(alert: Alert, metric: Metric | None, units: Units) -> str:
    """What was found when it opened, in these units, without the name of its subject.

    `metric` is the one that its condition names; where that is None, the value has no unit.
    """
    return Words([] if metric is None else [metric], units).happened(alert)


def _told(alert: Alert, text: str) -> dict[str, Any]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "subject": alert.subject,
        "subject_kind": alert.subject_kind,
        "severity": alert.severity.value,
        "opened_at": iso_utc(alert.opened_at),
        "text": text,
    }
