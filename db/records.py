"""The columns of positions and live states: one RECORD a message, or a device, on its whole way.

Moments are microseconds since 1970 UTC, units SI; NaN stands where a value is not known.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from core.types import Message

RECORD: Final = np.dtype(
    [
        ("ts", "<i8"),
        ("received_at", "<i8"),
        ("lat", "<f8"),
        ("lon", "<f8"),
        ("altitude", "<f4"),
        ("speed", "<f4"),
        ("heading", "<f4"),
        ("id", "<u4"),
    ]
)
VALUE_FIELDS: Final = ("lat", "lon", "altitude", "speed", "heading")

Records = npt.NDArray[np.void]
_NAN: Final = float("nan")


def records_of(messages: Sequence[Message], ids: Sequence[int]) -> Records:
    """One RECORD a message, in their order; `ids` are those of their devices."""
    records = np.empty(len(messages), dtype=RECORD)
    records["id"] = ids
    records["ts"] = [m.ts for m in messages]
    records["received_at"] = [m.received_at for m in messages]
    records["lat"] = [_NAN if m.lat is None else m.lat for m in messages]
    records["lon"] = [_NAN if m.lon is None else m.lon for m in messages]
    records["altitude"] = [_NAN if m.altitude is None else m.altitude for m in messages]
    records["speed"] = [_NAN if m.speed is None else m.speed for m in messages]
    records["heading"] = [_NAN if m.heading is None else m.heading for m in messages]
    return records


def placed(records: Records) -> npt.NDArray[np.bool_]:
    """Where a record has anything that belongs into `position`."""
    known: npt.NDArray[np.bool_] = ~np.isnan(records["lat"])
    for field in ("altitude", "speed", "heading"):
        known |= ~np.isnan(records[field])
    return known


def fill(into: np.void, record: np.void) -> bool:
    """Put what `record` knows into `into`: a later value that is not null wins. True where that changed anything."""
    changed = False
    for field in VALUE_FIELDS:
        value = record[field]
        if not np.isnan(value) and value != into[field]:
            into[field] = value
            changed = True
    return changed
