"""How far devices went and how long they moved, by the hour: the table `movement`, kept from positions on both engines.

A leg is the way between two positions of a device that follow each other. It belongs to the hour in which it ends. One
longer than GAP is a gap, in which nobody knows what the device did; one slower than STANDING is a device that stands,
whose places scatter. Both count for nothing. The speed of a leg is the mean of the speeds reported at its ends, or else
its length by its time; its length is that of the great circle (haversine, as core.geo.distance_m).
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from psycopg import Connection

from core.geo import EARTH_RADIUS_M
from db.engine.base import StorageEngine

GAP: Final = timedelta(minutes=10)
STANDING: Final = 0.5
"""m/s."""
HOUR: Final = timedelta(hours=1)
NAME: Final = "movement"
"""The table, and what its marks in `dirty_bucket` are called."""
_HOURS_AT_ONCE: Final = 24

LEGS: Final = f"""
SELECT device_id, ts, length AS distance_m, extract(epoch FROM ts - before)::float8 AS moving_s FROM (
    SELECT device_id, ts, before, CASE WHEN ts - before <= interval '{GAP.total_seconds():.0f} s' THEN
        2 * {EARTH_RADIUS_M} * asin(least(1, sqrt(power(sin(radians(lat - lat0) / 2), 2)
            + cos(radians(lat0)) * cos(radians(lat)) * power(sin(radians(lon - lon0) / 2), 2)))) END AS length,
        (speed::float8 + speed0) / 2 AS reported
    FROM (
        SELECT device_id, ts, lat, lon, speed, lag(ts) OVER way AS before, lag(lat) OVER way AS lat0,
            lag(lon) OVER way AS lon0, lag(speed) OVER way AS speed0
        FROM position
        WHERE ts >= {{start}}::timestamptz - interval '{GAP.total_seconds():.0f} s' AND ts < {{end}}::timestamptz
            AND lat IS NOT NULL AND lon IS NOT NULL
        WINDOW way AS (PARTITION BY device_id ORDER BY ts)
    ) AS points
    WHERE ts >= {{start}}::timestamptz
) AS legs
WHERE coalesce(reported, length / extract(epoch FROM ts - before)) >= {STANDING} AND length IS NOT NULL
"""  # noqa: S608 - numbers and names of our own
"""Legs that count and that end from `start` to before `end`: (device_id, ts of the end, distance_m, moving_s)."""

_INSERT: Final = f"""
INSERT INTO movement (ts, device_id, legs, distance_m, moving_s)
SELECT %(start)s, device_id, count(*), sum(distance_m), sum(moving_s)
FROM ({LEGS.format(start="%(start)s", end="%(end)s")}) AS legs GROUP BY device_id
"""  # noqa: S608 - the same
_TAKE: Final = """
WITH newest AS (SELECT max(bucket) AS bucket FROM dirty_bucket WHERE rollup = 'movement' AND bucket <= %s)
DELETE FROM dirty_bucket d USING newest WHERE d.rollup = 'movement' AND d.bucket = newest.bucket RETURNING d.bucket
"""


def keep_movement(connection: Connection, engine: StorageEngine, until: datetime) -> int:
    """Work off marked hours that end before `until`, the newest first, each in a transaction; how many there were.

    At most a day of hours at a time: rollups, which more is asked of, take turns with it.
    """
    for done in range(_HOURS_AT_ONCE):
        if not _keep_newest(connection, engine, until):
            return done
    return _HOURS_AT_ONCE


def _keep_newest(connection: Connection, engine: StorageEngine, until: datetime) -> bool:
    with connection.transaction():
        taken = connection.execute(_TAKE, (until - HOUR,)).fetchone()
        if taken is None:
            return False
        start: datetime = taken[0]
        engine.make_room(connection, NAME, [start.astimezone(UTC).date()])
        connection.execute("DELETE FROM movement WHERE ts = %s", (start,))
        connection.execute(_INSERT.encode(), {"start": start, "end": start + HOUR})
    return True
