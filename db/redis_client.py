"""How Waypost's threads speak to Redis: without retries, and never for long."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def impatient(url: str, *, connect_s: float = 1.0, answer_s: float = 2.0) -> redis.Redis:
    """A client whose calls fail soon where Redis is away or hangs: whoever called tries again at its next turn.

    Without retries, which would wait, and subscribe anew without a word.
    """
    return redis.Redis.from_url(
        url, socket_connect_timeout=connect_s, socket_timeout=answer_s, retry=Retry(NoBackoff(), 0)
    )
