"""Live states written by hand, for tests of what is made from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from db.records import RECORD, Records


@dataclass(frozen=True)
class LiveState:
    """The state of one device: moments in microseconds since 1970, SI units, None where not known."""

    ts: int
    received_at: int
    lat: float | None = None
    lon: float | None = None
    altitude: float | None = None
    speed: float | None = None
    heading: float | None = None


def pack(states: Sequence[tuple[int, LiveState]]) -> Records:
    """RECORDs of (device id, state), in that order."""
    rows = []
    for device, s in states:
        numbers = (s.lat, s.lon, s.altitude, s.speed, s.heading)
        rows.append((s.ts, s.received_at, *(np.nan if n is None else n for n in numbers), device))
    return np.array(rows, dtype=RECORD)
