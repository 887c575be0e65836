"""OsmAnd and Traccar Client (traccar.org/osmand): a query string, or the JSON of Traccar Client from version 9 on."""

import re
from math import isfinite
from typing import Any, Final
from urllib.parse import parse_qsl

from core.errors import UnusableMessage
from core.types import Message
from core.units import length_factor, speed_factor
from ingest.decoders.base import Decoded
from ingest.decoders.each import decode_each, json_object, numbers, others, part, scaled, unless_negative, utc_moment
from ingest.decoders.fields import NAMES, read_object

_MOST_PARAMETERS: Final = 100
_RENAMED: Final = {"deviceid": "device_id", "batt": "battery_level", "charge": "charging"}
_LEFT_OUT: Final = ("valid", "location", "cell", "wifi")
_OF_A_FIX: Final = frozenset(n for field in ("lat", "lon", "altitude", "speed", "heading") for n in NAMES[field])
_TRUTH: Final = {"true": True, "false": False}
_PLUS_LOST: Final = re.compile(r"(?<=T\d\d:\d\d:\d\d) (?=\d\d:?\d\d$)|(?<=T\d\d:\d\d:\d\d\.\d\d\d) (?=\d\d:?\d\d$)")
"""An offset such as +01:00 in a URL whose plus was not escaped arrives with a space before it."""


class OsmAndDecoder:
    """Decodes one report a payload: a query string or form, with or without `?`, or a JSON object.

    `speed` and `altitude` are the units of the query string; JSON is always in m/s and m.
    """

    def __init__(self, *, speed: str = "kn", altitude: str = "m", max_ahead_s: int = 300) -> None:
        self._speed = speed_factor(speed)
        self._altitude = length_factor(altitude)
        self._max_ahead_s = max_ahead_s

    def decode(self, payloads: list[bytes], received_at: int) -> Decoded:
        """Decode all payloads of a record received at `received_at` (microseconds since 1970). Never raises."""
        return decode_each(payloads, received_at, self._max_ahead_s, self._read)

    def _read(self, payload: bytes, received_at: int, latest: int) -> Message:
        if payload.lstrip()[:1] == b"{":
            return read_object(_from_json(json_object(payload)), received_at, latest, speed=1, altitude=1)
        item = _from_query(payload)
        return read_object(item, received_at, latest, speed=self._speed, altitude=self._altitude)


def _from_query(payload: bytes) -> dict[str, Any]:
    """The parameters under the names of a native message, numbers and truth values as such."""
    try:
        text = payload.decode().strip().removeprefix("?")
        given = dict(parse_qsl(text, max_num_fields=_MOST_PARAMETERS, errors="strict"))
    except ValueError as error:
        raise UnusableMessage("not a query string", str(error)[:200]) from None
    if not given:
        raise UnusableMessage("not a query string", "no parameter")
    given = {_RENAMED.get(name, name): value for name, value in given.items() if value != "null"}
    fields: dict[str, Any] = {name: value for name, value in given.items() if name not in _LEFT_OUT}
    fields |= {name: _number_or_text(value) for name, value in others(given, _LEFT_OUT).items()}
    if "location" in given:
        fields["lat"], _, fields["lon"] = given["location"].partition(",")
    if given.get("valid") in {"false", "0"}:
        fields = {name: value for name, value in fields.items() if name not in _OF_A_FIX}
    if "timestamp" in fields:
        fields["timestamp"] = utc_moment(_PLUS_LOST.sub("+", given["timestamp"]))
    for name in ("speed", "heading", "bearing"):
        fields[name] = unless_negative(fields.get(name))
    return fields


def _number_or_text(value: str) -> float | bool | str:
    try:
        number = float(value)
    except ValueError:
        return _TRUTH.get(value, value)
    return number if isfinite(number) else value


def _from_json(item: dict[str, Any]) -> dict[str, Any]:
    """The location that the background service of Traccar Client sends."""
    location = part(item, "location")
    if not location:
        raise UnusableMessage("not a location", "no object under 'location'")
    coords, battery, activity = part(location, "coords"), part(location, "battery"), part(location, "activity")
    return numbers(others(part(location, "extras"))) | {
        "device_id": item.get("device_id"),
        "ts": utc_moment(location.get("timestamp")),
        "lat": coords.get("latitude"),
        "lon": coords.get("longitude"),
        "altitude": coords.get("altitude"),
        "speed": unless_negative(coords.get("speed")),
        "heading": unless_negative(coords.get("heading")),
        "accuracy": unless_negative(coords.get("accuracy")),
        "odometer": location.get("odometer"),
        "is_moving": location.get("is_moving"),
        "battery_level": unless_negative(scaled(battery.get("level"), 100)),
        "charging": battery.get("is_charging"),
        "activity": activity.get("type"),
    }
