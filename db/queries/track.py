"""Where a device was, with no more points than a picture needs."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Interval,
    and_,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from core.types import from_micros, to_micros
from db.queries.rows import Span, Track, TrackPoint
from db.queries.simplify import Places, simplify, thin
from db.queries.trips import Way
from db.tables import position

_SERVER_EPOCH: Final = to_micros(datetime(2000, 1, 1, tzinfo=UTC))
"""The binary form of timestamptz counts from here (`timestamp.h`)."""
_POINT: Final = np.dtype(
    [
        ("ts", ">i8"),
        ("received", ">i8"),
        ("lat", ">f8"),
        ("lon", ">f8"),
        ("altitude", ">f4"),
        ("speed", ">f4"),
        ("heading", ">f4"),
    ]
)
_POINT_SQL: Final[ColumnElement[bytes]] = literal_column(
    "timestamptz_send(ts) || timestamptz_send(received_at) || float8send(lat) || float8send(lon)"
    " || float4send(coalesce(altitude, 'NaN')) || float4send(coalesce(speed, 'NaN'))"
    " || float4send(coalesce(heading, 'NaN'))"
)
_AT_ONCE: Final = 100_000
"""Points read in one piece, 8 MB on the wire; a piece is a day at least."""
SAMPLES: Final = 8_000
"""Of a way that is too long to be read: one in five minutes of a month."""
_LOOKED_AT: Final = 40_000
"""Points that `simplify` gets to see of a track; of a longer one, this many and the outermost."""

Points = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Path:
    """The places of a device in order of time, thinned where there are very many.

    `total` counts them all; None where they were only sampled. `delays_s` are the seconds from when each kept one was
    sent until it was received.
    """

    total: int | None
    points: Points

    @property
    def whole(self) -> bool:
        """Whether nothing was left out."""
        return self.total == len(self.points)

    @property
    def delays_s(self) -> npt.NDArray[np.float64]:
        """Seconds on the way of each place kept; below zero where the device's clock is ahead."""
        seconds: npt.NDArray[np.float64] = (self.points["received"] - self.points["ts"]) / 1e6
        return seconds

    def way(self) -> Way:
        """What trips are told from."""
        lat, lon, speed = (self.points[name].astype("f8") for name in ("lat", "lon", "speed"))
        return Way(self.points["ts"].astype("i8") + _SERVER_EPOCH, lat, lon, speed)

    def track(self, max_points: int) -> Track:
        """At most `max_points` (at least 2) of the places: those that make the shape (see `simplify`)."""
        found = self.points
        if len(found) > max_points:
            lat, lon = found["lat"].astype("f8"), found["lon"].astype("f8")
            found = found[simplify(_seconds(found), lat, lon, max_points)]
        total = len(self.points) if self.total is None else self.total
        return Track(total, len(found) < total, tuple(_track_points(found)))


def device_track(connection: Connection, device_id: int, span: Span, *, max_points: int = 1000) -> Track:
    """The places of a device within `span`, in order of time.

    Where there are more than `max_points` (at least 2), those are kept that make the shape of the way, its stops and
    its gaps (see `simplify`), and always the first and the last.
    """
    return device_path(connection, device_id, span, most=max(_LOOKED_AT, 4 * max_points)).track(max_points)


def device_path(
    connection: Connection, device_id: int, span: Span, *, most: int = _LOOKED_AT, most_read: int | None = None
) -> Path:
    """All places of a device within `span`, or about `most` of them where there are more.

    Memory is bounded: a way of any length is read in pieces and thinned on the way. With `most_read` so is the time:
    where there are more places than that, they are sampled.
    """
    days = _rows_by_day(connection, device_id, span)
    rows = sum(count for _, count in days)
    if most_read is not None and rows > most_read:
        return sampled_path(connection, device_id, span, SAMPLES)
    total, kept = 0, [np.empty(0, dtype=_POINT)]
    for piece in _pieces(days, span) if rows else ():
        points = _read(connection, device_id, piece)
        total += len(points)
        kept.append(points[_thinned(points, most / rows)])
    return Path(total, np.concatenate(kept))


def sampled_path(connection: Connection, device_id: int, span: Span, samples: int) -> Path:
    """The first place of a device in each of `samples` even stretches of `span`, where it has one.

    Each is a look into the index, so that it takes the same time however many places there are.
    """
    step = (span.end - span.start) / samples
    moment = DateTime(timezone=True)
    last = cast(span.end - timedelta(microseconds=1), moment)
    starts = (
        func.generate_series(cast(span.start, moment), last, cast(step, Interval)).table_valued("at").render_derived()
    )
    begin = cast(starts.c.at, moment)
    place = (
        select(_POINT_SQL.label("point"), position.c.ts)
        .where(_inside(device_id, span), position.c.ts >= begin, position.c.ts < begin + cast(step, Interval))
        .order_by(position.c.ts)
        .limit(1)
        .lateral("place")
    )
    query = select(func.string_agg(place.c.point, aggregate_order_by(literal_column("''::bytea"), place.c.ts)))
    query = query.select_from(starts.join(place, true()))
    return Path(None, np.frombuffer(connection.execute(query).scalar() or b"", dtype=_POINT))


def _rows_by_day(connection: Connection, device_id: int, span: Span) -> list[tuple[datetime, int]]:
    """How many rows a device has on each UTC day, those without a place too: the index alone knows."""
    inside = and_(position.c.device_id == device_id, position.c.ts >= span.start, position.c.ts < span.end)
    day = func.date_trunc("day", position.c.ts, "UTC").label("day")
    query = select(day, func.count()).where(inside).group_by("day").order_by("day")
    return [(day, count) for day, count in connection.execute(query)]


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
