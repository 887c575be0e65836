"""A fleet spread over Europe whose every place follows from the clock: the same for whoever asks."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
SOUTH, NORTH, WEST, EAST = 38.0, 58.0, -8.0, 28.0
M_PER_DEGREE = 111_195.0


@dataclass(frozen=True)
class Places:
    """Degrees, m/s and degrees true, one row a vehicle."""

    lat: Column
    lon: Column
    speed: Column
    heading: Column


def name_of(number: int) -> str:
    """Name of a vehicle."""
    return f"vehicle-{number:06d}"


def places_at(count: int, seconds: float) -> Places:
    """Where all are at a moment: each flies a circle of some kilometres at 60 to 250 m/s."""
    chance = np.random.default_rng(7)
    lat, lon = chance.uniform(SOUTH, NORTH, count), chance.uniform(WEST, EAST, count)
    radius, speed = chance.uniform(10_000, 60_000, count), chance.uniform(60, 250, count)
    angle = chance.uniform(0, 2 * np.pi, count) + seconds * speed / radius
    north, east = radius * np.cos(angle) / M_PER_DEGREE, radius * np.sin(angle) / M_PER_DEGREE
    # Clockwise: from the north point it goes east.
    return Places(lat + north, lon + east / np.cos(np.radians(lat)), speed, (np.degrees(angle) + 90) % 360)
