"""What people wrote beside the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from db.queries.rows import Span
from db.tables import annotation, device


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text over a span, or at a moment where `end` is None; `device` is the name of the one it is about."""

    id: int
    start: datetime
    end: datetime | None
    device: str | None
    text: str
    author: str
    created_at: datetime


_COLUMNS = (
    annotation.c.id,
    annotation.c.starts_at,
    annotation.c.ends_at,
    device.c.name,
    annotation.c.text,
    annotation.c.author,
    annotation.c.created_at,
)
_FROM = annotation.outerjoin(device, device.c.id == annotation.c.device_id)


def list_annotations(
    connection: Connection, span: Span, *, device_ids: Sequence[int] | None = None, limit: int = 200
) -> list[Annotation]:
    """Those that touch `span`, the newest first; with `device_ids`, those of other devices are left out."""
    ends = func.coalesce(annotation.c.ends_at, annotation.c.starts_at)
    query = select(*_COLUMNS).select_from(_FROM).where(annotation.c.starts_at < span.end, ends >= span.start)
    if device_ids is not None:
        query = query.where(or_(annotation.c.device_id.is_(None), annotation.c.device_id == func.any(list(device_ids))))
    query = query.order_by(annotation.c.starts_at.desc(), annotation.c.id.desc()).limit(limit)
    return [Annotation(*row) for row in connection.execute(query)]


def get_annotation(connection: Connection, annotation_id: int) -> Annotation | None:
    """The one with this id."""
    query = select(*_COLUMNS).select_from(_FROM).where(annotation.c.id == annotation_id)
    row = connection.execute(query).first()
    return None if row is None else Annotation(*row)
