"""Reads binary frames by docs/live-protocol.md alone: nothing of this is taken from the encoder."""

import struct
from dataclasses import dataclass
from typing import Any

SNAPSHOT, DELTA, HEARTBEAT = 1, 2, 3
NOWHERE = -2147483648
UNKNOWN = 65535


@dataclass
class Frame:
    """Columns as they stand on the wire."""

    kind: int
    as_of_ms: float
    total: int
    sequence: int
    newest_age_ms: int
    flags: int
    moving: int
    stopped: int
    silent: int
    unlocated: int
    id: tuple[int, ...]
    lat: tuple[int, ...]
    lon: tuple[int, ...]
    age_ms: tuple[int, ...]
    speed: tuple[int, ...]
    heading: tuple[int, ...]
    left: tuple[int, ...]
    value: tuple[float, ...] | None

    @property
    def paused(self) -> bool:
        """Bit 0 of the flags."""
        return bool(self.flags & 1)


def decode(data: bytes) -> Frame:
    """The frame; an AssertionError where it does not follow the protocol."""
    assert data[:2] == b"WP"
    assert data[2] == 2
    kind = data[3]
    assert kind in {SNAPSHOT, DELTA, HEARTBEAT}
    (n,) = struct.unpack_from("<I", data, 4)
    (as_of,) = struct.unpack_from("<d", data, 8)
    total, sequence, newest, flags = struct.unpack_from("<IIII", data, 16)
    moving, stopped, silent, unlocated, gone, zero = struct.unpack_from("<IIIIII", data, 32)
    assert zero == 0
    assert flags in range(4)
    assert moving + stopped + silent == total
    valued = bool(flags & 2)
    assert len(data) == 56 + (24 if valued else 20) * n + 4 * gone
    at = 56

    def column(letter: str, size: int, length: int = n) -> tuple[Any, ...]:
        nonlocal at
        found = struct.unpack_from(f"<{length}{letter}", data, at)
        at += size * length
        return found

    ids, lat, lon, age = column("I", 4), column("i", 4), column("i", 4), column("I", 4)
    value = column("f", 4) if valued else None
    speed, heading, left = column("H", 2), column("H", 2), column("I", 4, gone)
    totals = (moving, stopped, silent, unlocated)
    return Frame(kind, as_of, total, sequence, newest, flags, *totals, ids, lat, lon, age, speed, heading, left, value)
