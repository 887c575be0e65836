"""AIS (ITU-R M.1371): places, names and voyages of vessels, base stations and aids to navigation, decoded by pyais."""

from typing import Any, Final

from pyais.constants import TurnRate
from pyais.exceptions import AISBaseException

from core.errors import UnusableMessage
from core.reasons import AIS_WITHOUT_USE
from core.types import Message
from core.units import speed_factor
from ingest.decoders.base import Decoded
from ingest.decoders.each import lines_of, refused
from ingest.decoders.fields import NOTHING_TO_STORE, read_object
from ingest.decoders.nmea import Sentences, Whole

_KNOT: Final = speed_factor("kn")
_PLACES: Final = frozenset({1, 2, 3, 4, 9, 11, 18, 19, 21, 27})
_NAMES: Final = frozenset({5, 24})
_SAFETY: Final = frozenset({12, 14})
_AID: Final = 21
_STANDING: Final = {4: "base station", _AID: "aid to navigation"}
_UNUSED: Final = {
    6: "addressed binary message",
    7: "acknowledgement",
    8: "binary broadcast",
    10: "UTC inquiry",
    13: "acknowledgement of a safety text",
    15: "interrogation",
    16: "assignment",
    17: "corrections for GNSS",
    20: "reservation of slots",
    22: "channel management",
    23: "assignment of a group",
    25: "binary message of one slot",
    26: "binary message",
}
_LONGEST_NAME: Final = 20
_WHOLE_MINUTE: Final = range(60)
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

    Messages that hold neither a place nor a name (acknowledgements, binary ones, ...) are refused under one reason.
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
    if kind not in _PLACES | _NAMES | _SAFETY:
        raise UnusableMessage(AIS_WITHOUT_USE, f"type {kind}, {_UNUSED.get(kind, 'not defined')}")
    try:
        report: Any = whole.sentence.decode()
    except (AISBaseException, ValueError) as error:
        raise UnusableMessage("AIS message damaged", repr(error)[:200]) from None
    item = {"device_id": _name(report.mmsi), "ts": whole.moment, **_texts(report, kind)}
    if kind in _PLACES:
        item |= _position(report, kind)
    if kind in _SAFETY:
        item |= _safety(report)
    if kind == 5 and report.draught:
        item["draught"] = report.draught
    try:
        return read_object(item, received_at, latest, speed=_KNOT, altitude=1)
    except UnusableMessage as error:
        if error.reason == NOTHING_TO_STORE:
            raise UnusableMessage(AIS_WITHOUT_USE, f"type {kind}, which knows neither") from None
        raise


def _name(mmsi: int | None) -> str:
    """The nine digits of an MMSI: those of coast stations and groups begin with zeros."""
    if not mmsi or not 0 < mmsi <= _GREATEST_MMSI:
        raise UnusableMessage("no device", f"MMSI {mmsi}")
    return f"{mmsi:09}"


def _position(report: Any, kind: int) -> dict[str, Any]:
    """Speed in knots. What the sender does not know is left out; the course stands in for the heading."""
    heading, course = getattr(report, "heading", None), getattr(report, "course", None)
    speed = getattr(report, "speed", None)
    altitude, status = getattr(report, "alt", None), getattr(report, "status", None)
    turn = getattr(report, "turn", None)
    return {
        "lat": report.lat,
        "lon": report.lon,
        "speed": None if speed == _NO_SPEED.get(kind, 102.3) else speed,
        "heading": heading if heading is not None and heading < 360 else course if _is_course(course) else None,
        "altitude": None if altitude == _NO_ALTITUDE else altitude,
        "nav_status": None if status is None or status == _NO_STATUS else int(status),
        "rate_of_turn": None if isinstance(turn, TurnRate) else turn,
        "off_position": report.off_position if kind == _AID and report.second in _WHOLE_MINUTE else None,
    }


def _safety(report: Any) -> dict[str, Any]:
    """A text for other vessels, as an event of the one that sent it; to whom, where it is for one alone."""
    to = getattr(report, "dest_mmsi", None)
    data = {"text": report.text.strip()} | ({"to": f"{to:09}"} if to else {})
    return {"event": "safety_text", "data": data}


def _is_course(course: float | None) -> bool:
    return course is not None and course < 360


def _texts(report: Any, kind: int) -> dict[str, str]:
    """Name, kind and voyage, as far as this message tells them."""
    found = {
        "label": _name_of_aid(report) if kind == _AID else getattr(report, "shipname", None),
        "callsign": getattr(report, "callsign", None),
        "destination": getattr(report, "destination", None),
        "imo": str(getattr(report, "imo", None) or ""),
        "kind": _STANDING.get(kind) or _kind(getattr(report, "ship_type", None)),
        "length_m": _size(report, "to_bow", "to_stern"),
        "beam_m": _size(report, "to_port", "to_starboard"),
    }
    return {name: text.strip() for name, text in found.items() if text and text.strip()}


def _name_of_aid(report: Any) -> str:
    """Its twenty characters, and those behind them only where none of the twenty is left over."""
    name = report.name or ""
    return (name + (report.name_ext or "") if len(name) == _LONGEST_NAME else name).partition("@")[0]


def _kind(ship_type: int | None) -> str | None:
    """The kind of ship and cargo, ITU-R M.1371 table 53, in a word."""
    code = int(ship_type or 0)
    return _KINDS.get(code) or _KINDS_BY_TEN.get(code // 10)


def _size(report: Any, one: str, other: str) -> str:
    """Metres from end to end, as text; empty where not known."""
    return str((getattr(report, one, None) or 0) + (getattr(report, other, None) or 0) or "")
