"""Units: SI inside (m, m/s, degrees true, UTC); other units only at the borders.

Factors are exact by definition: international mile 1609.344 m, nautical mile 1852 m, foot 0.3048 m
(International yard and pound agreement 1959; ISO 80000-3).
"""

from typing import Final

METRES_PER_SECOND: Final[dict[str, float]] = {
    "m/s": 1.0,
    "km/h": 1000 / 3600,
    "kmh": 1000 / 3600,
    "mph": 1609.344 / 3600,
    "kn": 1852 / 3600,
    "knots": 1852 / 3600,
}
METRES: Final[dict[str, float]] = {"m": 1.0, "ft": 0.3048}


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
