"""Encodes what the live WebSocket sends; docs/live-protocol.md is the description that viewers rely on."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from db.records import RECORD, Records

VERSION: Final = 2
NOWHERE: Final = -(2**31)
UNKNOWN: Final = 0xFFFF
_HEADER: Final = struct.Struct("<2sBBIdIIIIIIIIII")
_NO_AGE: Final = 0xFFFFFFFF
_PAUSED: Final = 1
_VALUED: Final = 2

Ids = npt.NDArray[np.intp]
NO_IDS: Final[Ids] = np.empty(0, np.intp)


class Kind(IntEnum):
    """What a binary frame is."""

    SNAPSHOT = 1
    DELTA = 2
    HEARTBEAT = 3


@dataclass(frozen=True, slots=True)
class Totals:
    """The whole fleet in numbers. `newest_us` is the moment of its newest data, µs since 1970."""

    total: int = 0
    moving: int = 0
    stopped: int = 0
    silent: int = 0
    unlocated: int = 0
    newest_us: int | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """Devices as they stand on the wire, but for `ts`, µs since 1970. `value` is there where a metric was asked for."""

    id: npt.NDArray[np.uint32]
    lat: npt.NDArray[np.int32]
    lon: npt.NDArray[np.int32]
    ts: npt.NDArray[np.int64]
    speed: npt.NDArray[np.uint16]
    heading: npt.NDArray[np.uint16]
    value: npt.NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.id)

    def valued(self, value: npt.NDArray[np.float32]) -> "Columns":
        """The same with these values of a metric."""
        return replace(self, value=value)


def columns_of(records: Records) -> Columns:
    """Live states as the wire has them."""
    located = (np.abs(records["lat"]) <= 90) & (np.abs(records["lon"]) <= 180)  # False for NaN
    with np.errstate(invalid="ignore"):
        lat = np.where(located, np.rint(records["lat"] * 1e7), NOWHERE).astype("<i4")
        lon = np.where(located, np.rint(records["lon"] * 1e7), NOWHERE).astype("<i4")
        speed = _unsigned_16(records["speed"] * 100)
        # 359.999 would round to 36000: a heading is below 360.
        heading = _unsigned_16(np.rint(records["heading"] * 100) % 36000)
    return Columns(np.ascontiguousarray(records["id"]), lat, lon, records["ts"], speed, heading)


def _unsigned_16(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    return np.where(np.isnan(values), UNKNOWN, np.clip(np.rint(values), 0, UNKNOWN - 1)).astype("<u2")


NO_DEVICES: Final = columns_of(np.empty(0, RECORD))


def binary_frame(
    kind: Kind,
    columns: Columns,
    *,
    now_us: int,
    totals: Totals,
    sequence: int,
    paused: bool,
    left: Ids = NO_IDS,
) -> bytes:
    """One binary frame of these devices as of `now_us` (µs since 1970); `left` are ids that are not in view now."""
    newest = totals.newest_us
    newest_age = _NO_AGE if newest is None else min(max(0, (now_us - newest) // 1000), _NO_AGE - 1)
    valued = columns.value is not None
    header = _HEADER.pack(
        b"WP",
        VERSION,
        kind,
        len(columns),
        now_us / 1000,
        totals.total,
        sequence & 0xFFFFFFFF,
        newest_age,
        _PAUSED * paused | _VALUED * valued,
        totals.moving,
        totals.stopped,
        totals.silent,
        totals.unlocated,
        len(left),
        0,
    )
    if len(columns) == 0 and len(left) == 0:
        return header
    # Of a few hundred numbers np.clip takes twice as long.
    age = np.minimum(np.maximum((now_us - columns.ts) // 1000, 0), _NO_AGE - 1).astype("<u4")
    parts = [columns.id, columns.lat, columns.lon, age, columns.value, columns.speed, columns.heading]
    return b"".join((header, *(p.tobytes() for p in parts if p is not None), left.astype("<u4").tobytes()))


def hello(*, stopped_below: float, silent_after_s: int) -> bytes:
    """The first text frame."""
    return orjson.dumps(
        {"type": "hello", "version": VERSION, "stopped_below": stopped_below, "silent_after_s": silent_after_s}
    )


Described = tuple[int, str, str | None, str | None, str | None]
"""id, name, label, kind, fleet."""


def devices_frame(devices: Sequence[Described]) -> bytes:
    """The text frame that says what the ids of binary frames stand for."""
    columns: list[Any] = [list(column) for column in zip(*devices, strict=True)] or [[], [], [], [], []]
    return orjson.dumps(
        {"type": "devices", **dict(zip(("id", "name", "label", "kind", "fleet"), columns, strict=True))}
    )


def json_frame(
    kind: Kind,
    records: Records,
    *,
    now_us: int,
    names: Mapping[int, str],
    values: Mapping[int, Mapping[str, float]],
    left: Sequence[str] = (),
) -> bytes:
    """The same as JSON, for people: devices as in GET /api/v1/latest. A heartbeat is a delta without devices."""
    ids = records["id"].tolist()
    columns: dict[str, Any] = {
        "device_id": [names[device] for device in ids],
        "ts": _iso_utc(records["ts"]),
        # As numpy numbers: orjson writes NaN as null, and a float32 with no more digits than it has.
        **{name: list(records[name]) for name in ("lat", "lon", "altitude", "speed", "heading")},
        "age_s": np.round(np.maximum(0, now_us - records["ts"]) / 1e6, 3).tolist(),
        "values": [values.get(device, {}) for device in ids],
    }
    devices = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    frame_type = "snapshot" if kind is Kind.SNAPSHOT else "delta"
    [as_of] = _iso_utc(np.array([now_us], np.int64))
    said: dict[str, Any] = {"type": frame_type, "as_of": as_of, "devices": devices}
    if left:
        said["left"] = list(left)
    return orjson.dumps(said, option=orjson.OPT_SERIALIZE_NUMPY)


def _iso_utc(micros: npt.NDArray[np.int64]) -> list[str]:
    """ISO 8601 in UTC with milliseconds and Z, all at once."""
    moments = micros.astype("datetime64[us]").astype("datetime64[ms]")
    texts: list[str] = np.datetime_as_string(moments, unit="ms", timezone="UTC").tolist()
    return texts
