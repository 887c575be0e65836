"""Where every device was during a past window, for a map that plays it; and what there is to be played.

From fix to fix, each device by itself: from a fix on the next is looked up that is a step later, through the index on
(device, ts). So a window costs what it gives, about 10 µs a fix, however many positions there are between: measured
the same as reading all of them at one fix in ten, and a third of that at one in thirty.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Interval,
    Select,
    Subquery,
    and_,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.types import to_micros
from db.engine.base import ORIGIN
from db.queries.latest import Box
from db.queries.rows import Activity, EventFound, Span
from db.queries.series import bucket_seconds
from db.tables import device, event, latest, position, position_1h, position_1m

LEAD: Final = timedelta(hours=1)
"""So far before a window a device's last fix is looked for, and so far behind it its next."""
MOST_FIXES: Final = 200_000
_SERVER_EPOCH: Final = to_micros(ORIGIN)
"""The binary form of timestamptz counts from here (`timestamp.h`)."""
_WIRE: Final = np.dtype(
    [("id", ">i4"), ("ts", ">i8"), ("lat", ">f8"), ("lon", ">f8"), ("speed", ">f4"), ("heading", ">f4")]
)
_WIRE_SQL: Final[ColumnElement[bytes]] = literal_column(
    "int4send(fixes.id) || timestamptz_send(ts) || float8send(lat) || float8send(lon)"
    " || float4send(coalesce(speed, 'NaN')) || float4send(coalesce(heading, 'NaN'))"
)
_COLUMNS: Final = (position.c.ts, position.c.lat, position.c.lon, position.c.speed, position.c.heading)


@dataclass(frozen=True, slots=True)
class Fixes:
    """Fixes by device and time, as columns; `ts` µs since 1970. At most one a device in `step_s`, but for those before
    and behind the window. NaN stands where speed (m/s) or heading (degrees) is not known."""

    step_s: int
    id: npt.NDArray[np.uint32]
    ts: npt.NDArray[np.int64]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    speed: npt.NDArray[np.float32]
    heading: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.id)

    def where(self, mask: npt.NDArray[np.bool_]) -> "Fixes":
        """Those of a mask."""
        return Fixes(
            self.step_s,
            self.id[mask],
            self.ts[mask],
            self.lat[mask],
            self.lon[mask],
            self.speed[mask],
            self.heading[mask],
        )


def fixes_within(
    connection: Connection,
    span: Span,
    *,
    step_s: int = 1,
    bbox: Box | None = None,
    around: bool = True,
    most: int = MOST_FIXES,
) -> Fixes:
    """Where the devices were within `span`, at most a fix in `step_s` each.

    `around`: with the last fix before the span and the first behind it, so that a device can be drawn at any moment of
    the span. The step is made longer where there would be more than about `most` fixes. With a box only devices come
    that have a fix within it, and these whole.
    """
    step_s = max(step_s, _longest_needed(connection, span, most))
    fixes = _walk(span, step_s, around=around)
    found = np.frombuffer(connection.execute(_packed(fixes)).scalar() or b"", dtype=_WIRE)
    made = Fixes(
        step_s,
        found["id"].astype("<u4"),
        found["ts"].astype("<i8") + _SERVER_EPOCH,
        found["lat"].astype("<f8"),
        found["lon"].astype("<f8"),
        found["speed"].astype("<f4"),
        found["heading"].astype("<f4"),
    )
    return made if bbox is None else made.where(np.isin(made.id, made.id[_inside(made, bbox)]))


