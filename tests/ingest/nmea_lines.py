"""Sentences for tests of AIS."""

from functools import reduce
from operator import xor

CLASS_A = b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C"
FIRST = b"!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E"
LAST = b"!AIVDM,2,2,3,B,1@0000000000000,2*55"


def checked(body: bytes) -> bytes:
    """What stands between `!`, `$` or a backslash and `*`, with its checksum."""
    return b"%b*%02X" % (body, reduce(xor, body, 0))


def stamp(checksum: bytes) -> bytes:
    """A `$PGHP` sentence of 2010-06-11 11:46:12.482 UTC for the sentence of that checksum."""
    return b"$" + checked(b"PGHP,1,2010,6,11,11,46,12,482,219,,2190064,1," + checksum)


STAMPED_AT = 1_276_256_772_482_000
