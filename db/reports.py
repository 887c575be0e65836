"""What each ingest process says of itself, in Redis for every web process: a JSON text a process, gone with it."""

import contextlib
from typing import Any, Final

import msgspec
import redis
import redis.asyncio
from redis.exceptions import RedisError

from core.errors import StoreUnavailable
from db.redis_client import impatient

PREFIX: Final = "waypost:ingest:"
_ALIVE_S: Final = 10
"""A process that says nothing for so long is gone."""


class Reporter:
    """Says it; used by one thread. `instance` names the process among all."""

    def __init__(self, url: str, instance: str) -> None:
        self._client = impatient(url)
        self._key = PREFIX + instance

    def report(self, status: dict[str, Any]) -> None:
        """Say it now. Raises StoreUnavailable."""
        try:
            self._client.set(self._key, msgspec.json.encode(status), ex=_ALIVE_S)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error

    def close(self) -> None:
        """Say no more: the process ends."""
        with contextlib.suppress(RedisError, OSError):  # where it is away, it forgets by itself
            self._client.delete(self._key)
        self._client.close()


async def read_reports(client: "redis.asyncio.Redis") -> dict[str, dict[str, Any]]:
    """What every ingest process said last, by its name. Raises StoreUnavailable."""
    try:
        keys = sorted([key async for key in client.scan_iter(match=f"{PREFIX}*")])
        texts = await client.mget(keys) if keys else []
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error
    named = zip(keys, texts, strict=True)
    return {key.decode().removeprefix(PREFIX): msgspec.json.decode(text) for key, text in named if text is not None}
