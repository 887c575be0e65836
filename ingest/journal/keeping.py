"""What becomes of segments that are stored: with a lake, they stay until they are in it."""

from typing import Any

from ingest.journal.segments import Segment


class Keeping:
    """Belongs to a journal. `archived` is the last sequence number in the lake, None where there is no lake.

    `never_archived` counts records that had to go before they were in the lake.
    """

    def __init__(self, log: Any) -> None:
        self.archived: int | None = None
        self.never_archived = 0
        self._log = log

    def may_go(self, segment: Segment) -> bool:
        """Whether a stored segment is needed for nothing but replay."""
        return self.archived is None or segment.behind <= self.archived + 1

    def removed(self, first: int, behind: int) -> None:
        """The segment of these numbers had to make room."""
        if self.archived is None:
            return
        lost = behind - max(first, self.archived + 1)
        if lost > 0:
            self.never_archived += lost
            self._log.warning(
                "room was needed: records were removed before they were in the lake; raise WAYPOST_JOURNAL_MAX_MB",
                records=lost,
            )
