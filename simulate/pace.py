"""When it is time for the next message, without drift, and whether a process was suspended or a clock set or not."""

from typing import Final

from simulate.clock import Clock

SLOT_S: Final = 0.02
"""Sleeps are not shorter: what falls due meanwhile goes out together. 50 wakes a second, however many devices."""
MAX_LAG_S: Final = 5.0
"""Further behind than this, the process was suspended: what was missed is not sent in a burst, the play goes on."""
MAX_STEP_S: Final = 1.0
"""The wall clock was set when it moves by more than this against the monotonic one; timestamps follow it."""


class Pace:
    """Turns seconds of a play into moments of `clock`.

    lead: seconds of the play that lie in the past when it begins. They, and what falls due while they are sent, go as
        fast as they can be sent: only from the first message on that is not yet due does being late mean that the
        process was suspended.
    duration: it is over after so many seconds.
    paced: False: nothing is ever waited for.
    """

    def __init__(self, clock: Clock, *, lead: float = 0.0, duration: float | None = None, paced: bool = True) -> None:
        self.clock = clock
        self._paced, self._lead = paced, lead
        began = clock.monotonic()
        self._ends = began + duration if duration is not None else float("inf")
        self._origin = began - lead  # the monotonic time that the seconds of the play count from
        self._wall_offset = clock.wall() - began
        self._catching_up = lead > 0

    @property
    def over(self) -> bool:
        """Whether it was stopped, or the duration has passed."""
        return self.clock.stopped or self.clock.monotonic() >= self._ends

    def restart(self) -> None:
        """Let the play begin now: whoever listens came only now. The duration counts from the first beginning."""
        self._origin = self.clock.monotonic() - self._lead

    def wait_s(self, after: float) -> float:
        """How long it is until `after` seconds of the play, in s; below 0 it is late, and a suspended play goes on."""
        if not self._paced:
            return 0.0
        wait = self._origin + after - self.clock.monotonic()
        if wait > 0:
            self._catching_up = False
        elif wait < -MAX_LAG_S and not self._catching_up:
            self._origin -= wait
        return wait

    def sleep(self, wait: float) -> bool:
        """Sleep `wait` s, or a slot if that is longer. False: it was stopped."""
        clock = self.clock
        if clock.sleep(min(max(wait, SLOT_S), self._ends - clock.monotonic())):
            return False
        step = clock.wall() - clock.monotonic() - self._wall_offset
        if abs(step) > MAX_STEP_S:
            self._wall_offset += step
        return True

    def moment(self, after: float) -> float:
        """The wall time, in s since 1970 UTC, at which `after` seconds of the play are due."""
        return self._wall_offset + self._origin + after
