"""The tables as SQLAlchemy sees them; migrations make them, this describes what is there now."""

from db.tables.alerts import alert, alert_rule, alert_watch, geofence
from db.tables.base import metadata
from db.tables.pipeline import checkpoint, duplicate, duplicate_note, ledger, quarantine
from db.tables.site import annotation, api_token, app_user, audit, setting
from db.tables.spaces import (
    anchor,
    crossing,
    occupancy,
    occupancy_mark,
    placement,
    reconciliation,
    space,
    space_state,
    stretch,
)
from db.tables.telemetry import (
    device,
    dirty_bucket,
    latest,
    measurement,
    measurement_1h,
    measurement_1m,
    metric,
    movement,
    position,
    position_1h,
    position_1m,
)
from db.tables.timelines import device_state, event, event_frontier

__all__ = [
    "alert",
    "alert_rule",
    "alert_watch",
    "anchor",
    "annotation",
    "api_token",
    "app_user",
    "audit",
    "checkpoint",
    "crossing",
    "device",
    "device_state",
    "dirty_bucket",
    "duplicate",
    "duplicate_note",
    "event",
    "event_frontier",
    "geofence",
    "latest",
    "ledger",
    "measurement",
    "measurement_1h",
    "measurement_1m",
    "metadata",
    "metric",
    "movement",
    "occupancy",
    "occupancy_mark",
    "placement",
    "position",
    "position_1h",
    "position_1m",
    "quarantine",
    "reconciliation",
    "setting",
    "space",
    "space_state",
    "stretch",
]
