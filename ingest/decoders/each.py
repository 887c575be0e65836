"""What the decoders of other senders' formats share: one message after the other, none of which ends the rest."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from core.errors import UnusableMessage
from core.types import Message
from ingest.decoders.base import Decoded, Refused
from ingest.decoders.fields import NAMES

Read = Callable[[bytes, int, int], Message]
"""Reads one message: its bytes, when it was received, and the latest moment that its timestamp may have
(microseconds since 1970). Raises UnusableMessage."""

_RESERVED: Final = frozenset(name for names in NAMES.values() for name in names)
_parse = msgspec.json.Decoder(dict[str, Any]).decode


def decode_each(pieces: Iterable[bytes], received_at: int, max_ahead_s: int, read: Read) -> Decoded:
    """The messages of all pieces, and those that `read` could not use. Never raises."""
    found = Decoded([], [])
    latest = received_at + max_ahead_s * 1_000_000
    for piece in pieces:
        try:
            found.messages.append(read(piece, received_at, latest))
        except Exception as error:  # noqa: BLE001 - one that escaped would be met again at every try, forever
            found.refused.append(refused(error, piece))
    return found


def refused(error: Exception, payload: bytes) -> Refused:
    """A payload that could not be used, with the reason that `error` gives."""
    if isinstance(error, UnusableMessage):
        return Refused(error.reason, error.detail, payload, device=error.device)
    return Refused("cannot be decoded", repr(error)[:200], payload)


def lines_of(payloads: Iterable[bytes]) -> Iterable[bytes]:
    """The lines of all payloads, without the empty ones that keep a connection alive."""
    return (line for payload in payloads for line in map(bytes.strip, payload.splitlines()) if line)


def json_object(payload: bytes) -> dict[str, Any]:
    """The JSON object that a payload is. Raises UnusableMessage."""
    try:
        return _parse(payload)
    except msgspec.ValidationError as error:
        raise UnusableMessage("not an object", str(error)[:200]) from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnusableMessage("not JSON", str(error)[:200]) from None


def part(item: dict[str, Any], name: str) -> dict[str, Any]:
    """The object under `name`, empty where there is none."""
    found = item.get(name)
    return found if isinstance(found, dict) else {}


def others(item: dict[str, Any], but: Iterable[str] = ()) -> dict[str, Any]:
    """What of `item` is not named in `but`, and would not be taken for a field of the native message."""
    left_out = _RESERVED.union(but)
    return {name: value for name, value in item.items() if name not in left_out}


def numbers(item: dict[str, Any]) -> dict[str, Any]:
    """The numbers and booleans of `item`."""
    return {name: value for name, value in item.items() if isinstance(value, int | float)}


def scaled(value: Any, factor: float) -> Any:
    """A number times `factor`, without digits that only binary fractions have; anything else as it is."""
    return round(value * factor, 9) if type(value) in {int, float} and -1e300 < value < 1e300 else value


def unless_negative(value: Any) -> Any:
    """None for a number below zero, by which phones say that they do not know their speed or course."""
    try:
        return None if float(value) < 0 else value
    except (TypeError, ValueError, OverflowError):
        return value


def utc_moment(value: Any) -> Any:
    """The moment that an ISO 8601 text names, in UTC where it names no zone; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
