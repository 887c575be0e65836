"""Where a device was, with no more points than a picture needs."""

from sqlalchemy import Connection, func, select

from db.queries.rows import Span, Track, TrackPoint
from db.tables import position


def device_track(connection: Connection, device_id: int, span: Span, *, max_points: int = 1000) -> Track:
    """The places of a device within `span`, in order of time.

    Where there are more than `max_points` (at least 2), every k-th is kept, and always the last: the picture keeps
    its shape and its ends.
    """
    inside = (
        (position.c.device_id == device_id)
        & (position.c.ts >= span.start)
        & (position.c.ts < span.end)
        & position.c.lat.is_not(None)
        & position.c.lon.is_not(None)
    )
    total = connection.execute(select(func.count()).select_from(position).where(inside)).scalar_one()
    columns = (
        position.c.ts,
        position.c.lat,
        position.c.lon,
        position.c.altitude,
        position.c.speed,
        position.c.heading,
    )
    if total <= max_points:
        query = select(*columns).where(inside).order_by(position.c.ts)
    else:
        place = func.row_number().over(order_by=position.c.ts).label("place")
        numbered = select(*columns, place).where(inside).subquery()
        step = -(-(total - 1) // (max_points - 1))
        query = (
            select(*(numbered.c[column.name] for column in columns))
            .where(((numbered.c.place - 1) % step == 0) | (numbered.c.place == total))
            .order_by(numbered.c.ts)
        )
    points = tuple(TrackPoint(*row) for row in connection.execute(query))
    return Track(total, total > max_points, points)
