"""Where each device was at any moment of a recording. Pure: no clock, no files.

Times here are **playing time**: seconds since the first row, without the silences that were cut out.

Between two fixes a device moves evenly along the straight line. Its speed is then that of this movement, not the
recorded one, which belongs to the way before the fix: in the Austin recording it is the mean since the fix before
in 86 of 100 rows. Held on to the next fix it would come two minutes late and contradict the positions sent beside
it (in 1 leg of 12 a bus would stand at 5 m/s, or drive at 0), and the map would flicker between moving and stopped.
The recorded speed is sent where nothing is interpolated: at a device's last fix before a gap, and when only the
recorded rows are played.

What is between the fixes is made up: lines cut corners, and a stop between two fixes is a slower leg.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from core.geo import bearing_deg, distance_m
from simulate.recording import Row

MAX_SILENCE_S: Final = 300.0
MAX_GAP_S: Final = 600.0
MAX_SPEED: Final = 60.0
KEPT_SILENCE_S: Final = 1.0
"""What is left of a silence that is cut out, so that no two fixes of a device fall on the same moment."""
STANDING_BELOW: Final = 0.5
"""m/s; the direction of a slower movement is mostly the noise of the positions."""


class Sample(msgspec.Struct, frozen=True, gc=False):
    """What a device says at moment `t` of the playing time; SI units, degrees. `happened` as in a Row."""

    t: float
    lat: float | None
    lon: float | None
    altitude: float | None
    speed: float | None
    heading: float | None
    extras: dict[str, float | str]
    happened: dict[str, object] = {}


class _Leg(msgspec.Struct, frozen=True, gc=False):
    """The movement from one fix to the next: m/s, and the heading with how far it turns on the way."""

    speed: float
    heading: float | None
    turn: float


class Track:
    """The fixes of one device in order of time, and the movement between those near enough."""

    def __init__(self, device: str, times: Sequence[float], rows: Sequence[Row], *, joined: Sequence[bool]) -> None:
        """`times` strictly ascend and go with `rows`, which all have positions; `joined[i]`: i moves on to i + 1."""
        self.device = device
        self.times = times
        self._rows = rows
        self._legs = _legs(times, rows, joined)

    def at(self, t: float) -> Sample | None:
        """What the device says at `t`; None while it is silent: before its first fix, and in gaps."""
        i = bisect_right(self.times, t) - 1
        if i < 0 or (self._legs[i] is None and self.times[i] != t):
            return None
        return self._sample(i, t)

    def report(self, after: float, until: float) -> Sample | None:
        """What the device says at `until`, or the last fix after `after` if it fell silent since; None: nothing."""
        sample = self.at(until)
        if sample is not None:
            return sample
        i = bisect_right(self.times, until) - 1
        return self._sample(i, self.times[i]) if i >= 0 and self.times[i] > after else None

    def _sample(self, i: int, t: float) -> Sample:
        a, leg = self._rows[i], self._legs[i]
        if leg is None:
            arrived = self._legs[i - 1] if i else None
            heading, speed = a.heading, a.speed
            if arrived is not None:
                heading = _turned(arrived, 1.0) if heading is None else heading
                speed = arrived.speed if speed is None else speed
            return Sample(t, a.lat, a.lon, a.altitude, speed, heading, a.extras)
        b, start = self._rows[i + 1], self.times[i]
        part = (t - start) / (self.times[i + 1] - start)
        lat, lon = between(_place(a), _place(b), part)
        altitude = a.altitude
        if altitude is not None and b.altitude is not None:
            altitude += (b.altitude - altitude) * part
        heading = a.heading if part == 0 and a.heading is not None else _turned(leg, part)
        return Sample(t, lat, lon, altitude, leg.speed, heading, a.extras)


class Timeline:
    """A whole recording: a track for each device, all rows as recorded, and what was cut out."""

    def __init__(
        self,
        rows: Iterable[Row],
        *,
        max_silence: float = MAX_SILENCE_S,
        max_gap: float = MAX_GAP_S,
        max_speed: float = MAX_SPEED,
    ) -> None:
        """Lay out `rows`, in any order.

        max_silence: when nothing at all is heard for longer, in s, that time is cut out.
        max_gap: two fixes of a device further apart, in s, are not joined: it falls silent, as it did in life.
        max_speed: nor are two fixes that it would take more than this, in m/s, to join, unless the recording
            says that the device is that fast (half as fast will do: fixes and speeds are not of one moment).

        Raises ValueError when there are no rows.
        """
        self.rows = sorted(rows, key=lambda row: row.ts)
        if not self.rows:
            raise ValueError("a timeline needs at least one row")
        self.first_us, self.last_us = self.rows[0].ts, self.rows[-1].ts
        # Stretches without a cut: when each begins, in recorded µs since the first row and in playing time, and
        # how much was cut out before it.
        self._begins_us, self._begins_s, self._cut_us = [0], [0.0], [0]
        for before, after in pairwise(self.rows):
            if (silence := after.ts - before.ts) > max_silence * 1e6:
                since, cut = after.ts - self.first_us, self._cut_us[-1] + silence - round(KEPT_SILENCE_S * 1e6)
                self._begins_us.append(since)
                self._begins_s.append((since - cut) / 1e6)
                self._cut_us.append(cut)
        self.times = [self.playing_s(row.ts) for row in self.rows]
        self.length = self.times[-1] + KEPT_SILENCE_S
        self.tracks = self._tracks(max_gap, max_speed)

    @property
    def cuts(self) -> int:
        """How many silences were cut out."""
        return len(self._cut_us) - 1

    def playing_s(self, recorded_us: int) -> float:
        """The playing time of a recorded moment; one within a cut gives the first moment after it."""
        since = recorded_us - self.first_us
        i = max(0, bisect_right(self._begins_us, since) - 1)
        t = (since - self._cut_us[i]) / 1e6
        return min(t, self._begins_s[i + 1]) if i < self.cuts else t

    def recorded_us(self, t: float) -> int:
        """The recorded moment of a playing time, in µs since 1970 UTC."""
        i = max(0, bisect_right(self._begins_s, t) - 1)
        return self.first_us + round(t * 1e6) + self._cut_us[i]

    def as_recorded(self, i: int) -> Sample:
        """Row `i` in order of time, just as it was recorded."""
        row = self.rows[i]
        place = (row.lat, row.lon, row.altitude, row.speed, row.heading)
        return Sample(self.times[i], *place, row.extras, row.happened)

    def _tracks(self, max_gap: float, max_speed: float) -> list[Track]:
        fixes: dict[str, list[tuple[float, Row]]] = {}
        for t, row in zip(self.times, self.rows, strict=True):
            if row.lat is None:
                continue
            track = fixes.setdefault(row.device, [])
            if track and track[-1][0] == t:
                track[-1] = (t, _likelier(track[-1][1], row, track[-2][1] if len(track) > 1 else None))
            else:
                track.append((t, row))
        tracks = []
        for device, fixed in fixes.items():
            times, rows = [t for t, _ in fixed], [row for _, row in fixed]
            joined = [
                b.ts - a.ts <= max_gap * 1e6 and not self._cut_between(s, t) and _plausible(a, b, max_speed)
                for (s, a), (t, b) in pairwise(fixed)
            ]
            tracks.append(Track(device, times, rows, joined=joined))
        return tracks

    def _cut_between(self, t1: float, t2: float) -> bool:
        return bisect_right(self._begins_s, t2) > bisect_right(self._begins_s, t1)


def between(a: tuple[float, float], b: tuple[float, float], part: float) -> tuple[float, float]:
    """The position `part` (0 to 1) of the way from `a` to `b` (lat, lon in degrees), across 180 degrees if shorter."""
    if part <= 0:
        return a
    east = (b[1] - a[1] + 540.0) % 360.0 - 180.0
    lon = (a[1] + east * part + 540.0) % 360.0 - 180.0
    return a[0] + (b[0] - a[0]) * part, lon


def _legs(times: Sequence[float], rows: Sequence[Row], joined: Sequence[bool]) -> list[_Leg | None]:
    """The leg that begins at each fix; None where the device falls silent after it."""
    legs: list[_Leg | None] = []
    heading: float | None = None
    for i, joins in enumerate(joined):
        a, b = rows[i], rows[i + 1]
        heading = heading if a.heading is None else a.heading
        if not joins:
            legs.append(None)
            heading = None
            continue
        here, there = _place(a), _place(b)
        speed = distance_m(*here, *there) / (times[i + 1] - times[i])
        turn = 0.0
        if a.heading is not None and b.heading is not None:
            turn = (b.heading - a.heading + 540.0) % 360.0 - 180.0
        elif speed >= STANDING_BELOW:
            heading = bearing_deg(*here, *there)
        legs.append(_Leg(speed, heading, turn))
    legs.append(None)
    return legs


def _turned(leg: _Leg, part: float) -> float | None:
    return None if leg.heading is None else (leg.heading + leg.turn * part) % 360.0


def _plausible(a: Row, b: Row, max_speed: float) -> bool:
    limit = max(max_speed, 2 * (a.speed or 0.0), 2 * (b.speed or 0.0))
    return distance_m(*_place(a), *_place(b)) <= limit * (b.ts - a.ts) / 1e6


def _likelier(first: Row, second: Row, previous: Row | None) -> Row:
    """Of two rows for one moment the one that goes on as before: the same bus is often listed under two trips."""
    if previous is None:
        return first
    kept = [sum(previous.extras.get(name) == value for name, value in row.extras.items()) for row in (first, second)]
    return second if kept[1] > kept[0] else first


def _place(row: Row) -> tuple[float, float]:
    assert row.lat is not None and row.lon is not None  # noqa: S101, PT018 - tracks take rows with positions only
    return row.lat, row.lon
