"""A track as GPX 1.1, with speed and course in Garmin's TrackPointExtension v2, which GPX itself has no place for."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final
from xml.sax.saxutils import escape

from core.text import iso_utc
from db.queries.rows import Track, TrackPoint

_HEAD: Final = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="Waypost" xmlns="http://www.topografix.com/GPX/1/1"\
 xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
<trk>"""
_FOOT: Final = "</trkseg>\n</trk>\n</gpx>\n"
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_gpx(device: str, track: Track) -> bytes:
    """The track of `device` as one segment; says in its description where it was simplified."""
    return "\n".join(_lines(device, track)).encode()


def _lines(device: str, track: Track) -> Iterator[str]:
    yield _HEAD
    yield f"<name>{_text(device)}</name>"
    if track.simplified:
        yield f"<desc>{len(track.points)} of {track.total} points</desc>"
    yield "<trkseg>"
    for point in track.points:
        yield _point(point)
    yield _FOOT


def _point(point: TrackPoint) -> str:
    # The schema wants elevation before time, and extensions last.
    elevation = "" if point.altitude is None else f"<ele>{_decimal(point.altitude)}</ele>"
    speed = "" if point.speed is None else f"<gpxtpx:speed>{_decimal(point.speed)}</gpxtpx:speed>"
    course = "" if point.heading is None else f"<gpxtpx:course>{_decimal(point.heading % 360)}</gpxtpx:course>"
    more = ""
    if speed or course:
        more = "<extensions><gpxtpx:TrackPointExtension>"
        more += f"{speed}{course}</gpxtpx:TrackPointExtension></extensions>"
    place = f'lat="{_decimal(point.lat)}" lon="{_decimal(point.lon)}"'
    return f"<trkpt {place}>{elevation}<time>{iso_utc(point.ts)}</time>{more}</trkpt>"


def _text(name: str) -> str:
    """A name for XML, which cannot hold control characters in any spelling."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", name))


def _decimal(number: float) -> str:
    """Without an exponent, which the schema does not take."""
    text = repr(number)
    return format(Decimal(text), "f") if "e" in text else text
