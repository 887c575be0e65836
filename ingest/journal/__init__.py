"""What was received, in order, on disk: a message is safe once it stands here."""

from ingest.journal.journal import Journal
from ingest.journal.record import Record

__all__ = ["Journal", "Record"]
