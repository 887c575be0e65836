"""The bounded queue between the one who sends and the thread that brings it away."""

import threading
import time
from collections import deque


class Outbox:
    """Messages that wait, and those that were taken out but are not yet done with: `pending` is both together."""

    def __init__(self, most: int, *, batch: int) -> None:
        """Hold at most `most` messages; `batch` is how many are taken at once."""
        self._most, self._batch = most, batch
        self._waiting: deque[bytes] = deque()
        self._changed = threading.Condition()
        self._pending = 0
        self._closed = False

    @property
    def pending(self) -> int:
        """How many are not done with."""
        return self._pending

    def put(self, payload: bytes) -> bool:
        """Add one; False: there is no room."""
        with self._changed:
            if self._pending >= self._most or self._closed:
                return False
            self._waiting.append(payload)
            self._pending += 1
            # Waking the thread for each message would cost more than sending it.
            if len(self._waiting) in (1, self._batch):
                self._changed.notify()
        return True

    def take(self, linger_s: float) -> list[bytes]:
        """Wait for messages, and up to `linger_s` for a batch of them; an empty list: closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            until = time.monotonic() + linger_s
            while len(self._waiting) < self._batch and not self._closed and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), self._batch))]

    def done(self, count: int) -> None:
        """Say that `count` of those taken need no more care, whatever became of them."""
        with self._changed:
            self._pending -= count

    def close(self) -> None:
        """Take no more; the thread still gets what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
