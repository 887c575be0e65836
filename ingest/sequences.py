"""Gaps in the sequence numbers of senders: how many messages of each source never came."""

from collections.abc import Iterable
from typing import Final

from core.types import Message

_MOST_MISSING: Final = 1_000
"""Numbers a device: those missing longer are forgotten as possibly late, and stay counted as lost."""
_RESTARTED: Final = 10_000
"""A number so far below the last one, or 0 or 1, is a sender that began anew; so far above it, likewise."""


class _Device:
    def __init__(self, last: int) -> None:
        self.last = last
        self.missing: dict[int, None] = {}

    def take(self, seq: int) -> int:
        """How the gaps change with this number: above 0 where some were skipped, -1 where one came late."""
        step = seq - self.last
        if (seq <= 1 and step <= 0) or not -_RESTARTED < step < _RESTARTED:
            self.last = seq
            self.missing.clear()
            return 0
        if step <= 0:
            if seq in self.missing:
                del self.missing[seq]
                return -1
            return 0
        self.missing.update(dict.fromkeys(range(self.last + 1, seq)))
        while len(self.missing) > _MOST_MISSING:
            del self.missing[next(iter(self.missing))]
        self.last = seq
        return step - 1


class Sequences:
    """The last number of each source and device, since the ingest started: the first one seen begins the count.

    Used by one thread.
    """

    def __init__(self) -> None:
        self._devices: dict[tuple[str, str], _Device] = {}

    def gaps(self, source: str, messages: Iterable[Message]) -> int:
        """How many messages are missing more (or fewer: some came late) after these."""
        change = 0
        for m in messages:
            if m.seq is not None:
                key = (source, m.device)
                known = self._devices.get(key)
                if known is None:
                    self._devices[key] = _Device(m.seq)
                else:
                    change += known.take(m.seq)
        return change
