"""What the Alerts page asks the database."""

from dataclasses import dataclass

from sqlalchemy import Connection

from components.paging import PAGE_SIZE
from db.queries import alerts, devices, metrics, spaces
from db.queries.alerts import Fence, Filter, Page, Standing, StoredRule, Watching
from db.queries.cursor import Cursor
from db.queries.rows import Device, Metric

MOST_OFFERED = 50
"""Devices that a list offers at a time: typing narrows it."""


@dataclass(frozen=True, slots=True)
class Overview:
    """Alerts, the rules that make them, geofences, and whether anybody watches."""

    page: Page
    standing: Standing
    rules: tuple[StoredRule, ...]
    fences: tuple[Fence, ...]
    watching: Watching | None
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from where a rule is set up."""

    spaces: tuple[str, ...]
    metrics: tuple[Metric, ...]
    fleets: tuple[str, ...]
    fences: tuple[str, ...]
    devices: tuple[str, ...]
    rules: tuple[str, ...]


def load(connection: Connection, asked: Filter, after: Cursor | None) -> Overview:
    """All that the page shows, with those alerts that are asked for, behind a cursor."""
    return Overview(
        alerts.list_alerts(connection, asked, limit=PAGE_SIZE, after=after),
        alerts.standing(connection),
        tuple(alerts.list_rules(connection)),
        tuple(alerts.list_fences(connection)),
        alerts.watching(connection),
        tuple(metrics.list_metrics(connection)),
    )


def load_choices(connection: Connection) -> Choices:
    """What a rule may be about."""
    return Choices(
        tuple(one.name for one in spaces.list_spaces(connection)),
        tuple(metrics.list_metrics(connection)),
        tuple(devices.list_fleets(connection)),
        tuple(one.name for one in alerts.list_fences(connection)),
        tuple(one.name for one in offered(connection, "")),
        tuple(one.rule.name for one in alerts.list_rules(connection)),
    )


def offered(connection: Connection, search: str) -> list[Device]:
    """Devices with this in their name or label, the first of them."""
    return devices.list_devices(connection, search=search, limit=MOST_OFFERED)
