"""The runtime settings of a process: a snapshot that follows the table `setting`, whoever changed it."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from redis.exceptions import RedisError
from sqlalchemy import Connection

from core.errors import StoreUnavailable
from core.site import Site, check, merged, site_of
from core.site_fields import Value
from db import settings as rows
from db.audit import record
from db.follower import Connect, Follower
from db.live import SETTINGS
from db.settings import Stored


class Changed(NamedTuple):
    """A value before and after somebody set it."""

    before: Value
    after: Value


class SiteFollower(Follower):
    """`current` may be read by any thread at any time. `initial` are the defaults by name (core.site.defaults).

    Before `start` and `refresh` the defaults hold.
    """

    def __init__(self, connect: Connect, redis_url: str, initial: Mapping[str, Value]) -> None:
        super().__init__(redis_url, SETTINGS, "settings")
        self.initial = initial
        self.current: Site = site_of(initial)
        self.stored: Mapping[str, Stored] = {}
        self._connect = connect
        self._reading = threading.Lock()

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
            self.limited.warning("refused", "settings that cannot be used are as by default", names=refused)
        if changed:
            self.tell()

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
            with self.client(timeout_s=1.0) as client:
                client.publish(channel, msgspec.json.encode(message))
        except (RedisError, OSError) as error:
            self.limited.warning("announce", "a change could not be announced", why=str(error))

    def _values(self, connection: Connection) -> dict[str, Value]:
        stored = rows.read_stored(connection)
        return merged({name: one.value for name, one in stored.items()}, self.initial)[0]

    def _spread(self, name: str) -> None:
        with suppress(StoreUnavailable):  # it is kept: the thread will read it
            self.refresh()
        self.announce(SETTINGS, [name])
