"""What the HTTP receivers hand messages to: in this process the journal takes them, or a Kafka topic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Rejected:
    """An item of a request that cannot be used: its place from 0 on, and why."""

    index: int
    reason: str


class Collector(Protocol):
    """Takes payloads of senders that wait for the answer."""

    def check(self, source: str, payloads: Sequence[bytes]) -> list[Rejected]:
        """Say which of the payloads cannot be used. Raises ValueError where the source's name is not to be had."""

    async def accept(self, source: str, payloads: Sequence[bytes]) -> None:
        """Return once the payloads survive any crash. Raises JournalFull where they are not taken: try again later."""
