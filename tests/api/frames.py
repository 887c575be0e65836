"""Reads binary frames by docs/live-protocol.md alone: nothing of this is taken from the encoder."""

import struct
from dataclasses import dataclass

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
    id: tuple[int, ...]
    lat: tuple[int, ...]
    lon: tuple[int, ...]
    age_ms: tuple[int, ...]
    speed: tuple[int, ...]
    heading: tuple[int, ...]

    @property
    def paused(self) -> bool:
        """Bit 0 of the flags."""
        return bool(self.flags & 1)


def decode(data: bytes) -> Frame:
    """The frame; an AssertionError where it does not follow the protocol."""
    assert data[:2] == b"WP"
    assert data[2] == 1
    kind = data[3]
    assert kind in {SNAPSHOT, DELTA, HEARTBEAT}
    (n,) = struct.unpack_from("<I", data, 4)
    (as_of,) = struct.unpack_from("<d", data, 8)
    total, sequence, newest, flags = struct.unpack_from("<IIII", data, 16)
    assert len(data) == 32 + 20 * n
    at = 32
    columns: list[tuple[int, ...]] = []
    for letter, size in (("I", 4), ("i", 4), ("i", 4), ("I", 4), ("H", 2), ("H", 2)):
        columns.append(struct.unpack_from(f"<{n}{letter}", data, at))
        at += size * n
    return Frame(kind, as_of, total, sequence, newest, flags, *columns)
