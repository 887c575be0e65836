"""The fields of a native message: by which names they come, what they may hold, and which values say "unknown".

Reading takes one pass over the names that a message has, since most have few of the many that are understood.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from core.errors import UnusableMessage
from core.types import Message, to_micros
from ingest.decoders.happenings import read_crossing, read_event

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "device": ("device_id", "id", "deviceId", "vehicle_id"),
    "ts": ("ts", "timestamp", "time", "tst"),
    "lat": ("lat", "latitude"),
    "lon": ("lon", "lng", "longitude"),
    "altitude": ("altitude", "alt"),
    "speed": ("speed", "velocity"),
    "heading": ("heading", "bearing", "course", "track"),
    "seq": ("seq",),
    "event": ("event",),
    "data": ("data",),
    "direction": ("direction",),
    "count": ("count",),
    "in": ("in",),
    "out": ("out",),
}
"""The names of each field; where a message has several, the first that is known counts."""

UNKNOWN: Final[dict[str, float]] = {"heading": 511, "lat": 91, "lon": 181}
"""How a sender says that it does not know (ITU-R M.1371, AIS)."""

NOTHING_TO_STORE: Final = "nothing to store"
MAX_NAME: Final = 200
MAX_VALUE_NAME: Final = 64
MAX_TEXT: Final = 500
MAX_SEQ: Final = 2**62
MAX_SPEED: Final = 12_000.0  # m/s: above escape velocity nothing of ours flies
MIN_ALTITUDE: Final = -12_000.0  # m: below the deepest sea
MAX_ALTITUDE: Final = 1_000_000.0
_OLDEST: Final = to_micros(datetime(2000, 1, 1, tzinfo=UTC))
_MILLISECONDS_FROM: Final = 1e11  # as seconds this is the year 5138, as milliseconds 1973
_FAR_AHEAD: Final = 1e18  # beyond any moment in milliseconds, and safe to multiply
_LARGEST: Final = 1e308  # a larger integer may be no double any more
_FIELD_OF: Final = {name: field for field, names in NAMES.items() for name in names}


def read_object(item: dict[str, Any], received_at: int, latest: int, *, speed: float, altitude: float) -> Message:
    """The message that a JSON object is. `speed` and `altitude` are the factors of the sender's units to SI.

    Raises UnusableMessage where it says nothing that can be stored, or something that cannot be true.
    """
    found: dict[str, Any] = {}
    values: dict[str, float] = {}
    texts: dict[str, str] = {}
    for name, value in item.items():
        field = _FIELD_OF.get(name)
        kind = type(value)
        if field is not None:
            if value is not None:
                found[field] = _preferred(item, field) if field in found else value
        elif not 0 < len(name) <= MAX_VALUE_NAME or not name.isprintable():
            continue
        elif kind is str:
            if len(value) <= MAX_TEXT and value.isprintable():
                texts[name] = value
        elif kind is float or ((kind is int or kind is bool) and -_LARGEST < value < _LARGEST):
            values[name] = float(value)
    get = found.get
    device = device_name(get("device"))
    try:
        ts = get("ts")
        micros = received_at if ts is None else moment(ts, latest)
        lat, lon = _place(get("lat"), get("lon"))
        metres_per_second = _quantity("speed", get("speed"), speed, 0, MAX_SPEED)
        metres = _quantity("altitude", get("altitude"), altitude, MIN_ALTITUDE, MAX_ALTITUDE)
        heading = _heading(get("heading"))
        event, data = read_event(get("event"), get("data")) if "event" in found else (None, None)
        crossing = read_crossing(found) if "direction" in found or "in" in found or "out" in found else None
        known = (lat, metres_per_second, metres, heading, event, crossing)
        if not values and not texts and all(value is None for value in known):
            raise UnusableMessage(NOTHING_TO_STORE, "no place, no number, no text, no event")
        seq = get("seq")
        if type(seq) is not int or not 0 <= seq < MAX_SEQ:
            seq = None
        place = (lat, lon, metres, metres_per_second, heading)
        return Message(device, micros, received_at, *place, values or None, texts or None, seq, event, data, crossing)
    except UnusableMessage as error:
        error.device = device
        raise


def device_name(value: Any) -> str:
    """The name of a device. Raises UnusableMessage where `value` is none."""
    if value is None or value == "":
        raise UnusableMessage("no device", f"none of {', '.join(NAMES['device'])}")
    if type(value) is int:
        if abs(value) >= 10**MAX_NAME:
            raise UnusableMessage("device is not a name", f"a number of more than {MAX_NAME} digits")
        return str(value)
    if type(value) is not str:
        raise UnusableMessage("device is not a name", type(value).__name__)
    if len(value) > MAX_NAME:
        raise UnusableMessage("device is not a name", f"{len(value)} characters, at most {MAX_NAME}")
    if not value.isprintable():
        raise UnusableMessage("device is not a name", repr(value)[:80])
    return value


def moment(ts: Any, latest: int) -> int:
    """Microseconds since 1970 of a sender's timestamp. Raises UnusableMessage, also where it is after `latest`."""
    if type(ts) is str:
        ts = _parse_moment(ts)
    kind = type(ts)
    if kind is datetime:
        micros: int = round(ts.timestamp() * 1_000_000)
    elif (kind is int or kind is float) and -_FAR_AHEAD < ts < _FAR_AHEAD:
        micros = round(ts * 1000) if abs(ts) >= _MILLISECONDS_FROM else round(ts * 1_000_000)
    else:
        raise UnusableMessage("timestamp not understood", _shown(ts))
    if micros > latest:
        raise UnusableMessage("timestamp ahead of the clock", f"{(micros - latest) / 1e6:.3g} s more than is allowed")
    if micros < _OLDEST:
        raise UnusableMessage("timestamp before the year 2000", _shown(ts))
    return micros


