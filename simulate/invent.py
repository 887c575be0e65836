"""Lets an invented fleet report: moves it, writes its messages, puts faults in, and sends them in time."""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import numpy as np
import orjson

from core.text import iso_utc
from simulate.building import Building
from simulate.faults import FaultCounts, Faults, Message
from simulate.fleet import Fleet
from simulate.pace import SLOT_S, Pace
from simulate.sender import Sender
from simulate.transports.base import Transport

_MOST_SLOTS: Final = 500
_PATIENCE_S: Final = 1.0
"""A subscriber needs a moment to connect: nobody is told of that."""


class InventOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How the fleet reports.

    rate: messages a second a device. count: end when so many were made; None: go on until the pace is over.
    clock_skew: s; `skewed` (0 to 1) of the vehicles have clocks that are up to this much fast or slow.
    events: a vehicle that has come to a stop says door_open, and one that goes on door_close.
    """

    rate: float = 1.0
    count: int | None = None
    clock_skew: float = 0.0
    skewed: float = 0.1
    events: bool = False


class Report(msgspec.Struct, kw_only=True):
    """What was sent, exactly: made - dropped + duplicates = sent + unsent.

    made: messages that the devices wrote, each with its own `seq`. sent: taken by the transport, copies included.
    unsent: not taken any more as it was stopped. skewed: made by the `skewed_devices`, whose clocks are off.
    waits: how often nobody listened for longer than a moment. transport: what that knows of their further fate.
    """

    devices: int
    made: int = 0
    sent: int = 0
    unsent: int = 0
    skewed_devices: int = 0
    skewed: int = 0
    waits: int = 0
    seconds: float = 0.0
    faults: FaultCounts = msgspec.field(default_factory=FaultCounts)
    transport: dict[str, int] = {}


class Invention:
    """A fleet, and the doors of a building where there is one, that report through a transport."""

    def __init__(
        self,
        fleet: Fleet,
        faults: Faults,
        transport: Transport,
        pace: Pace,
        options: InventOptions,
        *,
        seed: int,
        building: Building | None = None,
    ) -> None:
        self._fleet, self._faults, self._transport = fleet, faults, transport
        self._building = building
        doors = building.doors if building else []
        self._pace, self._options = pace, options
        self._sender = Sender(transport, pace)
        count = len(fleet.names)
        self._interval = 1 / options.rate
        self._slots = max(1, min(count, _MOST_SLOTS, round(self._interval / SLOT_S)))
        self._parts = [
            slice(count * i // self._slots, count * (i + 1) // self._slots) for i in range(self._slots)
        ]  # each reports at a moment of its own, so that the load is even
        self._skew = _skews(count, options, seed)
        self._seq = [0] * count
        self._door_seq = dict.fromkeys(doors, 0)
        self._open = np.zeros(count, dtype=bool)
        self.report = Report(
            devices=count + len(doors), skewed_devices=sum(skew != 0 for skew in self._skew), faults=faults.counts
        )

    def run(self, notice: Callable[[str], None] = lambda _line: None) -> Report:
        """Report until the count, the duration, or until stopped; return what was sent. `notice` takes lines."""
        began = self._pace.clock.monotonic()
        try:
            if self._someone_listens(notice):
                self._pace.restart()
                began = self._pace.clock.monotonic()
                if self._go(notice):
                    self._send(self._faults.rest())
                self._sender.drain()
        finally:
            report = self.report
            report.sent = self._sender.sent
            report.unsent = report.made - report.faults.dropped + report.faults.duplicates - report.sent
            report.seconds = round(self._pace.clock.monotonic() - began, 3)
        return report

    def _go(self, notice: Callable[[str], None]) -> bool:
        """Whether it came to its own end: False when it was stopped on the way."""
        for number in itertools.count():
            after = number * self._interval / self._slots
            while (due := self._faults.next_late()) <= after:
                if not self._sender.reached(due) or not self._send(self._faults.release(due)):
                    return not self._pace.clock.stopped
            if not self._sender.reached(after) or not self._someone_listens(notice):
                return not self._pace.clock.stopped
            messages = self._messages(self._parts[number % self._slots], after)
            messages += self._crossings(after)[: self._left(len(messages))]
            self.report.made += len(messages)
            if not self._send(self._faults.passed(messages, after)):
                return not self._pace.clock.stopped
            if self.report.made == self._options.count:
                return True
        raise AssertionError  # itertools.count() does not end

    def _send(self, messages: Iterable[Message]) -> bool:
        """Send them; False: it was stopped before. What was made is sent also when the time is up meanwhile."""
        return all(self._sender.send(payload, device, final=True) for device, payload in messages)

    def _someone_listens(self, notice: Callable[[str], None]) -> bool:
        if self._transport.has_receiver() or self._sender.wait_for_receiver(_PATIENCE_S):
            return True
        if self._pace.over:
            return False
        self.report.waits += 1
        notice("Nobody listens. Waiting.")
        return self._sender.wait_for_receiver()

    def _messages(self, part: slice, after: float) -> list[Message]:
        """Move the vehicles of `part` and write what they say, with the time `after` s of the play."""
        if (left := self._left(0)) is not None:
            part = slice(part.start, min(part.stop, part.start + left))
        self._fleet.move(part, self._interval)
        events = self._events(part)
        moment = datetime.fromtimestamp(self._pace.moment(after), UTC)
        ts = iso_utc(moment)
        messages = []
        for index, fields in enumerate(_fields(self._fleet, part), start=part.start):
            seq = self._seq[index] = self._seq[index] + 1
            name, skew = self._fleet.names[index], self._skew[index]
            if skew:
                self.report.skewed += 1
            said = iso_utc(moment + timedelta(seconds=skew)) if skew else ts
            event = {"event": events[index]} if index in events else {}
            messages.append((name, orjson.dumps({"device_id": name, "seq": seq, "ts": said, **fields, **event})))
        return messages

    def _left(self, made: int) -> int | None:
        """How many may still be made behind these `made`; None: any number."""
        return None if self._options.count is None else self._options.count - self.report.made - made

    def _events(self, part: slice) -> dict[int, str]:
        """What happened to vehicles of `part` since they were moved before, by their number."""
        if not self._options.events:
            return {}
        stands = self._fleet.speed[part] == 0
        changed = np.flatnonzero(stands != self._open[part]) + part.start
        self._open[part] = stands
        return {int(index): "door_open" if self._open[index] else "door_close" for index in changed}

    def _crossings(self, after: float) -> list[Message]:
        """What the doors of the building say up to `after` s of the play, each at its own moment."""
        messages = []
        for at, door, direction in self._building.passages(after) if self._building else ():
            seq = self._door_seq[door] = self._door_seq[door] + 1
            ts = iso_utc(datetime.fromtimestamp(self._pace.moment(at), UTC))
            messages.append((door, orjson.dumps({"device_id": door, "seq": seq, "ts": ts, "direction": direction})))
        return messages


def _fields(fleet: Fleet, part: slice) -> Iterator[dict[str, Any]]:
    """What each vehicle of `part` says beside name and time: 6 decimals of a degree are 0.1 m."""
    columns = (
        np.round(fleet.lat[part], 6),
        np.round((fleet.lon[part] + 180) % 360 - 180, 6),
        np.round(fleet.altitude(part), 1),
        np.round(fleet.speed[part], 2),
        np.round(np.degrees(fleet.heading[part]), 1) % 360,
        np.round(fleet.battery[part], 4),
    )
    rows = zip(*(column.tolist() for column in columns), fleet.kinds[part], fleet.fleets[part], strict=True)
    for lat, lon, altitude, speed, heading, battery, kind, owner in rows:
        yield {
            "lat": lat,
            "lon": lon,
            "altitude": altitude,
            "speed": speed,
            "heading": heading,
            "battery": battery,
            "kind": kind,
            "fleet": owner,
        }


def _skews(count: int, options: InventOptions, seed: int) -> list[float]:
    """How far each device's clock is off, in s; 0 for most."""
    if not options.clock_skew:
        return [0.0] * count
    draw = np.random.default_rng([seed, 2])
    off = np.round(draw.uniform(-options.clock_skew, options.clock_skew, count), 3)
    skews: list[float] = np.where(draw.random(count) < options.skewed, off, 0.0).tolist()
    return [skew if math.isfinite(skew) else 0.0 for skew in skews]
