"""How many people a space holds, worked out from what passes its doors. Pure: whole numbers, moments in microseconds.

Sensors in doorways miscount, so their sum drifts: by a few a day, until the building holds 700 people at night. Now
and then the true count is known, an **anchor**: the space is empty at its closing hour, or somebody has counted.
Between two anchors lies a **stretch**. Within it

    raw(t)   = the count at its start + the sum of sign * (in - out) of all passages since, as sensors reported them
    drift    = raw at its end - the count that its end is known to have
    share(t) = drift * passages until t / passages of the whole stretch, rounded to the nearest
    count(t) = max(0, raw(t) - share(t))

The drift is spread over passages, not over time, because that is where it comes from: each passage is miscounted with
some small probability, whichever hour it is; nothing is miscounted while nobody passes (the observation model of
Hutchins, Ihler and Smyth, "Modeling count data from multiple sensors: a building occupancy model", CAMPSAP 2007). Only
where a stretch has a drift and no passage at all it is spread over time.

The **error band** is two standard deviations of what is left unknown under the same model. Errors of passages that are
independent add up to a random walk; pinned to known counts at both ends it is a Brownian bridge, whose variance after n
of N passages is v * n * (N - n) / N, with v for one passage. The last stretch has no end yet: there it is v * n.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from core.types import from_micros, to_micros

MISCOUNTED: Final = 0.01
"""Variance of one passage at least: one in a hundred is missed or counted twice, which is what makers of good sensors
promise. A stretch without any drift has had errors that happened to cancel out, not none."""


class AnchorKind(StrEnum):
    """How the true count came to be known."""

    CLOSING = "closing"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Anchor:
    """At `ts`, before anything that passed at that very moment, the space held `count`.

    `kind` None: nobody knows, but counting began there.
    """

    ts: int
    count: int
    kind: AnchorKind | None


@dataclass(frozen=True, slots=True)
class Hours:
    """When a space is open, and at which hour of the day it is known to be empty, by the clock of its zone.

    `opens` after `closes` is open over midnight; without both it is always open.
    """

    zone: str = "UTC"
    opens: time | None = None
    closes: time | None = None
    empty_at: time | None = None

    def last_closing(self, at: int) -> int | None:
        """The last moment at or before `at` at which the space was empty; None where there is no such hour."""
        found = self.closings(at - 2 * _DAY, at)
        return found[-1] if found else None

    def next_closing(self, after: int) -> int | None:
        """The first one behind `after`."""
        found = self.closings(after, after + 2 * _DAY)
        return found[0] if found else None

    def closings(self, after: int, until: int) -> list[int]:
        """All of them behind `after`, up to `until` and with it, in their order.

        An hour that a change of clocks leaves out or repeats is taken as it would have come without the change.
        """
        if self.empty_at is None or until <= after:
            return []
        zone = ZoneInfo(self.zone)
        day = from_micros(after).astimezone(zone).date()
        last = from_micros(until).astimezone(zone).date()
        found = []
        while day <= last:
            moment = to_micros(datetime.combine(day, self.empty_at, zone).astimezone(UTC))
            if after < moment <= until:
                found.append(moment)
            day += timedelta(days=1)
        return found

    def is_open(self, at: datetime) -> bool:
        """Whether the space is open at this moment."""
        if self.opens is None or self.closes is None or self.opens == self.closes:
            return True
        clock = at.astimezone(ZoneInfo(self.zone)).time()
        if self.opens < self.closes:
            return self.opens <= clock < self.closes
        return clock >= self.opens or clock < self.closes


class Band(NamedTuple):
    """The least and the most that a count may have been."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one anchor to the next: `base` at `start`, `passages` and `drift` up to `end`.

    The last one has no `end` yet, and so no drift. `variance` is that of one passage.
    """

    start: int
    base: int
    end: int | None = None
    end_count: int | None = None
    end_kind: AnchorKind | None = None
    passages: int = 0
    drift: int = 0
    variance: float = MISCOUNTED

    @property
    def is_plain(self) -> bool:
        """Whether nothing has happened in it that need be remembered."""
        return self.passages == 0 and self.drift == 0

    def share(self, passages: int, ts: int) -> int:
        """What of the drift lies before `ts`, after so many passages; half a person counts as one."""
        if self.drift == 0 or self.end is None:
            return 0
        done, all_of_it = (passages, self.passages) if self.passages else (ts - self.start, self.end - self.start)
        return (2 * self.drift * done + all_of_it) // (2 * all_of_it)

    def count(self, raw: int, passages: int, ts: int) -> int:
        """The reconciled count at `ts`, where sensors say `raw` after so many passages. Never below 0."""
        return max(0, raw - self.share(passages, ts))

    def band(self, raw: int, passages: int, ts: int) -> Band:
        """Where the true count lies, 19 times out of 20."""
        spread = passages if self.end is None else passages * (self.passages - passages) / max(1, self.passages)
        width = math.ceil(2 * math.sqrt(self.variance * max(0, spread)))
        count = self.count(raw, passages, ts)
        return Band(max(0, count - width), count + width)


def settled(start: Anchor, end: Anchor | None, raw: int, passages: int, before: float = MISCOUNTED) -> Stretch:
    """The stretch from `start` to `end`, at whose end sensors say `raw` after so many passages.

    `before` is the variance of the stretch before, which stands in for that of one that has no end.
    """
    if end is None:
        return Stretch(start.ts, start.count, passages=passages, variance=before)
    drift = raw - end.count
    variance = max(MISCOUNTED, drift * drift / passages) if passages else MISCOUNTED
    return Stretch(start.ts, start.count, end.ts, end.count, end.kind, passages, drift, variance)


@dataclass(frozen=True, slots=True)
class LiveCount:
    """What is known of a space now: `base` at the last anchor, and the sum of signed passages since.

    `known_from` is the first moment of which anything is known, `newest` that of the newest passage, `next_base_at`
    the closing hour after `base_at`: once it has come, and nothing has passed since, the space is empty. `version`
    only grows: of two of a space the one with the greater is newer.
    """

    name: str
    version: int
    base: int
    since: int
    base_at: int | None
    next_base_at: int | None
    known_from: int | None
    newest: int | None

    def count(self, now: int) -> int | None:
        """The count, never below 0; None where nothing is known yet."""
        if self.known_from is None or self.known_from > now:
            return None
        newest = self.known_from if self.newest is None else self.newest
        if self.next_base_at is not None and newest < self.next_base_at <= now:
            return 0
        return max(0, self.base + self.since)


_DAY: Final = 86_400_000_000
