"""Domain types that cross layers."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

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
    fleet and any other attribute).
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


class LiveState(msgspec.Struct, gc=False):
    """The newest that is known of one device. Moments in microseconds since 1970, SI units.

    `values` holds each measurement's (value, timestamp), which may be older than `ts`.
    """

    ts: int
    received_at: int
    lat: float | None = None
    lon: float | None = None
    altitude: float | None = None
    speed: float | None = None
    heading: float | None = None
    values: dict[str, tuple[float, int]] = msgspec.field(default_factory=dict)

    def advance(self, message: "Message") -> bool:
        """Take over what `message` says, unless it is older; True where anything may have changed.

        A message with a place replaces place, altitude, speed and heading together, so that no old speed stands
        beside a new place; one without, or one of the same moment, fills in what it has.
        """
        newer = message.ts > self.ts
        if not newer and message.ts < self.ts:
            return self._take_values(message)
        if newer and message.lat is not None and message.lon is not None:
            self.lat, self.lon = message.lat, message.lon
            self.altitude, self.speed, self.heading = message.altitude, message.speed, message.heading
        else:
            if message.lat is not None and message.lon is not None:
                self.lat, self.lon = message.lat, message.lon
            if message.altitude is not None:
                self.altitude = message.altitude
            if message.speed is not None:
                self.speed = message.speed
            if message.heading is not None:
                self.heading = message.heading
        self.ts = message.ts
        self.received_at = message.received_at
        self._take_values(message)
        return True

    def _take_values(self, message: "Message") -> bool:
        taken = False
        for name, value in (message.values or {}).items():
            known = self.values.get(name)
            if known is None or message.ts >= known[1]:
                self.values[name] = (value, message.ts)
                taken = True
        return taken
