"""The account of what is in the journal and not stored yet, by source."""

from collections import deque
from typing import NamedTuple


class InFlight(NamedTuple):
    """Payloads of a source that wait, and when the oldest was received (microseconds since 1970)."""

    payloads: int
    since: int

    def beside(self, other: "InFlight | None") -> "InFlight":
        """Both together."""
        return self if other is None else InFlight(self.payloads + other.payloads, min(self.since, other.since))


class _Entry(NamedTuple):
    sequence: int
    source: str
    payloads: int
    received_at: int


class Waiting:
    """One small entry a record: the journal's size on disk bounds how many there are. Not for several threads."""

    def __init__(self) -> None:
        self._entries: deque[_Entry] = deque()

    def add(self, sequence: int, source: str, payloads: int, received_at: int) -> None:
        """A record was appended."""
        self._entries.append(_Entry(sequence, source, payloads, received_at))

    def stored(self, sequence: int) -> None:
        """Records up to `sequence` are stored."""
        while self._entries and self._entries[0].sequence <= sequence:
            self._entries.popleft()

    def by_source(self) -> dict[str, InFlight]:
        """What waits now."""
        found: dict[str, InFlight] = {}
        for entry in self._entries:
            here = InFlight(entry.payloads, entry.received_at)
            found[entry.source] = here.beside(found.get(entry.source))
        return found
