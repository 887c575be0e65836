"""How far each device went and how long it moved within a span, to the second.

Whole hours are read from the table `movement`; the ragged ends of a span, and hours that writes have touched since,
from positions. So the cost is that of at most two hours of raw rows and HOURS_RAW marked ones, whatever the span.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Double,
    Integer,
    Select,
    Subquery,
    bindparam,
    column,
    func,
    select,
    text,
    union_all,
)

from db.movement import HOUR, LEGS, NAME
from db.queries.rows import Moved, Span
from db.queries.source import cover
from db.tables import device, dirty_bucket, movement

HOURS_RAW: Final = 3
"""So many marked hours are read from positions, the newest ones: usually there is one, the hour that is not over."""


def movement_by_device(connection: Connection, span: Span) -> Subquery:
    """Rows of (device_id, distance_m, moving_s, n) over `span`, n the legs that count."""
    found = _statistics(connection, span)
    n = func.sum(found.c.legs).cast(BigInteger).label("n")
    columns = [func.sum(found.c.distance_m).label("distance_m"), func.sum(found.c.moving_s).label("moving_s"), n]
    return select(found.c.device_id, *columns).group_by(found.c.device_id).subquery("moved")


def moved(connection: Connection, span: Span) -> dict[str, Moved]:
    """The same of every device that moved, by its name."""
    found = movement_by_device(connection, span)
    query = select(device.c.name, found.c.distance_m, found.c.moving_s, found.c.n).join(
        device, device.c.id == found.c.device_id
    )
    return {name: Moved(*numbers) for name, *numbers in connection.execute(query)}


def hours_behind(connection: Connection, span: Span) -> int:
    """How many whole hours within `span` are marked beyond those that are read raw: they may miss late rows."""
    return max(0, len(_marked(connection, span)) - HOURS_RAW)


def _statistics(connection: Connection, span: Span) -> Subquery:
    raw: list[Span] = []
    queries: list[Select[Any]] = []
    for part in cover(span, [HOUR]):
        if part.width != HOUR:
            raw.append(Span(part.start, part.end))
            continue
        fresh = _marked(connection, Span(part.start, part.end))[:HOURS_RAW]
        raw += [Span(start, start + HOUR) for start in fresh]
        queries.append(
            select(movement.c.device_id, movement.c.legs, movement.c.distance_m, movement.c.moving_s).where(
                movement.c.ts >= part.start, movement.c.ts < part.end, movement.c.ts.not_in(fresh)
            )
        )
    queries += [_raw(one, place) for place, one in enumerate(raw)]
    return (union_all(*queries) if len(queries) > 1 else queries[0]).subquery("statistics")


def _marked(connection: Connection, span: Span) -> list[Any]:
    """The marked hours within `span`, the newest first."""
    bucket = dirty_bucket.c.bucket
    query = select(bucket).where(dirty_bucket.c.rollup == NAME, bucket >= span.start, bucket < span.end)
    return list(connection.execute(query.distinct().order_by(bucket.desc())).scalars())


def _raw(span: Span, place: int) -> Select[Any]:
    start, end = f"start_{place}", f"end_{place}"
    legs = text(f"({LEGS.format(start=f'(:{start})', end=f'(:{end})')}) AS legs")
    moment = DateTime(timezone=True)
    bound = legs.bindparams(bindparam(start, span.start, moment), bindparam(end, span.end, moment))
    sums: list[Any] = [func.sum(column(name, Double)).label(name) for name in ("distance_m", "moving_s")]
    return (
        select(column("device_id", Integer), func.count().label("legs"), *sums).select_from(bound).group_by("device_id")
    )
