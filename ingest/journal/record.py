"""One record of the journal: a micro-batch of payloads from one source, with a checksum.

Layout, little-endian:

    u32  magic "WPJ1"
    u32  length of what follows the header
    u32  crc32 of what follows the next field to the end of the record
    u64  sequence number, one more than that of the record before
    i64  received_at, microseconds since 1970 UTC
    u32  number of payloads
    u16  length of the source's name
    ...  source's name in UTF-8, then the body: zstd level 1 of (u32 length of each payload, payloads joined)

zstd at level 1 was measured to cost less than the sync of the bytes that it saves.
"""

import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

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


class DamagedRecord(ValueError):
    """Bytes that are no whole record; `at` is their offset in the file."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(f"{why} at byte {at}")
        self.at = at


class Encoder:
    """Encodes records. Not for several threads at once: the compressor is reused."""

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=1).compress

    def encode(self, sequence: int, received_at: int, source: str, payloads: Sequence[bytes]) -> bytes:
        """The bytes of one record."""
        lengths = np.fromiter(map(len, payloads), dtype="<u4", count=len(payloads)).tobytes()
        body = self._compress(lengths + b"".join(payloads))
        name = source.encode()
        header = _HEADER.pack(MAGIC, len(name) + len(body), 0, sequence, received_at, len(payloads), len(name))
        checksum = zlib.crc32(body, zlib.crc32(name, zlib.crc32(header[_CHECKED_FROM:])))
        return header[:8] + checksum.to_bytes(4, "little") + header[_CHECKED_FROM:] + name + body


class Decoder:
    """Decodes records. Not for several threads at once."""

    def __init__(self) -> None:
        self._decompress = zstandard.ZstdDecompressor().decompress

    def iterate(self, data: bytes | memoryview, after: int = 0) -> Iterator[tuple[Record, int]]:
        """Each whole record behind sequence number `after`, with the offset behind it.

        Raises DamagedRecord at the first bytes that are no whole record; what came before has been yielded. Records
        up to `after` are stepped over by their length alone.
        """
        yield from self._from(memoryview(data), 0, after)

    def salvage(
        self, data: bytes | memoryview, after: int, on_damage: Callable[[DamagedRecord, int], None]
    ) -> Iterator[tuple[Record, int]]:
        """As `iterate`, but go on at the next whole record behind damage.

        `on_damage` is told the damage and the offset where a whole record begins again, or the length of `data`.
        """
        view = memoryview(data)
        at = 0
        while at < len(view):
            try:
                for record, at in self._from(view, at, after):  # noqa: B020 - goes on where it stood
                    yield record, at
                return
            except DamagedRecord as damage:
                at = self._next_whole(view, damage.at + 1)
                on_damage(damage, at)

    def _from(self, view: memoryview, at: int, after: int) -> Iterator[tuple[Record, int]]:
        while at < len(view):
            if len(view) - at >= _HEADER.size:
                magic, length, _, sequence, *_ = _HEADER.unpack_from(view, at)
                if magic == MAGIC and sequence <= after and at + _HEADER.size + length <= len(view):
                    at += _HEADER.size + length
                    continue
            record, at = self._one(view, at)
            yield record, at

    def _next_whole(self, view: memoryview, at: int) -> int:
        data = bytes(view[at:])
        found = data.find(_MAGIC_BYTES)
        while found != -1:
            try:
                self._one(view, at + found)
                return at + found
            except DamagedRecord:
                found = data.find(_MAGIC_BYTES, found + 1)
        return len(view)

    def _one(self, view: memoryview, at: int) -> tuple[Record, int]:
        if len(view) - at < _HEADER.size:
            raise DamagedRecord(at, "a record cut off in its header")
        magic, length, checksum, sequence, received_at, count, name_length = _HEADER.unpack_from(view, at)
        if magic != MAGIC or length > MAX_BODY or name_length > length:
            raise DamagedRecord(at, "no record")
        end = at + _HEADER.size + length
        if end > len(view):
            raise DamagedRecord(at, "a record cut off")
        if zlib.crc32(view[at + _CHECKED_FROM : end]) != checksum:
            raise DamagedRecord(at, "a record whose checksum does not fit")
        name_end = at + _HEADER.size + name_length
        source = bytes(view[at + _HEADER.size : name_end]).decode()
        body = self._decompress(view[name_end:end])
        ends = np.cumsum(np.frombuffer(body, dtype="<u4", count=count), dtype=np.int64) + 4 * count
        payloads = []
        begin = 4 * count
        for stop in ends.tolist():
            payloads.append(body[begin:stop])
            begin = stop
        return Record(sequence, received_at, source, payloads), end