def _parse_moment(text: str) -> datetime | float:
    try:
        parsed = msgspec.convert(text, datetime)
    except msgspec.MsgspecError:
        try:
            return float(text)
        except ValueError:
            raise UnusableMessage("timestamp not understood", _shown(text)) from None
    if parsed.tzinfo is None:
        raise UnusableMessage("timestamp without a time zone", f"{text[:40]!r}; send it with Z or an offset")
    return parsed


def _preferred(item: dict[str, Any], field: str) -> Any:
    """The first of a field's names that has a known value: AIS sends heading 511 beside a course that is good."""
    unknown = UNKNOWN.get(field)
    return next((item[n] for n in NAMES[field] if item.get(n) is not None and item[n] != unknown), None)


def _place(lat: Any, lon: Any) -> tuple[float | None, float | None]:
    if lat is None and lon is None:
        return None, None
    latitude, longitude = _number("latitude", lat), _number("longitude", lon)
    if latitude == UNKNOWN["lat"] or longitude == UNKNOWN["lon"]:
        return None, None
    if latitude is None or longitude is None:
        raise UnusableMessage("half a place", "latitude without longitude, or longitude without latitude")
    if not -90 <= latitude <= 90:
        raise UnusableMessage("latitude out of range", f"{latitude:g}, not within -90 to 90")
    if not -180 <= longitude <= 180:
        raise UnusableMessage("longitude out of range", f"{longitude:g}, not within -180 to 180")
    return latitude, longitude


def _quantity(what: str, value: Any, factor: float, least: float, greatest: float) -> float | None:
    if value is None:
        return None
    number = _number(what, value)
    if number is None or not least <= (number := number * factor) <= greatest:
        raise UnusableMessage(f"{what} out of range", f"{number:g}, not within {least:g} to {greatest:g}")
    return number


def _heading(value: Any) -> float | None:
    number = _number("heading", value)
    if number is None or number == UNKNOWN["heading"]:
        return None
    if not 0 <= number <= 360:
        raise UnusableMessage("heading out of range", f"{number:g}, not within 0 to 360")
    return number % 360


def _number(what: str, value: Any) -> float | None:
    """The finite number that `value` is, also as a string; None for None. Raises UnusableMessage."""
    kind = type(value)
    if kind is float or value is None:
        return value  # type: ignore[no-any-return]
    if kind is str:
        try:
            value = float(value)
        except ValueError:
            raise UnusableMessage(f"{what} is not a number", _shown(value)) from None
    elif kind is not int:
        raise UnusableMessage(f"{what} is not a number", kind.__name__)
    if not -_LARGEST < value < _LARGEST:
        raise UnusableMessage(f"{what} is not a number", _shown(value))
    return float(value)


def _shown(value: Any) -> str:
    """What was found, short. An integer of thousands of digits cannot be written out, and is not."""
    if type(value) is int and abs(value) >= 10**40:
        return "an integer of more than 40 digits"
    return repr(value)[:80]
