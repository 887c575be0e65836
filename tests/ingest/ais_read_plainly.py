"""AIS by ITU-R M.1371 alone, bit by bit and without pyais: what logs hold, to hold decoders to."""

import re
from functools import reduce
from operator import xor
from typing import NamedTuple

_LONGITUDE = {1: 61, 2: 61, 3: 61, 4: 79, 9: 61, 18: 57, 19: 57, 21: 164}
"""The first bit of the longitude; the latitude follows it."""
_NAME = {5: 112, 19: 143, 21: 43, 24: 40}
_NO_PLACE = (181 * 600_000, 91 * 600_000)
_WITHOUT_USE = {6, 7, 8, 10, 13, 15, 16, 17, 20, 22, 23, 25, 26}


class Report(NamedTuple):
    """A message: `lat` and `lon` in degrees, `name` without its padding; None where the sender does not know.

    `of_no_use`: it holds nothing that Waypost keeps. `moment` is that of the $PGHP sentence before it, as text.
    """

    kind: int
    mmsi: int
    lat: float | None
    lon: float | None
    name: str | None
    of_no_use: bool
    moment: str


def read_plainly(lines: list[bytes]) -> list[Report]:
    """All messages of a log, in its order."""
    begun: dict[tuple[str, ...], str] = {}
    moment, found = "", []
    for line in lines:
        body, _, rest = line.decode()[1:].partition("*")
        if line[:1] != b"!":
            moment = ",".join(body.split(",")[2:9]) if body.startswith("PGHP") else moment
            continue
        assert reduce(xor, body.encode()) == int(rest[:2], 16)
        tag, count, number, sequence, channel, payload, _fill = body.split(",")
        if count != "1":
            payload = begun.pop((tag, sequence, channel), "") + payload
            if number != count:
                begun[tag, sequence, channel] = payload
                continue
        found.append(_report(_bits(payload), moment))
    return found


def _report(bits: str, moment: str) -> Report:
    kind, mmsi = int(bits[:6], 2), int(bits[8:38], 2)
    start = _LONGITUDE.get(kind)
    lon = None if start is None else _signed(bits[start : start + 28]) / 600_000
    lat = None if start is None else _signed(bits[start + 28 : start + 55]) / 600_000
    known = lat is not None and lon is not None and abs(lat) <= 90 and abs(lon) <= 180
    name = _text(bits[_NAME[kind] :][:120]) if kind in _NAME and (kind != 24 or bits[38:40] == "00") else None
    return Report(
        kind,
        mmsi,
        lat if known else None,
        lon if known else None,
        name or None,
        kind in _WITHOUT_USE or _says_nothing(kind, bits),
        moment,
    )


def _says_nothing(kind: int, bits: str) -> bool:
    """Whether all that a message has room for is what stands for "not known"."""
    if kind in {1, 2, 3}:  # status, turn, speed, place, course, heading
        fields = [bits[38:42], bits[42:50], bits[50:60], bits[61:89], bits[89:116], bits[116:128], bits[128:137]]
        return [int(field, 2) for field in fields] == [15, 128, 1023, *_NO_PLACE, 3600, 511]
    if kind == 9:  # altitude, speed, place, course
        fields = [bits[38:50], bits[50:60], bits[61:89], bits[89:116], bits[116:128]]
        return [int(field, 2) for field in fields] == [4095, 1023, *_NO_PLACE, 3600]
    if kind == 5:  # number, call sign, name, type and size; draught, destination
        return "1" not in bits[40:270] + bits[294:422]
    if kind == 24:  # the name, or type, call sign and size
        return "1" not in (bits[40:160] if bits[38:40] == "00" else bits[40:48] + bits[90:162])
    return False


def _bits(payload: str) -> str:
    codes = (ord(char) - 48 for char in payload)
    return "".join(f"{code - 8 if code > 40 else code:06b}" for code in codes)


def _signed(bits: str) -> int:
    return int(bits, 2) - (1 << len(bits) if bits[0] == "1" else 0)


def _text(bits: str) -> str:
    codes = [int(code, 2) for code in re.findall("[01]{6}", bits)]
    return "".join(chr(code + 64 if code < 32 else code) for code in codes).partition("@")[0].strip()
