"""The native message: one JSON object, an array of them, or lines (docs/protocols.md lists its fields).

Two ways in. A message of nothing but the native fields is decoded and checked by msgspec in one step, which was
measured 1.7 times as fast as any JSON parser with checks of our own. Everything else (other names, other numbers,
sentinels, bad input) takes the careful way, which also finds the reason for what it refuses. Both give the same
message; a test holds them to it.
"""

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from core.errors import UnusableMessage
from core.types import Message, to_micros
from core.units import length_factor, speed_factor
from ingest.decoders.base import Decoded, Refused

DEVICE_NAMES: Final = ("device_id", "id", "deviceId", "vehicle_id")
TS_NAMES: Final = ("ts", "timestamp", "time", "tst")
LAT_NAMES: Final = ("lat", "latitude")
LON_NAMES: Final = ("lon", "lng", "longitude")
ALTITUDE_NAMES: Final = ("altitude", "alt")
SPEED_NAMES: Final = ("speed", "velocity")
HEADING_NAMES: Final = ("heading", "bearing", "course", "track")
NOT_VALUES: Final = frozenset({"seq", "event", "data", "direction", "count"})
"""Names with a meaning of their own, which never become metrics."""

MAX_NAME: Final = 200
MAX_TEXT: Final = 500
OLDEST: Final = to_micros(datetime(2000, 1, 1, tzinfo=UTC))
MAX_SPEED: Final = 12_000.0  # m/s: above escape velocity nothing of ours flies
MIN_ALTITUDE: Final = -12_000.0  # m: below the deepest sea
MAX_ALTITUDE: Final = 1_000_000.0
_MILLISECONDS_FROM: Final = 1e11  # as seconds this is the year 5138, as milliseconds 1973
_SECONDS_TO_MICROS: Final = 1_000_000
_HEADING_UNKNOWN: Final = 511  # ITU-R M.1371, AIS: true heading not available
_LAT_UNKNOWN: Final = 91  # the same: latitude not available
_LON_UNKNOWN: Final = 181


