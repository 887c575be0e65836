"""What a source says about itself."""

import time
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["connecting", "receiving", "silent", "waiting", "failed"]
"""connecting: not there yet · receiving · silent: there, but nothing comes · waiting: it makes its sender wait, because
the journal is full · failed: it is tried again after a pause."""


@dataclass
class SourceStatus:
    """What a source has seen since it started. Written by its thread, read by any.

    `received` counts every message that reached this machine, `dropped` those of them that were lost here; `bytes`
    are those of messages taken in. `since` and `last_at` are seconds since 1970.
    """

    received: int = 0
    dropped: int = 0
    bytes: int = 0
    restarts: int = 0
    last_at: float | None = None
    problem: str | None = None
    state: State = "connecting"
    since: float = field(default_factory=time.time, compare=False)

    def receiving(self, within_s: float = 10.0) -> bool:
        """Whether anything came within the last `within_s` seconds."""
        return self.last_at is not None and time.time() - self.last_at <= within_s

    def enter(self, state: State, problem: str | None = None) -> None:
        """Be in `state` from now on, with what is wrong."""
        self.problem = problem
        if state != self.state:
            self.state = state
            self.since = time.time()

    def snapshot(self) -> dict[str, Any]:
        """All of it as plain values, for a page."""
        return {
            "state": self.state,
            "since": self.since,
            "problem": self.problem,
            "receiving": self.receiving(),
            "received": self.received,
            "dropped": self.dropped,
            "bytes": self.bytes,
            "restarts": self.restarts,
            "last_at": self.last_at,
        }
