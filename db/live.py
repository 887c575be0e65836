"""The live state in Redis: the newest of each device, for every web worker to read and to follow.

One hash of packed records and one packed PUBLISH a batch: measured 16 times cheaper than a hash and a message a
device. Keys:

    waypost:latest    hash, device id -> one RECORD
    waypost:values    hash, device id -> JSON {metric: value}
    waypost:live      channel, a batch: RECORDs one after another
    waypost:devices   channel, ids (JSON list) whose label, kind, fleet or attributes changed
    waypost:settings  channel, names (JSON list) of runtime settings that changed (db/site.py)
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
import numpy as np
import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from core.errors import StartupError, StoreUnavailable
from core.occupancy import LiveCount
from core.timelines import MachineStates
from db import live_counts
from db.live_states import read_mirrored
from db.records import RECORD, Records
from db.redis_client import impatient
from db.reports import read_reports

LATEST: Final = "waypost:latest"
VALUES: Final = "waypost:values"
LIVE: Final = "waypost:live"
DEVICES: Final = "waypost:devices"
SETTINGS: Final = "waypost:settings"


def unpack(data: bytes) -> Records:
    """RECORDs of `data`. Raises ValueError where its length is not a whole number of them."""
    return np.frombuffer(data, dtype=RECORD)


def check_redis(url: str) -> None:
    """Raise StartupError where no Redis answers at `url`."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (RedisError, ValueError, OSError) as error:
        where = url.rsplit("@", 1)[-1]
        raise StartupError(
            f"Redis at {where} cannot be used: {error}. Start it, or correct WAYPOST_REDIS_URL"
            " (unset it to use the embedded one)."
        ) from None


class LiveWriter:
    """Spreads live states. Used by one thread; every call raises StoreUnavailable while Redis does not answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = impatient(url)

    def publish(self, records: Records, values: Mapping[int, Mapping[str, float]]) -> None:
        """Keep and announce the states of devices that changed, and all values of those whose values changed."""
        self._spread(records, values, replacing=False)

    def replace(self, records: Records, values: Mapping[int, Mapping[str, float]]) -> None:
        """Put all states in place of whatever Redis holds: at start, and after it was away.

        In one transaction: a web worker that reads meanwhile never finds an empty fleet.
        """
        self._spread(records, values, replacing=True)

    def announce_devices(self, ids: Sequence[int]) -> None:
        """Tell the web workers that these devices are described differently now."""
        self._run(lambda: self._client.publish(DEVICES, msgspec.json.encode(list(ids))))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _spread(self, records: Records, values: Mapping[int, Mapping[str, float]], *, replacing: bool) -> None:
        pipe = self._client.pipeline(transaction=replacing)
        packed, size = records.tobytes(), RECORD.itemsize
        if replacing:
            pipe.delete(LATEST, VALUES)
        if packed:
            ids = records["id"].tolist()
            pipe.hset(LATEST, mapping={device: packed[i * size : i * size + size] for i, device in enumerate(ids)})
        if values:
            pipe.hset(VALUES, mapping={device: msgspec.json.encode(v) for device, v in values.items()})
        pipe.publish(LIVE, packed)
        self._run(pipe.execute)

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            call()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error


class LiveReader:
    """Reads and follows live states, for one event loop."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Said outright, whatever redis-py's default is: with retries it would subscribe anew without a word, and what
        # was published meanwhile would be missing for good. And no endless wait: a Redis that hangs is away.
        self._client = redis.asyncio.Redis.from_url(
            url, socket_connect_timeout=2, socket_timeout=2, retry=AsyncRetry(NoBackoff(), 0)
        )

    async def read_all(self) -> Records:
        """The RECORDs of all devices. Raises StoreUnavailable."""
        try:
            packed: list[Any] = await self._client.hvals(LATEST)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error
        # One of another size was written by another version, and the ingest will write it again.
        return unpack(b"".join(record for record in packed if len(record) == RECORD.itemsize))

    async def read_reports(self) -> dict[str, dict[str, Any]]:
        """What every ingest process said of itself last, by its name. Raises StoreUnavailable."""
        return await read_reports(self._client)

    async def read_values(self, ids: Sequence[int] | None = None) -> dict[int, dict[str, float]]:
        """Values by metric name of these devices (None: all). Raises StoreUnavailable."""
        try:
            if ids is None:
                found = await self._client.hgetall(VALUES)
                pairs = [(int(key), packed) for key, packed in found.items()]
            else:
                listed: list[Any] = await self._client.hmget(VALUES, [str(i) for i in ids]) if ids else []
                pairs = list(zip(ids, listed, strict=True))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error
        decode = msgspec.json.Decoder(dict[str, float]).decode
        return {device: decode(packed) for device, packed in pairs if packed is not None}

    async def read_count(self, name: str) -> LiveCount | None:
        """The count of a space; None where Redis has none. Raises StoreUnavailable."""
        return await live_counts.read_count(self._client, name)

    async def read_counts(self) -> Mapping[str, LiveCount]:
        """The count of every space that Redis has, by name. Raises StoreUnavailable."""
        return await live_counts.read_all_counts(self._client)

    async def keep_count(self, count: LiveCount) -> None:
        """Keep a count that was changed here. Raises StoreUnavailable."""
        await live_counts.keep_counts(self._client, [count])

    async def forget_count(self, name: str) -> None:
        """This space is no more. Raises StoreUnavailable."""
        await live_counts.forget_count(self._client, name)

    async def read_states(self, device_id: int) -> MachineStates | None:
        """The states of a device's machines; None where Redis does not have them all. Raises StoreUnavailable."""
        return await read_mirrored(self._client, device_id)

    async def ping(self) -> None:
        """Return where Redis answers. Raises StoreUnavailable."""
        try:
            await self._client.ping()
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error

    @asynccontextmanager
    async def subscription(self) -> AsyncIterator["Subscription"]:
        """Follow what is published from here on. Raises StoreUnavailable."""
        pubsub = self._client.pubsub(ignore_subscribe_messages=False)
        try:
            try:
                await pubsub.subscribe(LIVE, DEVICES)
                if await pubsub.get_message(timeout=2) is None:
                    raise StoreUnavailable("Redis does not answer: it did not confirm the subscription")
            except (RedisError, OSError) as error:
                raise StoreUnavailable(f"Redis does not answer: {error}") from error
            yield Subscription(pubsub)
        finally:
            await pubsub.aclose()  # type: ignore[no-untyped-call]  # redis types a part of itself

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


class Subscription:
    """What arrives on the channels."""

    def __init__(self, pubsub: Any) -> None:
        self._pubsub = pubsub

    async def next(self, seconds: float) -> Records | list[int] | None:
        """RECORDs that changed, or ids of devices described anew; None when nothing came.

        Raises StoreUnavailable, and ValueError where what came is neither.
        """
        try:
            message = await self._pubsub.get_message(timeout=seconds)
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error
        if message is None or message["type"] != "message":
            return None
        if message["channel"] == LIVE.encode():
            return unpack(message["data"])
        return msgspec.json.decode(message["data"], type=list[int])
