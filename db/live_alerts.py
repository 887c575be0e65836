"""What is open now, in every web process: announced by the ingest, read from the database (db/follower.py)."""

import threading
from typing import Final

import msgspec
from redis.exceptions import RedisError

from core.log import RateLimitedLog, get_logger
from db.follower import Connect, Follower
from db.queries.alerts import Standing, standing
from db.redis_client import impatient

ALERTS: Final = "waypost:alerts"


class Announcer:
    """Says that alerts have opened or closed; used by one thread. Never raises: who is not told finds out a second
    later."""

    def __init__(self, url: str) -> None:
        self._client = impatient(url)
        self._limited = RateLimitedLog(get_logger("alerts"), interval_s=60.0)

    def announce(self, opened: int, closed: int) -> None:
        """So many have."""
        try:
            self._client.publish(ALERTS, msgspec.json.encode({"opened": opened, "closed": closed}))
        except (RedisError, OSError) as error:
            self._limited.warning("announce", "alerts could not be announced", why=str(error))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


class AlertFollower(Follower):
    """`current` may be read by any thread at any time; before `start` and `refresh` nothing is open."""

    def __init__(self, connect: Connect, redis_url: str) -> None:
        super().__init__(redis_url, ALERTS, "alerts")
        self.current = Standing()
        self._connect = connect
        self._reading = threading.Lock()

    def refresh(self) -> None:
        """Read what is open now. Raises StoreUnavailable."""
        with self._reading:  # else an older reading could overtake a newer one
            with self._connect() as connection:
                found = standing(connection)
            changed, self.current = found != self.current, found
        if changed:
            self.tell()
