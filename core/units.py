"""Units: SI inside (m, m/s, degrees true, UTC); other units only at the borders.

Factors are exact by definition: international mile 1609.344 m, nautical mile 1852 m, foot 0.3048 m
(International yard and pound agreement 1959; ISO 80000-3).
"""

from dataclasses import dataclass
from typing import Final

METRES_PER_SECOND: Final[dict[str, float]] = {
    "m/s": 1.0,
    "km/h": 1000 / 3600,
    "kmh": 1000 / 3600,
    "mph": 1609.344 / 3600,
    "kn": 1852 / 3600,
    "knots": 1852 / 3600,
}
METRES: Final[dict[str, float]] = {"m": 1.0, "ft": 0.3048, "km": 1000.0, "mi": 1609.344}
SECONDS: Final[dict[str, float]] = {"s": 1.0, "min": 60.0, "h": 3600.0}
SPEED_UNITS: Final = ("km/h", "mph", "kn", "m/s")
LENGTH_UNITS: Final = ("m", "ft")
"""Those that people choose between; long distances are in km where lengths are in m, and in mi where they are in ft."""


@dataclass(frozen=True, slots=True)
class Units:
    """The units that somebody sees."""

    speed: str = "km/h"
    length: str = "m"


def known_units(chosen: object, default: Units) -> Units:
    """Units as a browser says them, {"speed", "length"}; what is none of ours is that of `default`."""
    if not isinstance(chosen, dict):
        return default
    speed, length = chosen.get("speed"), chosen.get("length")
    return Units(speed if speed in SPEED_UNITS else default.speed, length if length in LENGTH_UNITS else default.length)


def factor_between(stored: str | None, wanted: str) -> float:
    """How many `wanted` one stored unit is. Raises ValueError where one is no unit of the other's quantity."""
    for known in (METRES_PER_SECOND, METRES, SECONDS):
        if stored in known and wanted in known:
            return known[stored] / known[wanted]
    raise ValueError(f"{stored or 'a value without a unit'} cannot be given in {wanted}")


def speed_factor(unit: str) -> float:
    """How many m/s one `unit` of speed is. Raises ValueError that names the units known."""
    try:
        return METRES_PER_SECOND[unit]
    except KeyError:
        raise ValueError(f"unknown unit of speed {unit!r}; use one of {', '.join(METRES_PER_SECOND)}") from None


def length_factor(unit: str) -> float:
    """How many metres one `unit` of length is. Raises ValueError that names the units known."""
    try:
        return METRES[unit]
    except KeyError:
        raise ValueError(f"unknown unit of length {unit!r}; use one of {', '.join(METRES)}") from None
