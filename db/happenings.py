"""Events and crossings of a batch: what is new of them is for the database to say, and they tell which messages it was.

Far fewer than positions, they all go the careful way: unnest and ON CONFLICT.
"""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from core.types import Message

EventKey = tuple[int, int, str, int]
"""device_id, ts in microseconds since 1970, type, digest of the data."""
CrossingKey = tuple[int, int, int]
"""device_id, ts in microseconds since 1970, direction (1 in, -1 out)."""
_DIGEST_BYTES: Final = 8


class EventRow(NamedTuple):
    """A row of `event`; `data` is JSON with sorted names."""

    key: EventKey
    received_at: int
    data: str | None


class Events:
    """Rows of `event`, by key: the same again is a duplicate."""

    def __init__(self) -> None:
        self.rows: dict[EventKey, EventRow] = {}
        self._first: dict[EventKey, int] = {}
        self._messages: list[int] = []

    def add(self, index: int, device_id: int, message: Message) -> None:
        """Take the event of the message with this `index` in the batch."""
        assert message.event is not None  # noqa: S101 - the caller takes messages with events only
        key = (device_id, message.ts, message.event, digest_of(message.data))
        self._messages.append(index)
        if key not in self.rows:
            self.rows[key] = EventRow(key, message.received_at, None if message.data is None else message.data.decode())
            self._first[key] = index

    def messages(self) -> list[int]:
        """The messages that have one."""
        return self._messages

    def mark_stored(self, stored: npt.NDArray[np.bool_], new: Iterable[EventKey]) -> None:
        """Mark the messages whose event is among those that the database says are `new`."""
        stored[[self._first[key] for key in new]] = True


class Crossings:
    """Rows of `crossing`, by key: a later count wins, the same again is a duplicate.

    A direction with no passage is left out, since it says the same; where both have none, that is kept as a count of
    0 inwards: the sensor was heard. It never takes the place of a count above 0.
    """

    def __init__(self) -> None:
        self.rows: dict[CrossingKey, tuple[int, int]] = {}
        self._waiting: dict[CrossingKey, list[int]] = {}
        self._messages: list[int] = []

    def add(self, index: int, device_id: int, message: Message) -> None:
        """Take the passages of the message with this `index` in the batch."""
        assert message.crossing is not None  # noqa: S101 - the caller takes messages with crossings only
        into, out = message.crossing
        self._messages.append(index)
        passed = [(way, count) for way, count in ((1, into), (-1, out)) if count]
        for way, count in passed or [(1, 0)]:
            key = (device_id, message.ts, way)
            known = self.rows.get(key)
            if known is None or (count and count != known[0]):
                self.rows[key] = (count, message.received_at)
                self._waiting.setdefault(key, []).append(index)

    def messages(self) -> list[int]:
        """The messages that have any."""
        return self._messages

    def mark_stored(self, stored: npt.NDArray[np.bool_], changed: Iterable[CrossingKey]) -> None:
        """Mark the messages whose rows are new, or are among the keys that the database says it `changed`."""
        for key in changed:
            stored[self._waiting[key]] = True


def digest_of(data: bytes | None) -> int:
    """What tells data of events of one type and moment apart, as a bigint; 0 where there is none."""
    if data is None:
        return 0
    return int.from_bytes(blake2b(data, digest_size=_DIGEST_BYTES).digest(), signed=True)