def activity(connection: Connection, span: Span, *, points: int, stopped_below: float) -> Activity:
    """How many devices were heard of in each of at most `points` buckets of a minute or longer, and of these how many
    moved: went at `stopped_below` m/s or faster at any time in it. Buckets without any are left out."""
    step = max(60, bucket_seconds(span, points))
    rollup = position_1h if step % 3600 == 0 else position_1m
    width = cast(literal(f"{step} seconds"), Interval)
    start = func.date_bin(width, rollup.c.bucket, ORIGIN).label("start")
    first = span.start - (span.start - ORIGIN) % timedelta(seconds=step)
    by_device = (
        select(start, rollup.c.device_id, func.max(rollup.c.speed_max).label("fastest"))
        .where(rollup.c.bucket >= first, rollup.c.bucket < span.end)
        .group_by(start, rollup.c.device_id)
        .subquery()
    )
    moved = func.count().filter(by_device.c.fastest >= stopped_below)
    query = select(by_device.c.start, func.count(), moved).group_by(by_device.c.start).order_by(by_device.c.start)
    rows = connection.execute(query).all()
    return Activity(
        step,
        tuple(row[0] for row in rows),
        tuple(row[2] for row in rows),
        tuple(row[1] - row[2] for row in rows),
    )


def events_within(connection: Connection, span: Span, *, most: int) -> tuple[EventFound, ...]:
    """The first `most` events of all devices within `span`, in order of time."""
    query = (
        select(event.c.ts, device.c.name, event.c.type)
        .join_from(event, device, device.c.id == event.c.device_id)
        .where(event.c.ts >= span.start, event.c.ts < span.end)
        .order_by(event.c.ts, device.c.name, event.c.type)
        .limit(most)
    )
    return tuple(EventFound(*row) for row in connection.execute(query))


def _longest_needed(connection: Connection, span: Span, most: int) -> int:
    """Seconds between fixes that keep all devices that may have some within `most`."""
    heard = connection.scalar(select(func.count()).select_from(_devices(span))) or 0
    each = most // max(1, heard) - 2  # beside those before and behind the span
    return math.ceil((span.end - span.start).total_seconds() / max(1, each))


def _walk(span: Span, step_s: int, *, around: bool) -> Subquery:
    """Every fix to give, as (id, ts, lat, lon, speed, heading)."""
    devices = _devices(span)
    end = span.end + LEAD if around else span.end
    first = _one(devices.c.id, position.c.ts >= span.start, position.c.ts < end)
    walk = select(devices.c.id, first).join_from(devices, first, true()).cte("walk", recursive=True)
    following = _one(walk.c.id, position.c.ts >= _next_step(walk, step_s), position.c.ts < end)
    walk = walk.union_all(
        select(walk.c.id, following).join_from(walk, following, true()).where(walk.c.ts < literal(span.end))
    )
    if not around:
        return select(walk).subquery("fixes")
    before = _one(devices.c.id, position.c.ts >= span.start - LEAD, position.c.ts < span.start, newest=True)
    leading = select(devices.c.id, before).join_from(devices, before, true())
    return union_all(leading, select(walk)).subquery("fixes")


def _devices(span: Span) -> Subquery:
    """The ids of those that may have a fix in `span` or shortly before."""
    recent = select(latest.c.device_id.label("id")).where(latest.c.ts >= span.start - LEAD)
    return recent.subquery("devices")


def _next_step(walk: CTE, step_s: int) -> ColumnElement[Any]:
    width = cast(literal(f"{step_s} seconds"), Interval)
    return func.date_bin(width, walk.c.ts, ORIGIN) + width


def _one(id_: ColumnElement[int], *when: ColumnElement[bool], newest: bool = False) -> Any:
    """The first located fix of a device under these conditions, or the last."""
    order = position.c.ts.desc() if newest else position.c.ts
    located = and_(position.c.lat.is_not(None), position.c.lon.is_not(None))
    return select(*_COLUMNS).where(position.c.device_id == id_, *when, located).order_by(order).limit(1).lateral()


def _packed(fixes: Subquery) -> Select[Any]:
    """All of them as one value in the server's binary forms: three times as fast as rows."""
    ordered: ColumnElement[bytes] = aggregate_order_by(literal_column("''::bytea"), fixes.c.id, fixes.c.ts)
    return select(func.string_agg(_WIRE_SQL, ordered)).select_from(fixes)


def _inside(fixes: Fixes, box: Box) -> npt.NDArray[np.bool_]:
    west, south, east, north = box
    lat, lon = fixes.lat, fixes.lon
    wide = (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
    inside: npt.NDArray[np.bool_] = (lat >= south) & (lat <= north) & wide
    return inside
