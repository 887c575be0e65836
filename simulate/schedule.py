"""Which device says what, and when: a timeline laid out over the seconds of a play. Pure: nothing sleeps here."""

import heapq
import itertools
import math
import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from operator import attrgetter

import msgspec

from simulate.timeline import Sample, Timeline, Track


class Due(msgspec.Struct, frozen=True, gc=False):
    """One message, due `after` seconds from the start of the play."""

    after: float
    device: str
    sample: Sample


def schedule(
    timeline: Timeline, *, rate: float = 1.0, interval: float = 1.0, start: float = 0.0, loop_from: float | None = None
) -> Iterator[Due]:
    """The messages of a play in the order in which they are due.

    rate: seconds of playing time that pass in one second of the play.
    interval: seconds of the play between two messages of a device; 0 plays the recorded rows, faults and all.
    start: the playing time at which the play begins.
    loop_from: the playing time at which to go on when the end is reached; None ends there.

    Rows without a position cannot be interpolated, and what happened did so once: both are played as recorded. Raises
    ValueError when a loop would be shorter than the interval.
    """
    if loop_from is not None and interval * rate >= timeline.length - loop_from:
        raise ValueError("the interval is longer than the loop")
    if interval <= 0:
        return _recorded(timeline, range(len(timeline.rows)), rate, start, loop_from)
    evenly = _evenly(timeline, rate, interval, start, loop_from)
    loose = [i for i, row in enumerate(timeline.rows) if row.lat is None or row.happened]
    if not loose:
        return evenly
    return heapq.merge(evenly, _recorded(timeline, loose, rate, start, loop_from), key=attrgetter("after"))


def phase(device: str) -> float:
    """When within its interval a device reports, 0 <= phase < 1: always the same, and spread over all devices."""
    return zlib.crc32(device.encode()) / 2**32


def _recorded(
    timeline: Timeline, indexes: Sequence[int], rate: float, start: float, loop_from: float | None
) -> Iterator[Due]:
    begin, elapsed = start, -start  # `elapsed` + playing time = seconds of playing time since the start of the play
    while True:
        for i in indexes[bisect_left(indexes, begin, key=timeline.times.__getitem__) :]:
            yield Due((timeline.times[i] + elapsed) / rate, timeline.rows[i].device, timeline.as_recorded(i))
        if loop_from is None or not indexes or timeline.times[indexes[-1]] < loop_from:
            return
        begin, elapsed = loop_from, elapsed + timeline.length - loop_from


def _evenly(timeline: Timeline, rate: float, interval: float, start: float, loop_from: float | None) -> Iterator[Due]:
    turns = [_Turn(track, phase(track.device), start) for track in timeline.tracks]
    turns.sort(key=attrgetter("phase"))
    for number in itertools.count():
        for turn in turns:
            after = (number + turn.phase) * interval
            t = start + after * rate
            if t >= timeline.length and loop_from is not None:
                laps, into = divmod(t - timeline.length, timeline.length - loop_from)
                sample = turn.again(int(laps) + 1, loop_from + into, loop_from)
            else:
                sample = turn.report(t)
            if sample is not None:
                yield Due(after, turn.track.device, sample)
        # Devices that have nothing more to say drop out, so that this ends, and never spins without a message.
        ends = start + number * interval * rate
        if loop_from is None:
            turns = [turn for turn in turns if turn.track.times[-1] > turn.said]
        elif ends >= timeline.length:
            turns = [turn for turn in turns if turn.track.times[-1] >= loop_from]
        if not turns:
            return


class _Turn:
    """A device's place in the round: up to which playing time, of which lap, it has reported."""

    __slots__ = ("lap", "phase", "said", "track")

    def __init__(self, track: Track, phase: float, start: float) -> None:
        self.track, self.phase, self.lap = track, phase, 0
        self.said = math.nextafter(start, -math.inf)

    def report(self, t: float) -> Sample | None:
        sample = self.track.report(self.said, t)
        self.said = t
        return sample

    def again(self, lap: int, t: float, loop_from: float) -> Sample | None:
        """Report in a later lap; at its first turn there, the last fix of the lap before, if it was not yet said."""
        if lap == self.lap:
            return self.report(t)
        rest = self.track.report(self.said, math.inf)
        self.lap, self.said = lap, math.nextafter(loop_from, -math.inf)
        return rest or self.report(t)
