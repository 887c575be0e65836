"""Following what stands in a few rows of the database: a snapshot of them in each process, within two seconds.

A change is announced through Redis and seen at once; while Redis is away the rows are read each second. One thread does
both; listeners are told of each new snapshot.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Final

import redis
from redis.exceptions import RedisError
from sqlalchemy import Connection

from core.errors import StoreUnavailable
from core.log import RateLimitedLog, get_logger
from db.redis_client import impatient

_EVERY_S: Final = 1.0
_GLANCE_S: Final = 0.1
"""So long at most the thread listens to Redis before it looks whether it has to stop."""

Connect = Callable[[], AbstractContextManager[Connection]]


class Follower(ABC):
    """Follows `channel` of Redis; `what` names that in the log. A subclass reads the snapshot, and keeps it."""

    def __init__(self, redis_url: str, channel: str, what: str) -> None:
        self.limited = RateLimitedLog(get_logger(what), interval_s=60.0)
        self._redis_url = redis_url
        self._channel = channel
        self._what = what
        self._listeners: list[Callable[[], None]] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @abstractmethod
    def refresh(self) -> None:
        """Read what holds now, and `tell` where that has changed. Raises StoreUnavailable."""

    def start(self) -> None:
        """Read what holds and follow it from here on; where the database is away, as soon as it is back."""
        if self._thread is not None:
            return
        self._stopping.clear()
        with suppress(StoreUnavailable):
            self.refresh()
        self._thread = threading.Thread(target=self._run, name=self._what, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Follow no more, and wait for the thread's end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None

    def tell(self) -> None:
        """There is a new snapshot."""
        for listener in list(self._listeners):
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener`, from any thread, after each change of `current`; what is given back ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def client(self, timeout_s: float) -> redis.Redis:
        """A connection to Redis."""
        return impatient(self._redis_url, connect_s=timeout_s, answer_s=timeout_s)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except (RedisError, OSError):
                self._read_quietly()
                self._stopping.wait(_EVERY_S)

    def _follow(self) -> None:
        """Read whenever something was announced, and each second in any case: a Redis that hangs says nothing.

        Ends by an error of Redis, or when told to stop.
        """
        with self.client(timeout_s=_EVERY_S) as client, client.pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe(self._channel)
            read_at = -_EVERY_S
            while not self._stopping.is_set():
                said = pubsub.get_message(timeout=_GLANCE_S)
                if said is not None or time.monotonic() - read_at >= _EVERY_S:
                    self._read_quietly()
                    read_at = time.monotonic()

    def _read_quietly(self) -> None:
        try:
            self.refresh()
        except StoreUnavailable:
            pass  # the store has logged it, and what was read last still holds
        except Exception as error:  # noqa: BLE001 - whatever it was, it must be followed on
            self.limited.warning("read", f"{self._what} could not be read", why=repr(error))
