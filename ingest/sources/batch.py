"""Micro-batches: what came within some milliseconds goes to the journal together, with one sync to disk for all."""

import time
from collections.abc import Callable
from typing import Final

BATCH: Final = 5_000
BATCH_BYTES: Final = 16 * 1024 * 1024
BATCH_S: Final = 0.02
"""A micro-batch ends at so many messages or bytes, or after so many seconds."""
_CLOCK_EVERY: Final = 256
"""Messages between two looks at the clock, where there is always one more."""


def gather(
    receive: Callable[[], bytes],
    wait: Callable[[float], bool],
    *,
    nothing: type[Exception] = BlockingIOError,
    within_s: float = BATCH_S,
    most_bytes: int | None = None,
) -> list[bytes]:
    """A micro-batch: what `receive` gives until it has raised `nothing` and `wait` has seen no more come.

    `wait` gets the seconds that are left and says whether to look again. With 0 for `within_s` it is never called:
    only what is there already is taken, however long that takes.
    """
    batch: list[bytes] = []
    append = batch.append
    size = 0
    most = BATCH_BYTES if most_bytes is None else most_bytes
    end = time.monotonic() + within_s
    while len(batch) < BATCH and size < most:
        try:
            payload = receive()
        except nothing:
            remaining = end - time.monotonic()
            if remaining <= 0 or not wait(remaining):
                break
            continue
        append(payload)
        size += len(payload)
        if within_s and len(batch) % _CLOCK_EVERY == 0 and time.monotonic() >= end:
            break
    return batch
