"""How many people a space held: at any past moment, and over time. Checkpoints and what passed since them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Interval, and_, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from core.occupancy import AnchorKind, Stretch
from core.types import from_micros, to_micros
from db.engine.base import ORIGIN
from db.queries.rows import Span
from db.queries.series import bucket_seconds
from db.queries.spaces import Space
from db.tables import anchor, crossing, occupancy, occupancy_mark, placement, reconciliation, space_state, stretch

_NEAR: Final = timedelta(days=2)
"""The checkpoint before a moment is looked for here first: most are, and the other partitions are left alone."""


@dataclass(frozen=True, slots=True)
class Counted:
    """The count of a space at a moment. `raw` is what sensors alone say since the last known count, and may be below 0.

    `reconciled`: drift has been taken out, as the count at the end of the stretch is known. `low` and `high` are the
    error band.
    """

    at: datetime
    count: int
    raw: int
    reconciled: bool
    low: int
    high: int

    @property
    def reported(self) -> int:
        """The count as it was shown at the time: what sensors said, never below 0."""
        return max(0, self.raw)


@dataclass(frozen=True, slots=True)
class Ended:
    """A stretch between two known counts, and the drift that was taken out of it."""

    start: datetime
    end: datetime
    end_count: int
    end_kind: AnchorKind
    passages: int
    drift: int


@dataclass(frozen=True, slots=True)
class Correction:
    """What a reconciliation has changed: how many checkpoints of a span, and by how much at most; and why."""

    reconciled_at: datetime
    first: datetime
    last: datetime
    why: str
    changed: int
    largest: int


@dataclass(frozen=True, slots=True)
class _Ground:
    """What a moment is counted from: the known count before it, and the one behind it, in microseconds since 1970."""

    start: datetime
    base: int
    end: datetime | None
    reconciled_until: datetime | None


def count_at(connection: Connection, space: Space, at: datetime) -> Counted | None:
    """The count at `at`, with what passed at that very moment; None where nothing is known of then."""
    ground = _ground(connection, space, at)
    if ground is None:
        return None
    first_mark, one = _stretch(connection, space.id, ground)
    usable = at if first_mark is None else min(at, first_mark)
    ts, raw, passages = _checkpoint(connection, space.id, ground, usable)
    change, passed = _passed(connection, space.id, ts, at)
    raw, passages = raw + change, passages + passed
    clean = first_mark is None and ground.end is not None and ground.reconciled_until is not None
    reconciled = clean and ground.end is not None and ground.end <= (ground.reconciled_until or ground.end)
    if not reconciled:
        one = Stretch(one.start, one.base, variance=one.variance)
    moment = to_micros(at)
    return Counted(at, one.count(raw, passages, moment), raw, reconciled, *one.band(raw, passages, moment))


def history(connection: Connection, space: Space, span: Span, *, points: int = 300) -> list[Counted]:
    """The count over time: at most about so many moments, each the last of its bucket. A step holds until the next.

    The first is the count at the start of the span, the last that at its end, where anything is known of them.
    """
    o = occupancy.c
    step = max(300, bucket_seconds(span, points))
    bucket = func.date_bin(cast(literal(f"{step} seconds"), Interval), o.ts, ORIGIN)
    rows = connection.execute(
        select(o.ts, o.count, o.reconciled_count, o.low, o.high)
        .ext(distinct_on(bucket))
        .where(o.space_id == space.id, o.ts > span.start, o.ts < span.end)
        .order_by(bucket, o.ts.desc())
    ).all()
    ended = {(one.start, one.end) for one in stretches(connection, space, span)}
    spans = sorted(ended)
    found: list[Counted] = []
    place = 0
    for ts, raw, count, low, high in rows:
        while place < len(spans) and spans[place][1] <= ts:
            place += 1
        inside = place < len(spans) and spans[place][0] <= ts
        found.append(Counted(ts, max(0, raw) if count is None else count, raw, inside, low or 0, high or 0))
    first, last = (count_at(connection, space, moment) for moment in (span.start, span.end))
    return [*([first] if first else []), *found, *([last] if last else [])]


def stretches(connection: Connection, space: Space, span: Span) -> list[Ended]:
    """The stretches with an end that touch `span`, in order."""
    s = stretch.c
    query = (
        select(s.started_at, s.ended_at, s.end_count, s.end_kind, s.passages, s.drift)
        .where(s.space_id == space.id, s.started_at < span.end, s.ended_at > span.start)
        .order_by(s.started_at)
    )
    return [
        Ended(start, end, count, AnchorKind(kind), passages, drift)
        for start, end, count, kind, passages, drift in connection.execute(query)
    ]


def corrections(connection: Connection, space: Space, span: Span, limit: int = 50) -> list[Correction]:
    """What reconciliation has changed within `span` of what was there before, newest first."""
    r = reconciliation.c
    query = (
        select(r.reconciled_at, r.first, r.last, r.why, r.changed, r.largest)
        .where(r.space_id == space.id, r.first < span.end, r.last > span.start)
        .order_by(r.id.desc())
        .limit(limit)
    )
    return [Correction(*row) for row in connection.execute(query)]


def recent(connection: Connection, since: datetime, space_ids: Sequence[int]) -> dict[int, list[tuple[datetime, int]]]:
    """The reconciled counts of these spaces from `since` on, at their checkpoints: what a small line is drawn from."""
    o = occupancy.c
    query = (
        select(o.space_id, o.ts, func.coalesce(o.reconciled_count, func.greatest(o.count, 0)))
        .where(o.space_id == func.any(list(space_ids)), o.ts >= since)
        .order_by(o.space_id, o.ts)
    )
    found: dict[int, list[tuple[datetime, int]]] = {}
    for space_id, ts, count in connection.execute(query):
        found.setdefault(space_id, []).append((ts, count))
    return found


def _ground(connection: Connection, space: Space, at: datetime) -> _Ground | None:
    a = anchor.c
    before = select(a.ts, a.count).where(a.space_id == space.id, a.ts <= at).order_by(a.ts.desc()).limit(1).subquery()
    behind = select(func.min(a.ts)).where(a.space_id == space.id, a.ts > at).scalar_subquery()
    row = connection.execute(
        select(space_state.c.known_from, space_state.c.reconciled_until, before.c.ts, before.c.count, behind)
        .select_from(space_state.outerjoin(before, literal(True)))
        .where(space_state.c.space_id == space.id)
    ).first()
    if row is None or row[0] is None or row[0] > at:
        return None
    known_from, until, start, base, end = row
    micros = to_micros(at)
    closed, closes = space.hours.last_closing(micros), space.hours.next_closing(micros)
    if closed is not None and (start is None or from_micros(closed) > start):
        start, base = from_micros(closed), 0
    if closes is not None and (end is None or from_micros(closes) < end):
        end = from_micros(closes)
    return _Ground(known_from if start is None else start, base or 0, end, until)


def _stretch(connection: Connection, space_id: int, ground: _Ground) -> tuple[datetime | None, Stretch]:
    """The first mark within the stretch, and the stretch as it was reconciled."""
    m, s = occupancy_mark.c, stretch.c
    within = and_(m.space_id == space_id, m.last >= ground.start)
    if ground.end is not None:
        within = and_(within, m.first < ground.end)
    first = select(func.min(m.first)).where(within).scalar_subquery()
    row = connection.execute(
        select(first, s.ended_at, s.end_count, s.passages, s.drift, s.variance)
        .select_from(select(literal(1).label("one")).subquery().outerjoin(
            stretch, and_(s.space_id == space_id, s.started_at == ground.start)
        ))
    ).one()  # fmt: skip
    first_mark, ended, end_count, passages, drift, variance = row
    start = to_micros(ground.start)
    if variance is None:
        return first_mark, Stretch(start, ground.base)
    end = None if ended is None else to_micros(ended)
    return first_mark, Stretch(start, ground.base, end, end_count, None, passages, drift, variance)


def _checkpoint(connection: Connection, space_id: int, ground: _Ground, at: datetime) -> tuple[datetime, int, int]:
    """The last checkpoint of the stretch at or before `at`: its moment, raw sum and passages."""
    o = occupancy.c
    near = max(ground.start, at - _NEAR)
    for lower in dict.fromkeys((near, ground.start)):
        row = connection.execute(
            select(o.ts, o.count, o.passages)
            .where(o.space_id == space_id, o.ts >= lower, o.ts <= at)
            .order_by(o.ts.desc())
            .limit(1)
        ).first()
        if row is not None:
            return row[0], row[1], row[2]
    return ground.start, ground.base, 0


def _passed(connection: Connection, space_id: int, first: datetime, last: datetime) -> tuple[int, int]:
    """What passed from `first` to `last`, both with it: the sum of signed counts, and of counts."""
    p, c = placement.c, crossing.c
    row: Any = connection.execute(
        select(func.coalesce(func.sum(p.sign * c.direction * c.count), 0), func.coalesce(func.sum(c.count), 0))
        .join_from(placement, crossing, and_(c.device_id == p.device_id, c.ts >= p.valid_from))
        .where(p.space_id == space_id, or_(p.valid_to.is_(None), c.ts < p.valid_to), c.ts >= first, c.ts <= last)
    ).one()
    return int(row[0]), int(row[1])
