"""Faults on request: messages that are missing, broken, doubled, late or in the wrong order, and how many of each.

A message has one fault at most, so that what a receiver should count can be said exactly.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

MOST_HELD: Final = 1_000_000
"""Late messages that wait: beyond it the oldest goes earlier than asked for."""
_NONE, _DUPLICATE, _OUT_OF_ORDER, _LATE, _CORRUPT, _DROP = range(6)

Message = tuple[str, bytes]
"""A device and what it says."""


class FaultRates(msgspec.Struct, frozen=True, kw_only=True):
    """Shares of all messages, 0 to 1, together at most 1; `late_by` in s."""

    duplicates: float = 0.0
    out_of_order: float = 0.0
    late: float = 0.0
    corrupt: float = 0.0
    drop: float = 0.0
    late_by: float = 600.0

    @property
    def together(self) -> float:
        """The share of messages with a fault."""
        return self.duplicates + self.out_of_order + self.late + self.corrupt + self.drop


class FaultCounts(msgspec.Struct, kw_only=True):
    """What was really done. A message counts when it was sent, a dropped one when it was left out.

    duplicates: copies, beside their originals. out_of_order: sent behind a newer one of the same device.
    late: sent `late_by` after their time; late_early: of them, those sent earlier than that, as it ended before.
    corrupt: sent in a form that no receiver can use. dropped: never sent.
    """

    duplicates: int = 0
    out_of_order: int = 0
    late: int = 0
    late_early: int = 0
    corrupt: int = 0
    dropped: int = 0


class Faults:
    """Passes messages on, with faults. Raises ValueError where the shares are more than the whole."""

    def __init__(self, rates: FaultRates, *, seed: int) -> None:
        if rates.together > 1 + 1e-9:
            raise ValueError("the shares of faults are more than 100 % together")
        self.counts = FaultCounts()
        self._rates = rates
        self._random = np.random.default_rng([seed, 1])
        self._edges = np.cumsum([rates.duplicates, rates.out_of_order, rates.late, rates.corrupt, rates.drop])
        self._late: deque[tuple[float, Message]] = deque()
        self._behind: dict[str, list[Message]] = {}

    @property
    def held(self) -> int:
        """How many messages wait for their time."""
        return len(self._late) + sum(map(len, self._behind.values()))

    def next_late(self) -> float:
        """When the next late message is due, in s; infinity: none waits."""
        return self._late[0][0] if self._late else float("inf")

    def release(self, at: float) -> Iterator[Message]:
        """The late messages whose time has come at `at` s."""
        while self._late and self._late[0][0] <= at:
            yield self._late.popleft()[1]
            self.counts.late += 1

    def passed(self, messages: Sequence[Message], at: float) -> Iterator[Message]:
        """What is to be sent at `at` s for `messages`. Each is counted when the next is asked for: it was sent."""
        if not self._rates.together:
            yield from messages
            return
        # searchsorted gives 0 for the first fault and 5 for none.
        drawn = np.searchsorted(self._edges, self._random.random(len(messages)), side="right")
        for fault, message in zip(((drawn + 1) % 6).tolist(), messages, strict=True):
            if fault <= _DUPLICATE:
                yield message
                if fault == _DUPLICATE:
                    yield message
                    self.counts.duplicates += 1
                if self._behind:
                    yield from self._now_older(message[0])
            else:
                yield from self._faulty(fault, message, at)

    def rest(self) -> Iterator[Message]:
        """At the end: what still waits. Messages that no newer one of their device overtook are in order after all."""
        for _, waiting in sorted(self._behind.items()):
            yield from waiting
        self._behind.clear()
        while self._late:
            yield self._late.popleft()[1]
            self.counts.late += 1
            self.counts.late_early += 1

    def _faulty(self, fault: int, message: Message, at: float) -> Iterator[Message]:
        device, payload = message
        if fault == _OUT_OF_ORDER:
            self._behind.setdefault(device, []).append(message)
        elif fault == _LATE:
            self._late.append((at + self._rates.late_by, message))
            if len(self._late) > MOST_HELD:
                yield self._late.popleft()[1]
                self.counts.late += 1
                self.counts.late_early += 1
        elif fault == _CORRUPT:
            yield device, corrupted(payload, int(self._random.integers(len(CORRUPTIONS))))
            self.counts.corrupt += 1
        else:
            self.counts.dropped += 1

    def _now_older(self, device: str) -> Iterator[Message]:
        for message in self._behind.pop(device, ()):
            yield message
            self.counts.out_of_order += 1


CORRUPTIONS: Final = ("cut off", "a byte that is no text", "a latitude that is none", "no device")


def corrupted(payload: bytes, way: int) -> bytes:
    """A native message, one JSON object, made unusable in one of the ways of CORRUPTIONS; still one line."""
    if way == 0:
        return payload[: len(payload) * 2 // 3]
    if way == 1:
        return payload[:1] + b"\xff" + payload[1:]
    if way == 2 and b'"lat":' in payload:
        return payload.replace(b'"lat":', b'"lat":1000,"was":', 1)
    return payload.replace(b'"device_id":', b'"device":', 1)