class _Plain(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    device_id: Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
    ts: Annotated[datetime, Meta(tz=True)] | int | float | None = None
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    altitude: float | None = None
    speed: float | None = None
    heading: Annotated[float, Meta(ge=0, lt=360)] | None = None


class NativeDecoder:
    """Decodes native messages. `speed` and `altitude` are the sender's units, `max_ahead_s` bounds its clock."""

    def __init__(self, *, speed: str = "m/s", altitude: str = "m", max_ahead_s: int = 300) -> None:
        self._speed = speed_factor(speed)
        self._altitude = length_factor(altitude)
        self._max_ahead = max_ahead_s * _SECONDS_TO_MICROS
        self._plain = msgspec.json.Decoder(_Plain).decode
        self._any = msgspec.json.Decoder().decode
        self._try_plain = 0

    def decode(self, payloads: list[bytes], received_at: int) -> Decoded:
        """Decode all payloads of a record received at `received_at` (microseconds since 1970). Never raises."""
        messages: list[Message] = []
        refused: list[Refused] = []
        for payload in payloads:
            if self._try_plain >= 0:
                try:
                    messages.append(self._from_plain(self._plain(payload), received_at))
                    continue
                except (msgspec.MsgspecError, UnusableMessage, UnicodeDecodeError):
                    # A source keeps to one kind of message: after a miss, do not pay for the fast way for a while.
                    self._try_plain = -64
            self._try_plain += 1
            self._carefully(payload, received_at, messages, refused)
        return Decoded(messages, refused)

    def _from_plain(self, m: _Plain, received_at: int) -> Message:
        speed, altitude = m.speed, m.altitude
        if speed is not None and not 0 <= (speed := speed * self._speed) <= MAX_SPEED:
            raise UnusableMessage("speed out of range")
        if altitude is not None and not MIN_ALTITUDE <= (altitude := altitude * self._altitude) <= MAX_ALTITUDE:
            raise UnusableMessage("altitude out of range")
        if (m.lat is None) is not (m.lon is None):
            raise UnusableMessage("half a place")
        if m.lat is None and speed is None and altitude is None and m.heading is None:
            raise UnusableMessage("nothing to store")
        ts = received_at if m.ts is None else self._moment(m.ts, received_at)
        return Message(m.device_id, ts, received_at, m.lat, m.lon, altitude, speed, m.heading)

    def _moment(self, ts: Any, received_at: int) -> int:
        """Microseconds since 1970 of a sender's timestamp. Raises UnusableMessage."""
        if isinstance(ts, str):
            ts = _parse_moment(ts)
        if isinstance(ts, datetime):
            micros = round(ts.timestamp() * _SECONDS_TO_MICROS)
        elif isinstance(ts, int | float) and not isinstance(ts, bool) and math.isfinite(ts):
            micros = round(ts * 1000) if abs(ts) >= _MILLISECONDS_FROM else round(ts * _SECONDS_TO_MICROS)
        else:
            raise UnusableMessage("timestamp not understood", repr(ts)[:80])
        if micros > received_at + self._max_ahead:
            ahead = (micros - received_at) // _SECONDS_TO_MICROS
            raise UnusableMessage("timestamp ahead of the clock", f"by {ahead} s")
        if micros < OLDEST:
            raise UnusableMessage("timestamp before the year 2000", repr(ts)[:80])
        return micros

    def _carefully(self, payload: bytes, received_at: int, messages: list[Message], refused: list[Refused]) -> None:
        try:
            found = list(self._objects(payload))
        except UnusableMessage as error:
            refused.append(Refused(error.reason, error.detail, payload))
            return
        for item in found:
            try:
                if isinstance(item, UnusableMessage):
                    raise item
                messages.append(self._from_object(item, received_at))
            except UnusableMessage as error:
                part = payload if len(found) == 1 else msgspec.json.encode(item)
                refused.append(Refused(error.reason, error.detail, part))

    def _objects(self, payload: bytes) -> Iterator[Any]:
        """The JSON values of a payload: one, those of an array, or one a line. Raises UnusableMessage."""
        try:
            value = self._any(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            lines = payload.split(b"\n")
            if len(lines) == 1:
                raise UnusableMessage("not JSON", str(error)[:200]) from None
            for line in lines:
                if line.strip():
                    yield from self._line(line)
            return
        except RecursionError:
            raise UnusableMessage("not JSON", "nested too deeply") from None
        if isinstance(value, list):
            yield from value
        else:
            yield value

    def _line(self, line: bytes) -> Iterator[Any]:
        try:
            yield from self._objects(line)
        except UnusableMessage as error:
            yield error

    def _from_object(self, item: Any, received_at: int) -> Message:
        if not isinstance(item, dict):
            raise UnusableMessage("not an object", type(item).__name__)
        rest = dict(item)
        device = _device(_take(rest, DEVICE_NAMES))
        moment = _take(rest, TS_NAMES)
        ts = received_at if moment is None else self._moment(moment, received_at)
        lat = _ranged("latitude", _take(rest, LAT_NAMES), -90, 90, unknown=_LAT_UNKNOWN)
        lon = _ranged("longitude", _take(rest, LON_NAMES), -180, 180, unknown=_LON_UNKNOWN)
        speed = _ranged("speed", _take(rest, SPEED_NAMES), 0, MAX_SPEED, factor=self._speed)
        altitude = _ranged("altitude", _take(rest, ALTITUDE_NAMES), MIN_ALTITUDE, MAX_ALTITUDE, factor=self._altitude)
        heading = _heading(rest)
        if (lat is None) is not (lon is None):
            raise UnusableMessage("half a place", "latitude without longitude, or longitude without latitude")
        values, texts = _values_and_texts(rest)
        if lat is None and speed is None and altitude is None and heading is None and not values and not texts:
            raise UnusableMessage("nothing to store", "no place, no number, no text")
        return Message(device, ts, received_at, lat, lon, altitude, speed, heading, values or None, texts or None)


def _take(rest: dict[Any, Any], names: tuple[str, ...]) -> Any:
    """The first of `names` that has a value; all of them are taken out of `rest`."""
    found = [rest.pop(name) for name in names if name in rest]
    return next((value for value in found if value is not None), None)


def _device(value: Any) -> str:
    if value is None or value == "":
        raise UnusableMessage("no device", f"none of {', '.join(DEVICE_NAMES)}")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise UnusableMessage("device is not a name", type(value).__name__)
    if len(value) > MAX_NAME:
        raise UnusableMessage("device is not a name", f"{len(value)} characters, at most {MAX_NAME}")
    return value


def _parse_moment(text: str) -> datetime | float:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.MsgspecError:
        raise UnusableMessage("timestamp not understood", repr(text)[:80]) from None
    if moment.tzinfo is None:
        raise UnusableMessage("timestamp without a time zone", f"{text[:40]!r}; send it with Z or an offset")
    return moment


def _number(what: str, value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            raise UnusableMessage(f"{what} is not a number", repr(value)[:80]) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnusableMessage(f"{what} is not a number", type(value).__name__)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise UnusableMessage(f"{what} is not a number", repr(value)[:80])
    return number


def _ranged(
    what: str, value: Any, least: float, greatest: float, *, factor: float = 1.0, unknown: float | None = None
) -> float | None:
    number = _number(what, value)
    if number is None or number == unknown:
        return None
    number *= factor
    if not least <= number <= greatest:
        raise UnusableMessage(f"{what} out of range", f"{number:g}, not within {least:g} to {greatest:g}")
    return number


def _heading(rest: dict[Any, Any]) -> float | None:
    """The first heading that is known: AIS sends heading 511 beside a course that is good."""
    for name in HEADING_NAMES:
        number = _number("heading", rest.pop(name, None))
        if number is None or number == _HEADING_UNKNOWN:
            continue
        if not 0 <= number <= 360:
            raise UnusableMessage("heading out of range", f"{number:g}, not within 0 to 360")
        _discard(rest, HEADING_NAMES)
        return number % 360
    return None


def _discard(rest: dict[Any, Any], names: tuple[str, ...]) -> None:
    for name in names:
        rest.pop(name, None)


def _values_and_texts(rest: dict[Any, Any]) -> tuple[dict[str, float], dict[str, str]]:
    """Every other number by name, and every other short string. What fits neither is left out."""
    values: dict[str, float] = {}
    texts: dict[str, str] = {}
    for name, value in rest.items():
        if name in NOT_VALUES or not name or len(name) > 64 or not name.isprintable():
            continue
        if isinstance(value, bool | int | float):
            try:
                number = float(value)
            except OverflowError:
                continue
            if math.isfinite(number):
                values[name] = number
        elif isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable():
            texts[name] = value
    return values, texts
