"""What keeps the database fast and small: rolling up, compressing, dropping what is older than settings say."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from core.timelines import Rules
from db.engine.base import StorageEngine
from db.movement import NAME as MOVEMENT
from db.movement import keep_movement
from db.own_connection import OwnConnection
from db.quarantine import trim
from db.registry import touch_devices
from db.rejudging import judge_anew
from db.rollups import ROLLUPS
from db.statements import ADD_UP_DUPLICATES

HYPERTABLES: Final = ("position", "measurement", "event", "crossing", "occupancy")
_SETTLE: Final = timedelta(seconds=10)
"""A bucket is rolled up so long after its end: most of what is late by then comes within the next tick or two."""

_ORDER_AFTER: Final = timedelta(minutes=5)
"""Written again are only hours that few rows are still to come into."""


@dataclass(frozen=True, slots=True)
class Keep:
    """For how many days each level lives; 0 keeps it for ever."""

    raw_days: int = 0
    minute_days: int = 0
    hour_days: int = 0


class Maintenance:
    """Used by one thread, with a connection of its own: the ingest never waits for it. All raise StoreUnavailable."""

    def __init__(
        self,
        conninfo: str,
        engine: StorageEngine,
        keep: Keep,
        *,
        compress_after: timedelta = timedelta(hours=2),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = OwnConnection(conninfo)
        self._engine = engine
        self._keep = keep
        self._compress_after = compress_after
        self._clock = clock

    def set_chunk_interval(self, hours: int) -> None:
        """Call at start: chunks made from now on are so long."""

        def work(connection: psycopg.Connection) -> int:
            self._engine.set_chunk_interval(connection, HYPERTABLES, hours)
            return 0

        self._database.run(work)

    def roll_up(self) -> int:
        """Recompute the buckets that are over and that writes have touched; how many there were."""
        return self._database.run(lambda c: self._engine.roll_up(c, ROLLUPS, self._clock() - _SETTLE))

    def order(self) -> int:
        """Put what was rolled up in the last hour and day in the order in which it is read; how many pieces."""
        return self._database.run(lambda c: self._engine.order(c, ROLLUPS, self._clock() - _ORDER_AFTER))

    def add_up_duplicates(self) -> int:
        """Add what batches have noted of messages that came again up by device and hour; how many counts it changed."""
        return self._database.run(lambda c: c.execute(ADD_UP_DUPLICATES).rowcount)

    def keep_movement(self) -> int:
        """Recompute how far devices went in hours that are over and that writes have touched; how many there were."""
        return self._database.run(lambda c: keep_movement(c, self._engine, self._clock() - _SETTLE))

    def touch_devices(self) -> int:
        """Bring `device.last_seen` up to date."""
        return self._database.run(touch_devices)

    def judge_events(self, rules: Rules) -> int:
        """Judge the events anew of all devices that other rules have judged; how many devices."""
        done = 0
        while devices := self._database.run(lambda c: judge_anew(c, rules)):
            done += devices
        return done

    def compress(self) -> int:
        """Compress what is old enough; how many pieces."""
        return self._database.run(lambda c: self._engine.compress(c, HYPERTABLES, self._clock() - self._compress_after))

    def expire(self) -> int:
        """Drop what is older than each level is kept; how many pieces went."""
        days = {"position": self._keep.raw_days, "measurement": self._keep.raw_days, "event": self._keep.raw_days}
        days |= {r.name: self._keep.minute_days if r.name.endswith("1m") else self._keep.hour_days for r in ROLLUPS}
        days[MOVEMENT] = self._keep.hour_days
        gone = self._forget_duplicates() if self._keep.hour_days else 0
        return gone + sum(
            self._database.run(lambda c, t=table, d=kept: self._engine.expire(c, t, self._clock() - timedelta(days=d)))  # type: ignore[misc]  # bound now
            for table, kept in days.items()
            if kept
        )

    def _forget_duplicates(self) -> int:
        until = self._clock() - timedelta(days=self._keep.hour_days)
        return self._database.run(lambda c: c.execute("DELETE FROM duplicate WHERE hour < %s", (until,)).rowcount)

    def trim_quarantine(self, most: int) -> int:
        """Delete the oldest rows of the quarantine beyond `most`; how many went."""
        return self._database.run(lambda c: trim(c, most))

    def close(self) -> None:
        """Close the connection."""
        self._database.close()
