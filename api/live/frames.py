"""Encodes what the live WebSocket sends; docs/live-protocol.md is the description that viewers rely on."""

import struct
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any, Final

import numpy as np
import orjson

from db.records import Records

VERSION: Final = 1
_HEADER: Final = struct.Struct("<2sBBIdIIII")
_NO_AGE: Final = 0xFFFFFFFF
_NOWHERE: Final = -(2**31)
_UNKNOWN: Final = 0xFFFF
PAUSED: Final = 1


class Kind(IntEnum):
    """What a binary frame is."""

    SNAPSHOT = 1
    DELTA = 2
    HEARTBEAT = 3


def binary_frame(
    kind: Kind, records: Records, *, now_us: int, total: int, sequence: int, newest_us: int | None, paused: bool
) -> bytes:
    """One binary frame of `records` as of `now_us` (microseconds since 1970)."""
    newest_age = _NO_AGE if newest_us is None else min(max(0, (now_us - newest_us) // 1000), _NO_AGE - 1)
    header = _HEADER.pack(
        b"WP", VERSION, kind, len(records), now_us / 1000, total, sequence & 0xFFFFFFFF, newest_age, PAUSED * paused
    )
    if len(records) == 0:
        return header
    located = (np.abs(records["lat"]) <= 90) & (np.abs(records["lon"]) <= 180)  # False for NaN
    with np.errstate(invalid="ignore"):
        lat = np.where(located, np.rint(records["lat"] * 1e7), _NOWHERE).astype("<i4")
        lon = np.where(located, np.rint(records["lon"] * 1e7), _NOWHERE).astype("<i4")
        speed = _unsigned_16(records["speed"] * 100)
        # 359.999 would round to 36000: a heading is below 360.
        heading = _unsigned_16(np.rint(records["heading"] * 100) % 36000)
    age = np.clip((now_us - records["ts"]) // 1000, 0, _NO_AGE - 1).astype("<u4")
    columns = (np.ascontiguousarray(records["id"]), lat, lon, age, speed, heading)
    return b"".join((header, *(column.tobytes() for column in columns)))


def _unsigned_16(values: "np.typing.NDArray[np.float32]") -> "np.typing.NDArray[np.uint16]":
    return np.where(np.isnan(values), _UNKNOWN, np.clip(np.rint(values), 0, _UNKNOWN - 1)).astype("<u2")


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
    return orjson.dumps({"type": frame_type, "as_of": as_of, "devices": devices}, option=orjson.OPT_SERIALIZE_NUMPY)


def _iso_utc(micros: "np.typing.NDArray[np.int64]") -> list[str]:
    """ISO 8601 in UTC with milliseconds and Z, all at once."""
    moments = micros.astype("datetime64[us]").astype("datetime64[ms]")
    texts: list[str] = np.datetime_as_string(moments, unit="ms", timezone="UTC").tolist()
    return texts
