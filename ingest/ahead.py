"""Reads and decodes the next batch while the database stores the one before: the two hardly need the same core."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Calls `read(after)` in a thread of its own before it is asked for; never two reads at once.

    Used by one thread.
    """

    def __init__(self, read: Callable[[int], T]) -> None:
        self._read = read
        self._thread = ThreadPoolExecutor(1, "decode ahead")
        self._next: tuple[int, Future[T]] | None = None

    def begin(self, after: int) -> None:
        """Begin to read what is behind `after`."""
        self._next = (after, self._thread.submit(self._read, after))

    def is_begun(self, after: int) -> bool:
        """Whether what is behind `after` is being read, or was."""
        return self._next is not None and self._next[0] == after

    def take(self, after: int) -> T:
        """What is behind `after`: read already, where that is what was begun, else read now."""
        if self._next is not None:
            begun, future = self._next
            self._next = None
            result = future.result()
            if begun == after:
                return result
        return self._read(after)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown()
