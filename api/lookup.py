"""What a request names, as the registry knows it."""

from sqlalchemy import Connection

from api.errors import Problem
from db.queries import alerts, devices, metrics, spaces
from db.queries.alerts import Fence, StoredRule
from db.queries.rows import Device, Metric
from db.queries.spaces import Space


def find_metric(connection: Connection, name: str) -> Metric:
    """The metric called `name`. Raises Problem 404."""
    found = metrics.get_metric(connection, name)
    if found is None:
        raise Problem(404, f"no metric is called {name!r}; GET /api/v1/metrics lists those there are")
    return found


def find_device(connection: Connection, name: str) -> Device:
    """The device that senders call `name`. Raises Problem 404."""
    found = devices.get_device(connection, name)
    if found is None:
        raise unknown_device(name)
    return found


def unknown_device(name: str) -> Problem:
    """What to raise where no device is called `name`."""
    return Problem(404, f"no device is called {name!r}; GET /api/v1/devices lists those there are")


def find_space(connection: Connection, name: str) -> Space:
    """The space called `name`. Raises Problem 404."""
    found = spaces.get_space(connection, name)
    if found is None:
        raise Problem(404, f"no space is called {name!r}; GET /api/v1/spaces lists those there are")
    return found


def find_rule(connection: Connection, name: str) -> StoredRule:
    """The alert rule called `name`. Raises Problem 404."""
    found = alerts.get_rule(connection, name)
    if found is None:
        raise Problem(404, f"no rule is called {name!r}; GET /api/v1/rules lists those there are")
    return found


def find_geofence(connection: Connection, name: str) -> Fence:
    """The geofence called `name`. Raises Problem 404."""
    found = alerts.get_geofence(connection, name)
    if found is None:
        raise Problem(404, f"no geofence is called {name!r}; GET /api/v1/geofences lists those there are")
    return found
