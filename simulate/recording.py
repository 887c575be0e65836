"""Recordings of real devices: one JSON object a line, plain or gzipped, read into typed rows in SI units.

Recordings keep the faults of the devices that made them. A line that cannot be used is counted, not fatal.
"""

import gzip
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import orjson

from core.errors import StartupError
from core.types import to_micros
from core.units import speed_factor

DATA: Final = Path(__file__).parent / "data"
SUFFIXES: Final = (".ndjson.gz", ".ndjson", ".jsonl", ".jsonl.gz")
SPEED_UNITS: Final = {"transit-austin-2015": "mph"}
"""Units of speed of the recordings in this repository, where they are not m/s."""

_DEVICE: Final = ("device_id", "id", "deviceId", "vehicle_id")
_TIME: Final = ("ts", "timestamp", "time", "tst")
_LAT: Final = ("lat", "latitude")
_LON: Final = ("lon", "lng", "longitude")
_ALTITUDE: Final = ("altitude", "alt")
_SPEED: Final = ("speed", "velocity")
_HEADING: Final = ("heading", "bearing", "course", "track")
_HAPPENED: Final = ("event", "data", "direction", "count", "in", "out")
_KNOWN: Final = frozenset((*_DEVICE, *_TIME, *_LAT, *_LON, *_ALTITUDE, *_SPEED, *_HEADING, *_HAPPENED))
_END_OF_TIME_US: Final = 253_402_300_800 * 1_000_000  # the year 10000, where datetime ends


class Row(msgspec.Struct, frozen=True, gc=False):
    """One line of a recording.

    `ts` is µs since 1970 UTC, positions are degrees WGS 84, `speed` m/s, `altitude` m, `heading` degrees true.
    `lat` and `lon` are both given or both None. `extras` are all other numbers and strings, as recorded; names
    that end in `_id` are strings even where they were written as numbers. `happened` are the fields of an event or a
    crossing, as recorded: they are of this moment alone.
    """

    device: str
    ts: int
    lat: float | None = None
    lon: float | None = None
    speed: float | None = None
    altitude: float | None = None
    heading: float | None = None
    extras: dict[str, float | str] = {}
    happened: dict[str, object] = {}


class Recording(msgspec.Struct, frozen=True):
    """What a file held: its rows in the order of the file, and how many lines could not be used."""

    name: str
    rows: list[Row]
    skipped: int = 0
    first_fault: str = ""


def recordings() -> list[str]:
    """The short names of the recordings in this repository."""
    return sorted(_short_name(path) for path in DATA.iterdir() if path.name.endswith(SUFFIXES))


def find_recording(name: str) -> Path:
    """The file that `name` means: a path, or the short name of a recording in this repository.

    Raises StartupError that names the recordings there are.
    """
    path = Path(name)
    if path.is_file():
        return path
    if name in recordings():
        return next(DATA / (name + suffix) for suffix in SUFFIXES if (DATA / (name + suffix)).is_file())
    what = "is a folder, not a recording" if path.is_dir() else "is not there"
    raise StartupError(f"{name} {what}. Name a .ndjson or .ndjson.gz file, or one of: {', '.join(recordings())}.")


def read_recording(path: Path, *, speed_unit: str | None = None) -> Recording:
    """Read a whole recording into memory.

    `speed_unit` is the unit of its speeds; None: as known for a recording of this repository, otherwise m/s.
    Raises StartupError when the file cannot be read or has no usable line, ValueError for an unknown unit.
    """
    name = _short_name(path)
    if speed_unit is None:
        speed_unit = SPEED_UNITS.get(name, "m/s") if path.parent == DATA else "m/s"
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            recording = parse(lines, name=name, speed_unit=speed_unit)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise StartupError(f"{path} is damaged: it is not a whole gzip file. Copy it again.") from None
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror or error}.") from None
    if not recording.rows:
        why = recording.first_fault or "it is empty"
        raise StartupError(f"{path} is not a recording ({why}). Expected one JSON object a line with device_id and ts.")
    return recording


def parse(lines: Iterable[bytes], *, name: str = "", speed_unit: str = "m/s") -> Recording:
    """Rows from lines of JSON. Blank lines do not count. Raises ValueError for an unknown unit of speed."""
    factor = speed_factor(speed_unit)
    faults: list[str] = []
    rows = list(_rows(lines, factor, faults))
    return Recording(name=name, rows=rows, skipped=len(faults), first_fault=faults[0] if faults else "")


def parse_time(value: object) -> int:
    """µs since 1970 UTC from ISO 8601 (UTC where it names no zone) or a number of s, ms or µs.

    Raises ValueError when it is neither, or outside the years 1970 to 9999.
    """
    if isinstance(value, str):
        moment = datetime.fromisoformat(value)
        micros = to_micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    elif (number := _number(value)) is not None:
        # Seconds reach 1e11 in the year 5138, milliseconds were there in 1973: what is larger is a finer unit.
        micros = (
            round(number * 1_000_000) if number < 1e11 else round(number * 1000) if number < 1e14 else round(number)
        )
    else:
        raise ValueError("no time")
    if not 0 <= micros < _END_OF_TIME_US:
        raise ValueError(f"time out of range: {value!r}")
    return micros


def _rows(lines: Iterable[bytes], factor: float, faults: list[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _row(orjson.loads(line), factor)
        except ValueError as error:  # orjson.JSONDecodeError is one
            why = "not JSON" if isinstance(error, orjson.JSONDecodeError) else str(error)
            faults.append(f"line {number}: {why}")


def _row(message: object, factor: float) -> Row:
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")
    device = _first(message, _DEVICE)
    if isinstance(device, bool) or not isinstance(device, str | int) or device == "":
        raise ValueError("no device")
    ts = parse_time(_first(message, _TIME))
    lat, lon = _number(_first(message, _LAT)), _number(_first(message, _LON))
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180:
        lat = lon = None  # AIS says 91 and 181 where it does not know
    speed = _number(_first(message, _SPEED))
    headings = (_number(message.get(name)) for name in _HEADING)
    return Row(
        device=str(device),
        ts=ts,
        lat=lat,
        lon=lon,
        speed=speed * factor if speed is not None and speed >= 0 else None,
        altitude=_number(_first(message, _ALTITUDE)),
        heading=next((h % 360.0 for h in headings if h is not None and 0 <= h <= 360), None),  # AIS: 511 is unknown
        extras=_extras(message),
        happened={name: message[name] for name in _HAPPENED if message.get(name) is not None},
    )


def _extras(message: Mapping[str, object]) -> dict[str, float | str]:
    extras: dict[str, float | str] = {}
    for name, value in message.items():
        if name in _KNOWN or value is None or value == "":
            continue
        if isinstance(value, str):
            extras[name] = value
        elif isinstance(value, bool):
            extras[name] = int(value)
        elif isinstance(value, int | float) and math.isfinite(value):
            extras[name] = str(value) if name.endswith("_id") else value
    return extras


def _first(message: Mapping[str, object], names: Iterable[str]) -> object:
    return next((value for name in names if (value := message.get(name)) is not None), None)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _short_name(path: Path) -> str:
    suffix = next((suffix for suffix in SUFFIXES if path.name.endswith(suffix)), "")
    return path.name.removesuffix(suffix)
