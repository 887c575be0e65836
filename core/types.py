"""Domain types that cross layers."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
POSITION_METRICS: Final = ("speed", "altitude", "heading")
"""Metrics that live in columns of `position`; all others live in `measurement`."""


class DeviceState(StrEnum):
    """What the map and lists say of a device."""

    MOVING = "moving"
    STOPPED = "stopped"
    SILENT = "silent"


class Message(msgspec.Struct, gc=False):
    """One decoded message, in SI units.

    `ts` and `received_at` are microseconds since 1970 UTC. A field that the sender left out is None. `values`
    are numbers that are no column of `position`; `texts` are short strings about the device (label, kind,
    fleet and any other attribute). `seq` is the sender's own count of its messages. `event` is the type of something
    that happened, `data` what the sender says of it: a JSON object with sorted names. `crossing` is how many went in,
    and how many out.
    """

    device: str
    ts: int
    received_at: int
    lat: float | None = None
    lon: float | None = None
    altitude: float | None = None
    speed: float | None = None
    heading: float | None = None
    values: dict[str, float] | None = None
    texts: dict[str, str] | None = None
    seq: int | None = None
    event: str | None = None
    data: bytes | None = None
    crossing: tuple[int, int] | None = None


class Refused(NamedTuple):
    """A message that cannot be used: why, in a few stable words, what was found, and its bytes.

    The bytes are those from the wire, or, where `native`, the message as decoded: native JSON in SI units. `device` is
    the name of the device that sent it, where that could be read.
    """

    reason: str
    detail: str
    payload: bytes
    native: bool = False
    device: str | None = None


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(micros: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970."""
    return EPOCH + timedelta(microseconds=micros)


def state_of(age_s: float, speed: float | None, *, stopped_below: float, silent_after_s: float) -> DeviceState:
    """The state of a device last heard `age_s` seconds ago at `speed` m/s (None: not known, taken as stopped)."""
    if age_s > silent_after_s:
        return DeviceState.SILENT
    return DeviceState.MOVING if speed is not None and speed >= stopped_below else DeviceState.STOPPED
