"""The states of machines in Redis, for who shows them: one hash, device id -> JSON {machine: [state, since when]}.

A field of its own says that the hash is whole. Where Redis lost it, it is written anew from the database.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from psycopg import Connection
from redis.exceptions import RedisError

from core.errors import StoreUnavailable
from core.log import get_logger
from core.timelines import MachineStates
from db.redis_client import impatient

STATES: Final = "waypost:states"
_WHOLE: Final = "whole"
_RETRY_S: Final = 1.0

_ALL: Final = """
SELECT device_id, jsonb_object_agg(machine, jsonb_build_array(state, (extract(epoch FROM ts) * 1000000)::int8))
FROM device_state GROUP BY device_id
"""
decode_states: Final = msgspec.json.Decoder(dict[str, tuple[str, int]]).decode


def read_states(connection: Connection) -> dict[int, MachineStates]:
    """The states of all devices, by their ids."""
    found = connection.execute(_ALL).fetchall()
    return {device: {m: (state, since) for m, (state, since) in states.items()} for device, states in found}


class StateMirror:
    """Keeps the hash as the database is. Used by one thread; never raises for a Redis that is away.

    `read` gives the states of all devices, and raises StoreUnavailable.
    """

    def __init__(
        self, url: str, read: Callable[[], Mapping[int, MachineStates]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.is_stale = True
        """Set it, from any thread, to have all states written anew."""
        self._client = impatient(url)
        self._read = read
        self._clock = clock
        self._looked_at = float("-inf")
        self._log = get_logger("pipeline")

    def take(self, states: Mapping[int, MachineStates]) -> None:
        """These devices have these states now."""
        if states and not self.is_stale:
            self._try(lambda: self._publish(states))

    def keep_up(self) -> None:
        """Once a second, see that all is there, and write it where it is not. Raises StoreUnavailable."""
        if self._clock() < self._looked_at + _RETRY_S:
            return
        self._looked_at = self._clock()
        if not self.is_stale:
            self._try(lambda: self._note(bool(self._client.hexists(STATES, _WHOLE))))
        if self.is_stale:
            states = self._read()
            self._try(lambda: self._replace(states))

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _publish(self, states: Mapping[int, MachineStates]) -> None:
        pipe = self._client.pipeline(transaction=False)
        pipe.hexists(STATES, _WHOLE)
        pipe.hset(STATES, mapping=_packed(states))
        self._note(bool(pipe.execute()[0]))

    def _replace(self, states: Mapping[int, MachineStates]) -> None:
        pipe = self._client.pipeline(transaction=True)
        pipe.delete(STATES)
        pipe.hset(STATES, mapping=_packed(states) | {_WHOLE: b"1"})
        pipe.execute()
        self.is_stale = False

    def _note(self, whole: bool) -> None:
        self.is_stale = not whole

    def _try(self, call: Callable[[], None]) -> None:
        try:
            call()
        except (RedisError, OSError) as error:
            if not self.is_stale:
                self._log.warning("states of devices cannot be shown by Redis; storing goes on", why=str(error))
            self.is_stale = True


def _packed(states: Mapping[int, MachineStates]) -> dict[Any, bytes]:
    return {str(device): msgspec.json.encode(each) for device, each in states.items()}


async def read_mirrored(client: Any, device_id: int) -> MachineStates | None:
    """The states of one device as Redis has them; None where it does not have them all. Raises StoreUnavailable."""
    try:
        whole, packed = await client.hmget(STATES, [_WHOLE, str(device_id)])
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error
    if whole is None:
        return None
    return decode_states(packed) if packed is not None else {}
