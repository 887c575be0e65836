"""The runtime settings of a process: a snapshot that follows the database within two seconds, whoever changed it.

A change is announced through Redis and seen at once; while Redis is away the table, which has a few dozen rows, is read
each second. One thread a process does both; listeners are told of each new snapshot.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Final, NamedTuple

import msgspec
import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from sqlalchemy import Connection

from core.errors import StoreUnavailable
from core.log import RateLimitedLog, get_logger
from core.site import Site, check, merged, site_of
from core.site_fields import Value
from db import settings as rows
from db.audit import record
from db.live import SETTINGS
from db.settings import Stored

_EVERY_S: Final = 1.0
_GLANCE_S: Final = 0.1
"""So long at most the thread listens to Redis before it looks whether it has to stop."""

Connect = Callable[[], AbstractContextManager[Connection]]


class Changed(NamedTuple):
    """A value before and after somebody set it."""

    before: Value
    after: Value


class SiteFollower:
    """`current` may be read by any thread at any time. `initial` are the defaults by name (core.site.defaults).

    Before `start` and `refresh` the defaults hold.
    """

    def __init__(self, connect: Connect, redis_url: str, initial: Mapping[str, Value]) -> None:
        self.initial = initial
        self.current: Site = site_of(initial)
        self.stored: Mapping[str, Stored] = {}
        self._connect = connect
        self._redis_url = redis_url
        self._reading = threading.Lock()
        self._listeners: list[Callable[[], None]] = []
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._log = get_logger("settings")
        self._limited = RateLimitedLog(self._log, interval_s=60.0)

    def start(self) -> None:
        """Read what is set and follow it from here on; where the database is away, as soon as it is back."""
        if self._thread is not None:
            return
        self._stopping.clear()
        with suppress(StoreUnavailable):
            self.refresh()
        self._thread = threading.Thread(target=self._run, name="settings", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Follow no more, and wait for the thread's end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener`, from any thread, after each change of `current`; what is given back ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def refresh(self) -> None:
        """Read what is set now. Raises StoreUnavailable."""
        with self._reading:  # else an older reading could overtake a newer one
            with self._connect() as connection:
                stored = rows.read_stored(connection)
            values, refused = merged({name: one.value for name, one in stored.items()}, self.initial)
            changed = stored != self.stored
            self.stored = stored
            if changed:
                self.current = site_of(values)
        if refused:
            self._limited.warning("refused", "settings that cannot be used are as by default", names=refused)
        if changed:
            for listener in list(self._listeners):
                listener()

    def values(self) -> dict[str, Value]:
        """All values that hold, by name."""
        return merged({name: one.value for name, one in self.stored.items()}, self.initial)[0]

    def change(self, name: str, given: object, who: str) -> Changed:
        """Set `name` for everyone and note it in the audit.

        Raises InvalidSetting where it cannot be taken, KeyError where there is no such setting, StoreUnavailable.
        """
        with self._connect() as connection, connection.begin():
            rows.hold(connection)
            before = self._values(connection)
            value = check(name, given, before)
            if value != before[name]:
                rows.write(connection, name, value, who)
                record(connection, who, name, before[name], value)
        self._spread(name)
        return Changed(before[name], value)

    def reset(self, name: str, who: str) -> Changed:
        """Let the default of `name` hold again. Raises as `change`."""
        with self._connect() as connection, connection.begin():
            rows.hold(connection)
            before = self._values(connection)
            value = check(name, self.initial[name], before)
            rows.remove(connection, name)
            if value != before[name]:
                record(connection, who, name, before[name], value)
        self._spread(name)
        return Changed(before[name], value)

    def announce(self, channel: str, message: list[Any]) -> None:
        """Publish to the other processes; while Redis is away they find out by reading the database."""
        try:
            with self._client(timeout_s=1.0) as client:
                client.publish(channel, msgspec.json.encode(message))
        except (RedisError, OSError) as error:
            self._limited.warning("announce", "a change could not be announced", why=str(error))

    def _values(self, connection: Connection) -> dict[str, Value]:
        stored = rows.read_stored(connection)
        return merged({name: one.value for name, one in stored.items()}, self.initial)[0]

    def _spread(self, name: str) -> None:
        with suppress(StoreUnavailable):  # it is kept: the thread will read it
            self.refresh()
        self.announce(SETTINGS, [name])

    def _client(self, timeout_s: float) -> redis.Redis:
        # No retries: they would wait, and subscribe anew without a word.
        return redis.Redis.from_url(
            self._redis_url, socket_connect_timeout=timeout_s, socket_timeout=timeout_s, retry=Retry(NoBackoff(), 0)
        )

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
        with self._client(timeout_s=_EVERY_S) as client, client.pubsub(ignore_subscribe_messages=True) as pubsub:
            pubsub.subscribe(SETTINGS)
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
            pass  # the store has logged it, and what was set last still holds
        except Exception as error:  # noqa: BLE001 - whatever it was, settings must be followed on
            self._limited.warning("read", "settings could not be read", why=repr(error))
