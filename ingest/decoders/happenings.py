"""Events and crossings of a native message: what they may hold."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from core.errors import UnusableMessage

MAX_TYPE: Final = 64
MAX_DATA: Final = 8_192
MAX_COUNT: Final = 1_000_000
"""Passages of one interval: no door is that wide."""
_DIRECTIONS: Final[dict[Any, int]] = {1: 1, -1: -1, "in": 1, "out": -1}
_NUL: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""A NUL in a JSON text, which PostgreSQL cannot keep: \\u0000 behind an even number of backslashes."""


def read_event(event: Any, data: Any) -> tuple[str, bytes | None]:
    """The type of an event, and its data as JSON with sorted names. Raises UnusableMessage."""
    if type(event) is not str or not event:
        raise UnusableMessage("event is not a name", repr(event)[:80])
    if len(event) > MAX_TYPE or not event.isprintable():
        raise UnusableMessage("event is not a name", f"{event[:80]!r}; at most {MAX_TYPE} printable characters")
    if data is None:
        return event, None
    if type(data) is not dict:
        raise UnusableMessage("data of the event is not an object", type(data).__name__)
    packed = msgspec.json.encode(data, order="sorted")
    if len(packed) > MAX_DATA:
        raise UnusableMessage("data of the event is too large", f"{len(packed)} bytes, at most {MAX_DATA}")
    if _NUL.search(packed):
        raise UnusableMessage("data of the event cannot be kept", "a text with the character NUL")
    return event, packed


def read_crossing(fields: Mapping[str, Any]) -> tuple[int, int]:
    """How many went in and out, from `direction` (with `count`, else one), or from `in` and `out`.

    Raises UnusableMessage.
    """
    direction = fields.get("direction")
    if direction is None:
        return _count("in", fields.get("in")), _count("out", fields.get("out"))
    if "in" in fields or "out" in fields:
        raise UnusableMessage("crossing said twice", "send direction, or in and out, not both")
    way = _DIRECTIONS.get(direction) if type(direction) in {int, float, str} else None
    if way is None:
        raise UnusableMessage("direction not understood", f"{repr(direction)[:80]}; send 1, -1, 'in' or 'out'")
    count = _count("count", fields.get("count", 1))
    return (count, 0) if way > 0 else (0, count)


def _count(name: str, value: Any) -> int:
    if value is None:
        return 0
    if type(value) not in {int, float} or not 0 <= value <= MAX_COUNT or value != int(value):
        raise UnusableMessage(f"{name} is not a count", f"{repr(value)[:80]}; send a whole number, 0 to {MAX_COUNT}")
    return int(value)
