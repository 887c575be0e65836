"""Writing and removing annotations."""

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, insert

from db.tables import annotation

LONGEST_TEXT: Final = 500


def add_annotation(
    connection: Connection,
    *,
    start: datetime,
    end: datetime | None,
    device_id: int | None,
    text: str,
    author: str,
) -> int:
    """Add one; its id. Raises ValueError, in words for people, where it cannot be one."""
    text = text.strip()
    if not text or "\0" in text:
        raise ValueError("Write what happened: an annotation needs a text.")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"An annotation has at most {LONGEST_TEXT} characters; this one has {len(text)}.")
    if end is not None and end <= start:
        raise ValueError("An annotation must end after it starts; leave the end out for a moment.")
    row = insert(annotation).values(starts_at=start, ends_at=end, device_id=device_id, text=text, author=author)
    added: int = connection.execute(row.returning(annotation.c.id)).scalar_one()
    return added


def remove_annotation(connection: Connection, annotation_id: int) -> bool:
    """Remove one; whether it was there."""
    return connection.execute(delete(annotation).where(annotation.c.id == annotation_id)).rowcount > 0
