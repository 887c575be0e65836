"""Where a device was, with no more points than a picture needs."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, and_, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.types import from_micros, to_micros
from db.queries.rows import Span, Track, TrackPoint
from db.queries.simplify import Places, simplify, thin
from db.tables import position

_COLUMNS: Final = (
    position.c.ts,
    position.c.lat,
    position.c.lon,
    position.c.altitude,
    position.c.speed,
    position.c.heading,
)
_SERVER_EPOCH: Final = to_micros(datetime(2000, 1, 1, tzinfo=UTC))
"""The binary form of timestamptz counts from here (`timestamp.h`)."""
_POINT: Final = np.dtype(
    [("ts", ">i8"), ("lat", ">f8"), ("lon", ">f8"), ("altitude", ">f4"), ("speed", ">f4"), ("heading", ">f4")]
)
_POINT_SQL: Final[ColumnElement[bytes]] = literal_column(
    "timestamptz_send(ts) || float8send(lat) || float8send(lon) || float4send(coalesce(altitude, 'NaN'))"
    " || float4send(coalesce(speed, 'NaN')) || float4send(coalesce(heading, 'NaN'))"
)
_AT_ONCE: Final = 100_000
"""Points read in one piece, 7 MB on the wire; a piece is a day at least."""
_LOOKED_AT: Final = 40_000
"""Points that `simplify` gets to see of a track; of a longer one, this many and the outermost."""

Points = npt.NDArray[np.void]


def device_track(connection: Connection, device_id: int, span: Span, *, max_points: int = 1000) -> Track:
    """The places of a device within `span`, in order of time.

    Where there are more than `max_points` (at least 2), those are kept that make the shape of the way, its stops and
    its gaps (see `simplify`), and always the first and the last. Memory is bounded: a track of any length is read in
    pieces and thinned on the way.
    """
    days = connection.execute(
        select(func.date_trunc("day", position.c.ts, "UTC").label("day"), func.count())
        .where(_inside(device_id, span))
        .group_by("day")
        .order_by("day")
    ).all()
    total = sum(count for _, count in days)
    if total <= max_points:
        query = select(*_COLUMNS).where(_inside(device_id, span)).order_by(position.c.ts)
        return Track(total, False, tuple(TrackPoint(*row) for row in connection.execute(query)))
    share = max(_LOOKED_AT, 4 * max_points) / total
    kept = []
    for piece in _pieces([(day, count) for day, count in days], span):
        points = _read(connection, device_id, piece)
        kept.append(points[_thinned(points, share)])
    found = np.concatenate(kept)
    chosen = found[simplify(_seconds(found), found["lat"].astype("f8"), found["lon"].astype("f8"), max_points)]
    return Track(total, True, tuple(_track_points(chosen)))


def _inside(device_id: int, span: Span) -> ColumnElement[bool]:
    return and_(
        position.c.device_id == device_id,
        position.c.ts >= span.start,
        position.c.ts < span.end,
        position.c.lat.is_not(None),
        position.c.lon.is_not(None),
    )


def _pieces(days: Iterable[tuple[datetime, int]], span: Span) -> Iterator[Span]:
    """`span` cut at the beginnings of days, before each that would make a piece too large."""
    start, size = span.start, 0
    for day, count in days:
        if size and size + count > _AT_ONCE:
            yield Span(start, day)
            start, size = day, 0
        size += count
    yield Span(start, span.end)


def _read(connection: Connection, device_id: int, span: Span) -> Points:
    """All points within `span` as one value in the server's binary forms: three times as fast as rows."""
    query = select(func.string_agg(_POINT_SQL, aggregate_order_by(literal_column("''::bytea"), position.c.ts)))
    query = query.select_from(position).where(_inside(device_id, span))
    return np.frombuffer(connection.execute(query).scalar() or b"", dtype=_POINT)


def _thinned(points: Points, share: float) -> Places:
    if share >= 1 or len(points) == 0:
        return np.arange(len(points))
    return thin(_seconds(points), points["lat"].astype("f8"), points["lon"].astype("f8"), int(share * len(points)))


def _seconds(points: Points) -> npt.NDArray[np.float64]:
    """Of each point, since 2000."""
    return points["ts"] / 1e6


def _track_points(points: Points) -> Iterator[TrackPoint]:
    moments = [from_micros(ts + _SERVER_EPOCH) for ts in points["ts"].tolist()]
    reals = (_decimals(points[name]) for name in ("altitude", "speed", "heading"))
    return map(TrackPoint, moments, points["lat"].tolist(), points["lon"].tolist(), *reals)


def _decimals(reals: npt.NDArray[np.float32]) -> list[float | None]:
    """Each as the shortest decimal that is this real, as the server writes it: 30.56, not 30.559999465942383."""
    return [None if value != value else value for value in reals.astype("f4").astype(str).astype("f8").tolist()]  # noqa: PLR0124 - NaN
