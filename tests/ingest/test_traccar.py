"""Traccar's position forwarding."""

from typing import Any

import msgspec
import pytest

from core.types import Message
from ingest.decoders import Decoded
from ingest.decoders.traccar import TraccarDecoder

NOW = 1_795_382_400_000_000
MOMENT = 1_795_382_343_000_000
POSITION: dict[str, Any] = {
    "id": 18336,
    "deviceId": 7,
    "protocol": "gt06",
    "serverTime": "2026-11-22T21:19:05.000+00:00",
    "deviceTime": "2026-11-22T21:19:04.000+00:00",
    "fixTime": "2026-11-22T21:19:03.000+00:00",
    "outdated": False,
    "valid": True,
    "latitude": -23.55052,
    "longitude": -46.633308,
    "altitude": 760.0,
    "speed": 10.0,
    "course": 180.0,
    "address": "Avenida Paulista, 1",
    "accuracy": 0.0,
    "network": None,
    "attributes": {
        "batteryLevel": 85,
        "battery": 12.4,
        "totalDistance": 12500.5,
        "motion": True,
        "ignition": False,
        "alarm": "sos",
        "raw": "7878",
        "event": 30,
        "course": 3,
    },
}
DEVICE: dict[str, Any] = {"id": 7, "name": "Car 1", "uniqueId": "123456789012345", "category": "car", "phone": "5511"}


def forwarded(position: dict[str, Any] | None = None, device: dict[str, Any] | None = None, **more: Any) -> bytes:
    return msgspec.json.encode({"position": POSITION | (position or {}), "device": DEVICE | (device or {})} | more)


def decode(payload: bytes) -> Decoded:
    return TraccarDecoder().decode([payload], NOW)


def one(payload: bytes) -> Message:
    found = decode(payload)
    assert found.refused == []
    (message,) = found.messages
    return message


def test_a_position_with_its_device_and_the_numbers_of_its_attributes() -> None:
    assert one(forwarded()) == Message(
        "123456789012345",
        MOMENT,
        NOW,
        -23.55052,
        -46.633308,
        760.0,
        10 * 1852 / 3600,
        180.0,
        {"battery_level": 85.0, "battery": 12.4, "totalDistance": 12500.5, "motion": 1.0, "ignition": 0.0},
        {"label": "Car 1", "kind": "car"},
    )


@pytest.mark.parametrize(
    ("position", "field", "expected"),
    [
        ({"fixTime": "2026-11-22T21:19:03.000+0000"}, "ts", MOMENT),
        ({"fixTime": "2026-11-22T21:19:03Z"}, "ts", MOMENT),
        ({"fixTime": 1795382343000}, "ts", MOMENT),
        ({"fixTime": None}, "ts", NOW),
        ({"outdated": True}, "lat", None),
        ({"outdated": True}, "ts", MOMENT + 1_000_000),
        ({"valid": False, "deviceTime": None}, "ts", MOMENT + 2_000_000),
        ({"valid": False}, "speed", None),
        ({"attributes": None}, "values", None),
    ],
)
def test_a_position_in_each_form(position: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(one(forwarded(position)), field) == expected


def test_without_its_device_a_position_goes_by_traccars_own_number() -> None:
    assert one(forwarded(device={"uniqueId": ""})).device == "7"
    assert one(msgspec.json.encode({"position": POSITION})).device == "7"


def test_an_event_counts_as_the_position_that_comes_with_it() -> None:
    assert one(forwarded(event={"type": "geofenceEnter"}, geofence={"name": "home"})).ts == MOMENT


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"id=1&lat=2", "not JSON"),
        (b"[]", "not an object"),
        (b"{}", "not a position"),
        (b'{"event":{"type":"deviceOnline"},"device":{"uniqueId":"1"}}', "not a position"),
        (b'{"position":[],"device":{}}', "not a position"),
        (forwarded({"deviceId": None}, {"uniqueId": None}), "no device"),
        (forwarded({"latitude": 95}), "latitude out of range"),
        (forwarded({"fixTime": "soon"}), "timestamp not understood"),
        (forwarded({"speed": -3}), "speed out of range"),
    ],
)
def test_what_cannot_be_used_is_refused(payload: bytes, reason: str) -> None:
    found = decode(payload)
    assert found.messages == []
    assert [(r.reason, r.payload) for r in found.refused] == [(reason, payload)]
