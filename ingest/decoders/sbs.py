"""ADS-B as BaseStation writes it: lines of 22 fields on TCP port 30003, also of dump1090 and readsb.

The fields are told at woodair.net/sbs/article/barebones42_socket_data.htm.
"""

from datetime import UTC, datetime, tzinfo
from math import isfinite, nan
from typing import Final
from zoneinfo import ZoneInfo

from core.errors import UnusableMessage
from core.types import Message, to_micros
from core.units import length_factor, speed_factor
from ingest.decoders.base import Decoded
from ingest.decoders.each import decode_each, lines_of
from ingest.decoders.fields import read_object

_KNOT: Final = speed_factor("kn")
_FOOT: Final = length_factor("ft")
_FOOT_A_MINUTE: Final = _FOOT / 60
_FIELDS: Final = 22
_FEWEST_FIELDS: Final = 11  # up to the callsign; those behind it that are empty may be missing
_REPORTS: Final = frozenset({"MSG", "MLAT"})
_NO_CALLSIGN: Final = "@?"


class SbsDecoder:
    """Decodes lines. `tz` is the time zone of the receiver's clock, such as `UTC` or `Europe/Paris`.

    The lines do not say their zone: some receivers write UTC, others local time. Without `tz` a line's time is taken
    as UTC where that is within `max_ahead_s` of its receipt, and else the moment of receipt counts.
    """

    def __init__(self, *, tz: str | None = None, max_ahead_s: int = 300) -> None:
        self._zone = None if tz is None else _zone(tz)
        self._max_ahead_s = max_ahead_s

    def decode(self, payloads: list[bytes], received_at: int) -> Decoded:
        """Decode all lines of a record received at `received_at` (microseconds since 1970). Never raises."""
        return decode_each(lines_of(payloads), received_at, self._max_ahead_s, self._read)

    def _read(self, line: bytes, received_at: int, latest: int) -> Message:
        try:
            fields = [field.strip() or None for field in line.decode("ascii").split(",")]
        except UnicodeDecodeError as error:
            raise UnusableMessage("not SBS", str(error)) from None
        if fields[0] not in _REPORTS:
            known = fields[0] in {"SEL", "ID", "AIR", "STA", "CLK"}
            raise UnusableMessage("not a report of an aircraft" if known else "not SBS", repr(fields[0])[:80])
        if not _FEWEST_FIELDS <= len(fields) <= _FIELDS:
            raise UnusableMessage("not SBS", f"{len(fields)} fields, not {_FIELDS}")
        fields += [None] * (_FIELDS - len(fields))
        *_, callsign, altitude, speed, track, lat, lon, climb, squawk, _alert, emergency, _ident, ground = fields
        if callsign is not None and not callsign.strip(_NO_CALLSIGN):
            callsign = None
        item = {
            "device_id": fields[4],
            "ts": self._moment(fields[6], fields[7], received_at),
            "lat": lat,
            "lon": lon,
            "altitude": altitude,
            "speed": speed,
            "heading": track,
            "vertical_rate": _vertical_rate(climb),
            "on_ground": _flag(ground),
            "emergency": _flag(emergency),
            "label": callsign,
            "callsign": callsign,
            "squawk": squawk,
        }
        return read_object(item, received_at, latest, speed=_KNOT, altitude=_FOOT)

    def _moment(self, date: str | None, time: str | None, received_at: int) -> datetime | None:
        """When the message came in at the receiver; None for "when it was received here"."""
        try:
            written = datetime.fromisoformat(f"{(date or '').replace('/', '-')} {time}")
            found = written.replace(tzinfo=self._zone or UTC)
            micros = to_micros(found)
        except (ValueError, OverflowError):
            return None
        is_near = abs(micros - received_at) <= self._max_ahead_s * 1_000_000
        return found if is_near or self._zone is not None else None


def _vertical_rate(feet_a_minute: str | None) -> float | None:
    """In m/s, upwards."""
    if feet_a_minute is None:
        return None
    try:
        rate = float(feet_a_minute) * _FOOT_A_MINUTE
    except ValueError:
        rate = nan
    if not isfinite(rate):
        raise UnusableMessage("vertical rate is not a number", repr(feet_a_minute)[:80])
    return rate


def _flag(field: str | None) -> bool | None:
    """BaseStation writes true as -1, others as 1."""
    return {"0": False, "1": True, "-1": True}.get(field or "")


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValueError(f"unknown time zone {name!r}; use a name such as UTC or Europe/Paris") from None
