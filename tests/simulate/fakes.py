"""Real in-memory implementations of what a play needs, and rows to play."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from simulate.recording import Row

EPOCH_US = 1_425_708_000_000_000  # 2015-03-07T06:00:00Z


def row(device: str, at_s: float, lat: float | None = 30.0, lon: float | None = -97.0, **more: Any) -> Row:
    """A row `at_s` seconds after 2015-03-07T06:00Z."""
    return Row(device, EPOCH_US + round(at_s * 1e6), lat, lon, **more)


@dataclass
class FakeClock:
    """Time that passes only in `sleep`. `late` is added to each sleep; `stop_at` ends the play then."""

    now: float = 1000.0
    wall_at: float = 2_000_000_000.0
    late: float = 0.0
    stop_at: float = float("inf")
    slept: int = 0

    @property
    def stopped(self) -> bool:
        return self.now >= self.stop_at

    def monotonic(self) -> float:
        return self.now

    def wall(self) -> float:
        return self.wall_at

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.wall_at += seconds

    def sleep(self, seconds: float) -> bool:
        self.slept += 1
        self.pass_time(max(0.0, seconds) + self.late)
        return self.stopped


@dataclass
class MemoryTransport:
    """Keeps what was sent, with the time of sending; refuses `refusals` times before each message it takes.

    Taking one costs `cost_s`."""

    clock: FakeClock
    refusals: int = 0
    receiver_at: float = 0.0
    sent: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    closed: bool = False
    cost_s: float = 0.0
    _refused: int = 0

    def has_receiver(self) -> bool:
        return self.clock.now >= self.receiver_at

    def send(self, payload: bytes, device: str = "") -> bool:
        if self._refused < self.refusals:
            self._refused += 1
            return False
        self._refused = 0
        self.clock.pass_time(self.cost_s)
        self.sent.append((self.clock.now, orjson.loads(payload)))
        return True

    def flush(self) -> int:
        return 0

    def account(self) -> dict[str, int]:
        return {"lost": 0}

    def close(self) -> None:
        self.closed = True

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [message for _, message in self.sent]


@dataclass
class LineTransport:
    """Keeps lines as they were sent, with the time of sending."""

    clock: FakeClock
    sent: list[tuple[float, bytes]] = field(default_factory=list)

    def has_receiver(self) -> bool:
        return True

    def send(self, payload: bytes, device: str = "") -> bool:
        self.sent.append((self.clock.now, payload))
        return True

    def flush(self) -> int:
        return 0

    def account(self) -> dict[str, int]:
        return {"lost": 0}

    def close(self) -> None:
        """Nothing is held."""
