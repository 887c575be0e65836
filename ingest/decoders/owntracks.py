"""OwnTracks: the JSON of its apps and of trackers that speak it (owntracks.org/booklet/tech/json)."""

from typing import Any, Final

import msgspec

from core.errors import UnusableMessage
from core.reasons import OWNTRACKS_WITHOUT_USE
from core.types import Message
from core.units import speed_factor
from ingest.decoders.base import Decoded
from ingest.decoders.each import decode_each, json_object, numbers, others, scaled, unless_negative
from ingest.decoders.fields import read_object

_KM_H: Final = speed_factor("km/h")
_PASCAL_A_KILOPASCAL: Final = 1000
_RENAMED: Final = {"acc": "accuracy", "vac": "vertical_accuracy", "batt": "battery_level", "bs": "battery_status"}
_TEXTS: Final = {"name": "label", "tid": "tid", "vin": "vin", "imei": "imei"}
_LEFT_OUT: Final = frozenset({"vel", "cog", "p", "rad", "m", "created_at", "sent", "tag", "ignored", "counter"})
"""Numbers that are fields of the message, or say something of its way and not of the device."""

_WITHOUT_PLACE: Final = frozenset(
    {"lwt", "waypoint", "waypoints", "cmd", "request", "configuration", "beacon", "steps", "dump", "status"}
)
_LEVEL: Final = {"transition": "event", "card": "info"}
"""The level of the topic that these have behind that of the device."""


class OwnTracksDecoder:
    """Decodes one object a payload: locations, arrivals and departures, the name on a card.

    What else the apps send (waypoints, commands, the end of a connection, ...) does not say where they are, and is
    refused as such.
    """

    def __init__(self, *, max_ahead_s: int = 300) -> None:
        self._max_ahead_s = max_ahead_s

    def decode(self, payloads: list[bytes], received_at: int) -> Decoded:
        """Decode all payloads of a record received at `received_at` (microseconds since 1970). Never raises."""
        return decode_each(payloads, received_at, self._max_ahead_s, _read)


def envelope(body: bytes, *, topic: str | None = None, user: str | None = None, device: str | None = None) -> bytes:
    """The body with what came beside it: the topic of MQTT, or the headers X-Limit-U and X-Limit-D of HTTP.

    They are added as the keys `_topic`, `_user` and `_device` without reading the body, and stand last, so that they
    count and not what a sender wrote under these names. A body that is no object comes back as it is.
    """
    text = body.strip()
    if text[:1] != b"{" or text[-1:] != b"}":
        return body
    inside = text[1:-1].rstrip()
    beside = msgspec.json.encode({"_topic": topic, "_user": user, "_device": device})
    return b"{" + inside + (b"," if inside else b"") + beside[1:]


def _read(payload: bytes, received_at: int, latest: int) -> Message:
    item = json_object(payload)
    kind = item.get("_type")
    if kind == "encrypted":
        raise UnusableMessage("encrypted", "turn encryption off in the app, and use https or TLS")
    if kind == "transition":
        return read_object(_transition(item), received_at, latest, speed=_KM_H, altitude=1)
    if kind == "card":
        card = {"device_id": _device(item), "label": _text(item, "name")}
        return read_object(card, received_at, latest, speed=_KM_H, altitude=1)
    if isinstance(kind, str) and kind in _WITHOUT_PLACE:
        raise UnusableMessage(OWNTRACKS_WITHOUT_USE, f"_type {kind!r}")
    if kind != "location":
        raise UnusableMessage("not a location", f"_type {kind!r}"[:80])
    known = {ours: item.get(theirs) for theirs, ours in _RENAMED.items()}
    fields = numbers(others(item, {*_RENAMED, *_LEFT_OUT})) | {
        "device_id": _device(item),
        "ts": item.get("tst"),
        "lat": item.get("lat"),
        "lon": item.get("lon"),
        "altitude": item.get("alt"),
        "speed": unless_negative(item.get("vel")),
        "heading": unless_negative(item.get("cog")),
        "pressure": scaled(item.get("p"), _PASCAL_A_KILOPASCAL),
        **{name: unless_negative(value) for name, value in known.items()},
        **{ours: _text(item, theirs) for theirs, ours in _TEXTS.items()},
    }
    return read_object(fields, received_at, latest, speed=_KM_H, altitude=1)


def _transition(item: dict[str, Any]) -> dict[str, Any]:
    """Somebody came to a region (enter) or left it, there and then."""
    told = {"region": _text(item, "desc"), "trigger": _text(item, "t")}
    return {
        "device_id": _device(item),
        "ts": item.get("tst"),
        "lat": item.get("lat"),
        "lon": item.get("lon"),
        "accuracy": unless_negative(item.get("acc")),
        "event": item.get("event"),
        "data": {name: text for name, text in told.items() if text} or None,
    }


def _device(item: dict[str, Any]) -> str | None:
    """`user/device`: as the topic it came by ends, as the headers say, as the topic in it ends; else the tracker id."""
    owner = [name for name in (_text(item, "_user"), _text(item, "_device")) if name]
    owned = "/".join(owner)
    names = (_end(item, "_topic"), owned if len(owner) == 2 else "", _end(item, "topic"), owned, _text(item, "tid"))
    return next((name for name in names if name), None)


def _end(item: dict[str, Any], name: str) -> str:
    """The last two levels of a topic, of which the last is the device's."""
    levels = [level for level in (_text(item, name) or "").split("/") if level]
    if len(levels) > 2 and levels[-1] == _LEVEL.get(str(item.get("_type"))):
        del levels[-1]
    return "/".join(levels[-2:])


def _text(item: dict[str, Any], name: str) -> str | None:
    value = item.get(name)
    return value if isinstance(value, str) else None
