"""Recordings sent as they stand: each line a message, at the pace of the timestamps that some formats have in them."""

import gzip
import math
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
import orjson

from core.errors import StartupError
from simulate.pace import Pace
from simulate.recording import find_recording, parse_time
from simulate.sender import Sender
from simulate.timeline import KEPT_SILENCE_S, MAX_SILENCE_S
from simulate.transports.base import Transport

LINES_PER_S: Final = 10.0
_LOOKED_AT: Final = 1000
_TIMES: Final = ("ts", "timestamp", "time", "tst")
_DEVICES: Final = ("device_id", "id", "deviceId", "vehicle_id")
# Orbcomm's time of receipt, a sentence before the one it is about: year, month, day, hour, minute, second, ms.
_PGHP: Final = re.compile(rb"\$PGHP,\d+,(\d{4}),(\d+),(\d+),(\d+),(\d+),(\d+),(\d+),")
_TAG_BLOCK: Final = re.compile(rb"\\(?:[^\\]*,)?c:(\d{10}(?:\d{3})?)[,*\\]")
_AFTER_CHECKSUM: Final = re.compile(rb"!\w{5},.*\*[0-9A-Fa-f]{2}(?:,[^,]*)*,(\d{10})\s*$")
_SBS: Final = re.compile(
    rb"(?:MSG|SEL|ID|AIR|STA|CLK),(?:[^,]*,){5}(\d{4})/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?,"
)


class RawOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to send lines.

    speed: how many times as fast as their timestamps say; 0: as fast as they are taken.
    lines_per_s: a set rate in place of the timestamps; None: LINES_PER_S where there are none.
    loop: begin anew at the end. count, duration: end after so many lines, or seconds.
    """

    speed: float = 1.0
    lines_per_s: float | None = None
    loop: bool = False
    count: int | None = None
    duration: float | None = None


def find_raw(name: str) -> Path:
    """The file that `name` means: any file of lines, or the short name of a recording. Raises StartupError."""
    return find_recording(name)


def send_raw(path: Path, transport: Transport, pace: Pace, options: RawOptions) -> int:
    """Send the lines of a file, blank ones left out; return how many. Raises StartupError where it cannot be read."""
    sender = Sender(transport, pace)
    if options.count == 0 or (not options.speed and options.lines_per_s is None and not sender.wait_for_receiver()):
        return 0
    for after, device, line in timed(path, options):
        if not sender.reached(after) or not sender.send(line, device):
            break
        if sender.sent == options.count:
            break
    sender.drain()
    return sender.sent


def timed(path: Path, options: RawOptions) -> Iterator[tuple[float, str, bytes]]:
    """Each line with when it is due, in s from the beginning, and the device it names (else the file's name).

    A line without a timestamp goes with the one before it, one that goes back in time too. Silences of more than
    five minutes are cut out.
    """
    rate = options.lines_per_s
    if rate is None and not has_timestamps(path):
        rate = LINES_PER_S
    speed = options.speed or math.inf
    name = Path(path.name.removesuffix(".gz")).stem
    number, began = 0, 0.0
    while True:
        after = began
        before: float | None = None
        lines_before = number
        for line in read_lines(path):
            if rate is not None:
                after = number / rate
            else:
                stamp, at = stamp_of(line), before
                if stamp is not None:
                    gap = 0.0 if at is None else stamp - at
                    after += (KEPT_SILENCE_S if gap > MAX_SILENCE_S else max(gap, 0.0)) / speed
                    before = stamp if at is None else max(stamp, at)
            number += 1
            yield after, _device_of(line) or name, line
        if not options.loop or number == lines_before:
            return
        began = after + (KEPT_SILENCE_S / speed)


def has_timestamps(path: Path) -> bool:
    """Whether any of the first thousand lines has a timestamp. Raises StartupError where they cannot be read."""
    return any(stamp_of(line) is not None for line, _ in zip(read_lines(path), range(_LOOKED_AT), strict=False))


def stamp_of(line: bytes) -> float | None:
    """When a line was recorded, in s since 1970 UTC; None where it does not say.

    Read from: native JSON; NMEA with a tag block (`c:`), with the receiver's time behind the checksum, or $PGHP; SBS.
    """
    if line[:1] == b"{":
        return _json_stamp(line)
    if found := _TAG_BLOCK.match(line) or _AFTER_CHECKSUM.match(line):
        number = int(found[1])
        return number / 1000 if number > 1e11 else float(number)
    found = _PGHP.match(line)
    unit = 1000
    if found is None:
        found, unit = _SBS.match(line), 1_000_000
    if found is None:
        return None
    parts = [int(part or 0) for part in found.groups()]
    if unit > 1000 and found[7]:
        parts[6] = int(found[7].ljust(6, b"0"))
    try:
        whole = datetime(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], tzinfo=UTC)
    except ValueError:
        return None
    return whole.timestamp() + parts[6] / unit


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file, plain or gzipped, without their ends; blank ones are left out. Raises StartupError."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
            for line in lines:
                if stripped := line.rstrip(b"\r\n"):
                    yield stripped
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise StartupError(f"{path} is damaged: it is not a whole gzip file. Copy it again.") from None
    except OSError as error:
        raise StartupError(f"{path} cannot be read: {error.strerror or error}.") from None


def _json_stamp(line: bytes) -> float | None:
    message = _object(line)
    for name in _TIMES:
        if message.get(name) is not None:
            try:
                return parse_time(message[name]) / 1e6
            except ValueError:
                return None
    return None


def _device_of(line: bytes) -> str:
    if line[:1] != b"{":
        return ""
    message = _object(line)
    return str(next((message[name] for name in _DEVICES if message.get(name) is not None), ""))


def _object(line: bytes) -> dict[str, object]:
    try:
        value = orjson.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
