"""An invented building: people come and go through its doors, and the sensor at each door says so."""

from typing import Final

import numpy as np

PASSAGES_A_MINUTE: Final = 6.0
"""Of one door, on average."""
INSIDE_A_DOOR: Final = 15
"""So many people are in at most times, for each door: more come while there are fewer, more go while there are more."""
_LEAST_S: Final = 0.002
"""Between two passages: times are said in ms, and two of one door at one moment would be one."""


class Building:
    """`doors` doors, named `prefix`door-1 and on. `inside`: people in, never below 0; empty at first.

    The same seed gives the same people, whenever they are asked for.
    """

    def __init__(self, doors: int, *, seed: int, prefix: str = "") -> None:
        digits = len(str(doors))
        self.doors = [f"{prefix}door-{number:0{digits}}" for number in range(1, doors + 1)]
        self.inside = 0
        self._random = np.random.default_rng([seed, 3])
        self._next = self._wait()

    def passages(self, until: float) -> list[tuple[float, str, int]]:
        """Those up to `until` s that were not given yet: when (s), the door, and 1 (in) or -1 (out)."""
        found = []
        while self.doors and self._next <= until:
            goes_in = self._random.random() < 1 - self.inside / (2 * INSIDE_A_DOOR * len(self.doors))
            direction = 1 if goes_in else -1
            self.inside += direction
            found.append((self._next, self.doors[self._random.integers(len(self.doors))], direction))
            self._next += self._wait()
        return found

    def _wait(self) -> float:
        each = 60 / (PASSAGES_A_MINUTE * max(1, len(self.doors)))
        return _LEAST_S + float(self._random.exponential(each))
