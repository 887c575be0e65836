"""AIS (ITU-R M.1371): positions, names and voyages of vessels, decoded by pyais."""

from typing import Any, Final

from pyais.constants import TurnRate
from pyais.exceptions import AISBaseException

from core.errors import UnusableMessage
from core.types import Message
from core.units import speed_factor
from ingest.decoders.base import Decoded
from ingest.decoders.each import lines_of, refused
from ingest.decoders.fields import read_object
from ingest.decoders.nmea import Sentences, Whole

_KNOT: Final = speed_factor("kn")
_USED: Final = frozenset({1, 2, 3, 5, 9, 18, 19, 24, 27})
_NO_SPEED: Final = {9: 1023, 27: 63}
"""The speed that means "not known", in knots, where it is not 102.3."""
_NO_ALTITUDE: Final = 4095
_NO_STATUS: Final = 15
_GREATEST_MMSI: Final = 999_999_999

_KINDS: Final = {
    30: "fishing",
    31: "towing",
    32: "towing",
    33: "dredging",
    34: "diving",
    35: "military",
    36: "sailing",
    37: "pleasure craft",
    50: "pilot vessel",
    51: "search and rescue",
    52: "tug",
    53: "port tender",
    55: "law enforcement",
    58: "medical transport",
}
_KINDS_BY_TEN: Final = {2: "wing in ground", 4: "high-speed craft", 6: "passenger", 7: "cargo", 8: "tanker", 9: "other"}


class AisDecoder:
    """Decodes NMEA lines. Keeps the parts of messages that are not complete yet; see `Sentences` for what can be lost.

    Messages of other types (base stations, aids to navigation, acknowledgements, ...) are refused under one reason.
    """

    def __init__(self, *, max_ahead_s: int = 300) -> None:
        self._max_ahead_us = max_ahead_s * 1_000_000
        self._sentences = Sentences()

    def decode(self, payloads: list[bytes], received_at: int) -> Decoded:
        """Decode all lines of a record received at `received_at` (microseconds since 1970). Never raises."""
        found = Decoded([], [])
        latest = received_at + self._max_ahead_us
        for whole in self._sentences.take(lines_of(payloads), received_at, found.refused):
            try:
                found.messages.append(_read(whole, received_at, latest))
            except Exception as error:  # noqa: BLE001 - one that escaped would be met again at every try, forever
                found.refused.append(refused(error, whole.raw))
        return found


def _read(whole: Whole, received_at: int, latest: int) -> Message:
    kind = whole.sentence.ais_id
    if kind not in _USED:
        raise UnusableMessage("AIS message of another type", f"type {kind}")
    try:
        report: Any = whole.sentence.decode()
    except (AISBaseException, ValueError) as error:
        raise UnusableMessage("AIS message damaged", repr(error)[:200]) from None
    item = {"device_id": _name(report.mmsi), "ts": whole.moment, **_texts(report)}
    if kind not in {5, 24}:
        item |= _position(report, kind)
    if kind == 5 and report.draught:
        item["draught"] = report.draught
    return read_object(item, received_at, latest, speed=_KNOT, altitude=1)


def _name(mmsi: int | None) -> str:
    """The nine digits of an MMSI: those of coast stations and groups begin with zeros."""
    if not mmsi or not 0 < mmsi <= _GREATEST_MMSI:
        raise UnusableMessage("no device", f"MMSI {mmsi}")
    return f"{mmsi:09}"


def _position(report: Any, kind: int) -> dict[str, Any]:
    """Speed in knots. What the sender does not know is left out; the course stands in for the heading."""
    heading, course = getattr(report, "heading", None), report.course
    altitude, status = getattr(report, "alt", None), getattr(report, "status", None)
    turn = getattr(report, "turn", None)
    return {
        "lat": report.lat,
        "lon": report.lon,
        "speed": None if report.speed == _NO_SPEED.get(kind, 102.3) else report.speed,
        "heading": heading if heading is not None and heading < 360 else course if _is_course(course) else None,
        "altitude": None if altitude == _NO_ALTITUDE else altitude,
        "nav_status": None if status is None or status == _NO_STATUS else int(status),
        "rate_of_turn": None if isinstance(turn, TurnRate) else turn,
    }


def _is_course(course: float | None) -> bool:
    return course is not None and course < 360


def _texts(report: Any) -> dict[str, str]:
    """Name, kind and voyage, as far as this message tells them."""
    found = {
        "label": getattr(report, "shipname", None),
        "callsign": getattr(report, "callsign", None),
        "destination": getattr(report, "destination", None),
        "imo": str(getattr(report, "imo", None) or ""),
        "kind": _kind(getattr(report, "ship_type", None)),
        "length_m": _size(report, "to_bow", "to_stern"),
        "beam_m": _size(report, "to_port", "to_starboard"),
    }
    return {name: text.strip() for name, text in found.items() if text and text.strip()}


def _kind(ship_type: int | None) -> str | None:
    """The kind of ship and cargo, ITU-R M.1371 table 53, in a word."""
    code = int(ship_type or 0)
    return _KINDS.get(code) or _KINDS_BY_TEN.get(code // 10)


def _size(report: Any, one: str, other: str) -> str:
    """Metres from end to end, as text; empty where not known."""
    return str((getattr(report, one, None) or 0) + (getattr(report, other, None) or 0) or "")
