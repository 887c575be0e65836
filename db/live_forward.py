"""Live states moved forward in Redis by one who is not alone with it: a newer one that is there stays."""

from collections.abc import Mapping
from typing import Final

import msgspec
from redis.exceptions import RedisError

from core.errors import StoreUnavailable
from db.live import LATEST, LIVE, VALUES
from db.records import Records
from db.redis_client import impatient

# A RECORD begins with its moment, in microseconds: a Lua number holds it exactly until the year 2255.
_FORWARD: Final = """
local moved = {}
for place = 2, #ARGV, 3 do
    local device, packed, values = ARGV[place - 1], ARGV[place], ARGV[place + 1]
    local known = redis.call('HGET', KEYS[1], device)
    if not known or struct.unpack('<i8', known) <= struct.unpack('<i8', packed) then
        redis.call('HSET', KEYS[1], device, packed)
        if values ~= '' then redis.call('HSET', KEYS[2], device, values) end
        moved[#moved + 1] = packed
    end
end
if #moved > 0 then redis.call('PUBLISH', ARGV[#ARGV], table.concat(moved)) end
return #moved
"""
_AT_ONCE: Final = 1_000
"""Devices: a script lets nobody else in while it runs."""


class LiveForward:
    """Used by one thread. Raises StoreUnavailable while Redis does not answer."""

    def __init__(self, url: str) -> None:
        self._client = impatient(url)
        self._forward = self._client.register_script(_FORWARD)

    def publish(self, records: Records, values: Mapping[int, Mapping[str, float]]) -> int:
        """Keep and announce the states that are not older than what is there; how many these were."""
        moved = 0
        try:
            for begin in range(0, len(records), _AT_ONCE):
                arguments: list[bytes | int | str] = []
                for record in records[begin : begin + _AT_ONCE]:
                    device = int(record["id"])
                    known = values.get(device)
                    arguments += [device, record.tobytes(), msgspec.json.encode(known) if known else b""]
                moved += int(self._forward(keys=[LATEST, VALUES], args=[*arguments, LIVE]))
        except (RedisError, OSError) as error:
            raise StoreUnavailable(f"Redis does not answer: {error}") from error
        return moved

    def close(self) -> None:
        """Close the connection."""
        self._client.close()
