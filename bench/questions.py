"""The questions of pages and API: each as the function that they call, and as SQL on the raw table."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
from sqlalchemy import Connection

from db.queries.coverage import coverage
from db.queries.latest import latest_all
from db.queries.metrics import get_metric
from db.queries.rows import Span
from db.queries.series import device_series, fleet_series
from db.queries.summary import fleet_summary, summary_by_device
from db.queries.top import top_devices
from db.queries.track import device_track

DEVICES = 5_000
START = datetime(2026, 1, 1, 9, 17, 23, tzinfo=UTC)
"""Neither at the begin of an hour nor of a minute, as now seldom is."""
END = START + timedelta(days=7)
ONE = 2_500

Question = tuple[str, Callable[[], object], str]

BY_DEVICE = """
SELECT device_id, count(speed) AS n, sum(speed::float8) AS sum, min(speed) AS min, max(speed) AS max, max(ts) AS last
FROM position WHERE {where} GROUP BY device_id
"""
SUMMARY = "SELECT sum(n), sum(sum) / sum(n), min(min), max(max), count(*), max(last) FROM ({}) AS d"
TOP = "SELECT name, max FROM ({}) AS d JOIN device ON id = device_id ORDER BY max DESC, name LIMIT 10"
ITEMS = "SELECT name, n, sum / n AS mean, min, max, last FROM ({}) AS d JOIN device ON id = device_id"
COVERAGE = "SELECT sum(n), count(*), min(last), max(last) FROM ({}) AS d"
SERIES = """
SELECT date_bin('{step} seconds', ts, '2000-01-01') AS at, avg(speed), min(speed), max(speed), count(speed)
FROM position WHERE {where} GROUP BY 1 ORDER BY 1
"""
LATEST = """
SELECT DISTINCT ON (device_id) device_id, ts, lat, lon, altitude, speed, heading
FROM position ORDER BY device_id DESC, ts DESC
"""
LAST_POSITIONS = """
SELECT name, ts, lat, lon, altitude, speed, heading FROM latest JOIN device ON id = device_id
"""
TRACK = "SELECT ts, lat, lon, altitude, speed, heading FROM position WHERE {where} ORDER BY ts"


def questions(connection: Connection) -> list[Question]:
    """What is asked: name, our function, raw SQL."""
    speed = get_metric(connection, "speed")
    assert speed is not None
    hour, day, week = (Span(END - length, END) for length in (timedelta(hours=1), timedelta(days=1), timedelta(days=7)))
    asked: list[Question] = [
        (f"the last position of {DEVICES:,} devices, as rows", lambda: _last_positions(connection), LATEST),
        ("the same with registry and values, as objects", lambda: latest_all(connection), LATEST),
    ]
    for name, span in (("1 h", hour), ("24 h", day), ("7 d", week)):
        raw = BY_DEVICE.format(where=_where(span))
        asked += [
            (f"summary of the fleet, {name}", lambda s=span: fleet_summary(connection, speed, s), SUMMARY.format(raw)),  # type: ignore[misc]  # bound now
            (f"top 10 by max, {name}", lambda s=span: top_devices(connection, speed, s), TOP.format(raw)),  # type: ignore[misc]
        ]
    by_device = BY_DEVICE.format(where=_where(day))
    return [
        *asked,
        ("summary by device, 24 h", lambda: summary_by_device(connection, speed, day), ITEMS.format(by_device)),
        ("coverage, 24 h", lambda: coverage(connection, speed, day), COVERAGE.format(by_device)),
        (
            "series of the fleet, 24 h in 300 points",
            lambda: fleet_series(connection, speed, day, points=300),
            SERIES.format(step=300, where=_where(day)),
        ),
        (
            "series of a device, 7 d in 1,000 points",
            lambda: device_series(connection, speed, ONE, week, points=1000),
            SERIES.format(step=900, where=_where(week, ONE)),
        ),
        (
            "track of a device, 24 h in 1,000 points",
            lambda: device_track(connection, ONE, day, max_points=1000),
            TRACK.format(where=_where(day, ONE)),
        ),
        (
            "track of a device, 7 d in 1,000 points",
            lambda: device_track(connection, ONE, week, max_points=1000),
            TRACK.format(where=_where(week, ONE)),
        ),
    ]


def _last_positions(connection: Connection) -> object:
    """Name, moment, place, altitude, speed and heading of each device, from the table that the ingest keeps."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.cursor(binary=True).execute(LAST_POSITIONS).fetchall()


def _where(span: Span, device: int | None = None) -> str:
    within = f"ts >= '{span.start.isoformat()}' AND ts < '{span.end.isoformat()}'"
    return within if device is None else f"device_id = {device} AND {within}"
