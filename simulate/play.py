"""Plays a timeline in time: sends each message when it is due, without drift, until the end or until stopped."""

from datetime import UTC, datetime

import msgspec
import orjson

from core.text import iso_utc
from core.types import from_micros
from simulate.clock import Clock
from simulate.pace import Pace
from simulate.schedule import Due, schedule
from simulate.sender import Sender
from simulate.timeline import Timeline
from simulate.transports.base import Transport


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How to play.

    speed: how many times as fast as recorded; 0: as fast as the transport takes it, losing nothing.
    interval: wall seconds between two messages of a device (at speed 0: recorded seconds); 0: the recorded rows.
    lead: wall seconds of the past that are sent at once, with the timestamps they would have had, before the paced play
        goes on from now. They end where `start` is, or as much later as it takes to send them: there is no gap.
    start, loop_from: playing times in s; loop_from None: end at the end.
    original_time: keep the recorded timestamps instead of shifting them to now.
    kind, fleet: said in each message when not empty.
    count, duration: end after so many messages, or wall seconds.
    """

    speed: float = 1.0
    interval: float = 1.0
    lead: float = 0.0
    start: float = 0.0
    loop_from: float | None = None
    original_time: bool = False
    kind: str = ""
    fleet: str = ""
    count: int | None = None
    duration: float | None = None


def play(timeline: Timeline, transport: Transport, clock: Clock, options: Options) -> int:
    """Play until the end, the count, the duration, or until `clock` is stopped; return how many were sent.

    Timestamps are the wall time at which a message was due (sent at most pace.SLOT_S later). At speed 0 they are
    the recorded ones shifted so that the recording ends now: all different, none in the future. Raises ValueError
    when speed is 0 and it loops without the original time (it would soon be in the future), or when a loop is
    shorter than the interval.
    """
    if options.speed == 0 and options.loop_from is not None and not options.original_time:
        raise ValueError("a loop without a pace would soon be in the future")
    return _Play(timeline, transport, clock, options).run()


class _Play:
    def __init__(self, timeline: Timeline, transport: Transport, clock: Clock, options: Options) -> None:
        self._timeline, self._options = timeline, options
        self._paced = options.speed > 0
        self._lead = options.lead if self._paced else 0.0
        self._pace = Pace(clock, lead=self._lead, duration=options.duration, paced=self._paced)
        self._sender = Sender(transport, self._pace)
        self._wall_shift = 0.0 if self._paced else options.start - timeline.length
        self._always = {name: value for name, value in (("kind", options.kind), ("fleet", options.fleet)) if value}

    def run(self) -> int:
        options, sender = self._options, self._sender
        messages = schedule(
            self._timeline,
            rate=options.speed if self._paced else 1.0,
            interval=options.interval,
            start=max(0.0, options.start - self._lead * options.speed),
            loop_from=options.loop_from,
        )
        if options.count == 0:
            return 0
        if not self._paced or self._lead:  # it would be over before anyone listens
            if not sender.wait_for_receiver():
                return 0
            if self._paced:
                self._pace.restart()
        for due in messages:
            if not sender.reached(due.after) or not sender.send(self._encode(due), due.device):
                break
            if sender.sent == options.count:
                break
        sender.drain()
        return sender.sent

    def _encode(self, due: Due) -> bytes:
        if self._options.original_time:
            moment = from_micros(self._timeline.recorded_us(due.sample.t))
        else:
            moment = datetime.fromtimestamp(self._pace.moment(due.after) + self._wall_shift, UTC)
        return encode(due, moment, self._always)


def encode(due: Due, moment: datetime, always: dict[str, str]) -> bytes:
    """One native message as JSON, with `moment` as its time. What is not known is left out.

    Positions have 6 decimals (0.1 m), speeds 2 (m/s), altitudes and headings 1. `always` and what was measured
    stand over extras of the same name.
    """
    sample = due.sample
    message: dict[str, object] = {"device_id": due.device, "ts": iso_utc(moment)}
    if sample.lat is not None and sample.lon is not None:
        message["lat"], message["lon"] = round(sample.lat, 6), round(sample.lon, 6)
    if sample.altitude is not None:
        message["altitude"] = round(sample.altitude, 1)
    if sample.speed is not None:
        message["speed"] = round(sample.speed, 2)
    if sample.heading is not None:
        message["heading"] = round(sample.heading, 1) % 360.0
    return orjson.dumps(
        {**message, **sample.extras, **message, **always, **sample.happened}
    )  # twice: it stands first, and it holds
