"""The count of each space in Redis: what pages and API read of now. The database has the same (`db/counting.py`).

One hash, `waypost:spaces`: name of a space -> JSON of its LiveCount without the name. A script of Redis's own keeps the
newer version of two, so that counts may arrive twice and in any order, from any number of processes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
import redis
import redis.asyncio
from redis.exceptions import RedisError

from core.errors import StoreUnavailable
from core.occupancy import LiveCount
from db.redis_client import impatient

SPACES: Final = "waypost:spaces"
_KEEP_NEWER: Final = """
for i = 1, #ARGV, 3 do
    local known = redis.call('HGET', KEYS[1], ARGV[i])
    if not known or cjson.decode(known)[1] < tonumber(ARGV[i + 1]) then
        redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
    end
end
return redis.call('HLEN', KEYS[1])
"""
_Packed = tuple[int, int, int, int | None, int | None, int | None, int | None]
_decode = msgspec.json.Decoder(_Packed).decode


class CountsWriter:
    """Spreads counts; used by one thread. Every call raises StoreUnavailable while Redis does not answer."""

    def __init__(self, url: str) -> None:
        self._client = impatient(url)
        self._keep = self._client.register_script(_KEEP_NEWER)

    def keep(self, counts: Iterable[LiveCount]) -> int:
        """Keep those that are newer than what is there; how many spaces are there then."""
        try:
            return int(self._keep(keys=[SPACES], args=_arguments(counts)))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error

    def forget(self, names: Sequence[str]) -> None:
        """These spaces are no more."""
        try:
            self._client.hdel(SPACES, *names)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


async def keep_counts(client: "redis.asyncio.Redis", counts: Iterable[LiveCount]) -> None:
    """The same, from an event loop. Raises StoreUnavailable."""
    try:
        await client.eval(_KEEP_NEWER, 1, SPACES, *_arguments(counts))
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error


async def forget_count(client: "redis.asyncio.Redis", name: str) -> None:
    """This space is no more. Raises StoreUnavailable."""
    try:
        await client.hdel(SPACES, name)
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error


async def read_count(client: "redis.asyncio.Redis", name: str) -> LiveCount | None:
    """The count of a space; None where Redis has none. Raises StoreUnavailable."""
    try:
        packed: Any = await client.hget(SPACES, name)
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error
    return None if packed is None else LiveCount(name, *_decode(packed))


async def read_all_counts(client: "redis.asyncio.Redis") -> Mapping[str, LiveCount]:
    """The count of every space that Redis has, by name. Raises StoreUnavailable."""
    try:
        found: Any = await client.hgetall(SPACES)
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error
    return {name.decode(): LiveCount(name.decode(), *_decode(packed)) for name, packed in found.items()}


def _arguments(counts: Iterable[LiveCount]) -> list[Any]:
    return [part for c in counts for part in (c.name, c.version, _pack(c))]


def _pack(c: LiveCount) -> bytes:
    return msgspec.json.encode((c.version, c.base, c.since, c.base_at, c.next_base_at, c.known_from, c.newest))
