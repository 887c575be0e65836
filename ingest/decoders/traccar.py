"""Traccar's position forwarding, `forward.type` json: a position as Traccar has it, and its device."""

from typing import Any, Final

from core.errors import UnusableMessage
from core.types import Message
from core.units import speed_factor
from ingest.decoders.base import Decoded
from ingest.decoders.each import decode_each, json_object, numbers, others, part, utc_moment
from ingest.decoders.fields import read_object

_KNOT: Final = speed_factor("kn")
_RENAMED: Final = {"batteryLevel": "battery_level", "charge": "charging"}


class TraccarDecoder:
    """Decodes one position a payload; an event that is forwarded with its position counts as that position."""

    def __init__(self, *, max_ahead_s: int = 300) -> None:
        self._max_ahead_s = max_ahead_s

    def decode(self, payloads: list[bytes], received_at: int) -> Decoded:
        """Decode all payloads of a record received at `received_at` (microseconds since 1970). Never raises."""
        return decode_each(payloads, received_at, self._max_ahead_s, _read)


def _read(payload: bytes, received_at: int, latest: int) -> Message:
    item = json_object(payload)
    position, device = part(item, "position"), part(item, "device")
    if not position:
        raise UnusableMessage("not a position", "no object under 'position'")
    fields = _attributes(position) | {
        "device_id": device.get("uniqueId") or position.get("deviceId"),
        "accuracy": position.get("accuracy") or None,
        "label": device.get("name"),
        "kind": device.get("category"),
        "model": device.get("model"),
    }
    if position.get("outdated") is True or position.get("valid") is False:
        # The receiver had no fix: Traccar fills in the last one that it knows, whose moment is long past.
        fields["ts"] = utc_moment(position.get("deviceTime") or position.get("serverTime"))
    else:
        fields |= {
            "ts": utc_moment(position.get("fixTime")),
            "lat": position.get("latitude"),
            "lon": position.get("longitude"),
            "altitude": position.get("altitude"),
            "speed": position.get("speed"),
            "heading": position.get("course"),
        }
    return read_object(fields, received_at, latest, speed=_KNOT, altitude=1)


def _attributes(position: dict[str, Any]) -> dict[str, Any]:
    """The numbers among the attributes. Texts (raw data, alarms, results) differ with each message: left out."""
    found = numbers(others(part(position, "attributes")))
    return {_RENAMED.get(name, name): value for name, value in found.items()}
