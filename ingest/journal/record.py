"""One record of the journal: a micro-batch of payloads from one source, with a checksum.

Layout, little-endian:

    u32  magic "WPJ1"
    u32  length of what follows the header
    u32  crc32 of what follows this field to the end of the record
    u64  sequence number, one more than that of the record before
    i64  received_at, microseconds since 1970 UTC
    u32  number of payloads
    u16  length of the source's name
    ...  source's name in UTF-8, then the body: zstd level 1 of (u32 length of each payload, payloads joined)

zstd at level 1 was measured to cost less than the sync of the bytes that it saves.
"""

import mmap
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import zstandard

MAGIC: Final = 0x314A5057
_HEADER: Final = struct.Struct("<IIIQqIH")
_CHECKED_FROM: Final = 12
_MAGIC_BYTES: Final = MAGIC.to_bytes(4, "little")
MAX_BODY: Final = 256 * 1024 * 1024
"""Bytes; a length beyond this is damage, not a record."""


@dataclass(frozen=True, slots=True)
class Record:
    """`received_at` in microseconds since 1970; `payloads` as they came from the wire."""

    sequence: int
    received_at: int
    source: str
    payloads: list[bytes]


class Place(NamedTuple):
    """Where a whole record stands in a file: its number, its first byte and the one behind its last.

    `received_at` in microseconds since 1970.
    """

    sequence: int
    at: int
    end: int
    received_at: int


class DamagedRecord(ValueError):
    """Bytes that are no whole record; `at` is their offset in the file."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(f"{why} at byte {at}")
        self.at = at


OnDamage = Callable[[DamagedRecord, int], None]
"""Is told the damage, and the offset where a whole record begins again or the data end."""


class Encoder:
    """Encodes records. Not for several threads at once: the compressor is reused."""

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=1).compress

    def encode(self, sequence: int, received_at: int, source: str, payloads: Sequence[bytes]) -> bytes:
        """The bytes of one record. Raises ValueError where they are more than a record may have."""
        lengths = np.fromiter(map(len, payloads), dtype="<u4", count=len(payloads)).tobytes()
        body = self._compress(lengths + b"".join(payloads))
        name = source.encode()
        if len(name) + len(body) > MAX_BODY:
            raise ValueError(f"a record of {len(body) >> 20} MB, at most {MAX_BODY >> 20} MB: append fewer at once")
        header = _HEADER.pack(MAGIC, len(name) + len(body), 0, sequence, received_at, len(payloads), len(name))
        checksum = zlib.crc32(body, zlib.crc32(name, zlib.crc32(header[_CHECKED_FROM:])))
        return header[:8] + checksum.to_bytes(4, "little") + header[_CHECKED_FROM:] + name + body


class Decoder:
    """Decodes records. Not for several threads at once."""

    def __init__(self) -> None:
        self._decompress = zstandard.ZstdDecompressor().decompress

    def salvage(
        self, data: bytes | mmap.mmap, after: int, on_damage: OnDamage, start: int = 0
    ) -> Iterator[tuple[Record, int]]:
        """Each whole record behind sequence number `after`, with the offset behind it; damage is skipped and told.

        `start` is an offset where a record begins. Those up to `after` are checked and stepped over.
        """
        view = memoryview(data)
        for place in self.places(data, on_damage, start):
            if place.sequence > after:
                try:
                    record = self.unpack(view, place)
                except DamagedRecord as damage:
                    on_damage(damage, place.end)
                    continue
                after = place.sequence
                yield record, place.end

    def places(self, data: bytes | mmap.mmap, on_damage: OnDamage, start: int = 0) -> Iterator[Place]:
        """Where each whole record stands, by checksum alone; damage is skipped and told."""
        view = memoryview(data)
        at = start
        while at < len(view):
            try:
                place = _whole(view, at)
            except DamagedRecord as damage:
                at = _next_whole(data, view, damage.at + 1)
                on_damage(damage, at)
            else:
                yield place
                at = place.end

    def unpack(self, data: bytes | mmap.mmap | memoryview, place: Place) -> Record:
        """The record at `place`, as `places` found it. Raises DamagedRecord."""
        try:
            return self._record(memoryview(data), place)
        except (ValueError, zstandard.ZstdError) as error:
            raise DamagedRecord(place.at, f"a record that cannot be unpacked ({error})") from None

    def _record(self, view: memoryview, place: Place) -> Record:
        _, _, _, sequence, received_at, count, name_length = _HEADER.unpack_from(view, place.at)
        name_end = place.at + _HEADER.size + name_length
        source = str(view[place.at + _HEADER.size : name_end], "utf-8")
        body = self._decompress(view[name_end : place.end])
        ends = np.cumsum(np.frombuffer(body, dtype="<u4", count=count), dtype=np.int64) + 4 * count
        payloads = []
        begin = 4 * count
        for stop in ends.tolist():
            payloads.append(body[begin:stop])
            begin = stop
        return Record(sequence, received_at, source, payloads)


def _whole(view: memoryview, at: int) -> Place:
    """The whole record at `at`. Raises DamagedRecord."""
    if len(view) - at < _HEADER.size:
        raise DamagedRecord(at, "a record cut off in its header")
    magic, length, checksum, sequence, received_at, _, name_length = _HEADER.unpack_from(view, at)
    if magic != MAGIC or length > MAX_BODY or name_length > length:
        raise DamagedRecord(at, "no record")
    end = at + _HEADER.size + length
    if end > len(view):
        raise DamagedRecord(at, "a record cut off")
    if zlib.crc32(view[at + _CHECKED_FROM : end]) != checksum:
        raise DamagedRecord(at, "a record whose checksum does not fit")
    return Place(sequence, at, end, received_at)


def _next_whole(data: bytes | mmap.mmap, view: memoryview, at: int) -> int:
    """The offset of the first whole record from `at` on, or the length of the data."""
    found = data.find(_MAGIC_BYTES, at)
    while found != -1:
        try:
            return _whole(view, found).at
        except DamagedRecord:
            found = data.find(_MAGIC_BYTES, found + 1)
    return len(view)
