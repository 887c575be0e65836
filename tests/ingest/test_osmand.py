"""OsmAnd and Traccar Client: query strings and JSON."""

from typing import Any

import msgspec
import pytest

from core.types import Message
from ingest.decoders import Decoded
from ingest.decoders.osmand import OsmAndDecoder

NOW = 1_795_382_400_000_000
MOMENT = 1_795_382_343_000_000
KNOT = 1852 / 3600
CLIENT: dict[str, Any] = {
    "location": {
        "timestamp": "2026-11-22T21:19:03.000Z",
        "coords": {
            "latitude": 48.1,
            "longitude": 11.6,
            "accuracy": 4.5,
            "speed": 8.2,
            "heading": 271.5,
            "altitude": 520,
        },
        "is_moving": True,
        "odometer": 14351.9,
        "event": "motionchange",
        "battery": {"level": 0.55, "is_charging": False},
        "activity": {"type": "in_vehicle"},
        "extras": {"temperature": 21.5, "speed": 99, "appName": "x"},
    },
    "device_id": "48241179",
}


def decode(payload: bytes, **options: Any) -> Decoded:
    return OsmAndDecoder(**options).decode([payload], NOW)


def one(payload: bytes, **options: Any) -> Message:
    found = decode(payload, **options)
    assert found.refused == []
    (message,) = found.messages
    return message


def client(**changes: Any) -> bytes:
    """What Traccar Client sends, with changes such as coords__speed."""
    item = msgspec.json.decode(msgspec.json.encode(CLIENT))
    for path, value in changes.items():
        *outer, name = path.split("__")
        inside = item["location"]
        for step in outer:
            inside = inside[step]
        inside[name] = value
    return msgspec.json.encode(item)


def test_a_query_string_of_all_fields() -> None:
    message = one(
        b"id=van-7&lat=48.1&lon=11.6&timestamp=1795382343&speed=10&bearing=271.5&altitude=520&accuracy=4.5"
        b"&batt=55.0&hdop=0.9&charge=true&driverUniqueId=anna"
    )
    assert message == Message(
        "van-7",
        MOMENT,
        NOW,
        48.1,
        11.6,
        520.0,
        10 * KNOT,
        271.5,
        {"accuracy": 4.5, "battery_level": 55.0, "hdop": 0.9, "charging": 1.0},
        {"driverUniqueId": "anna"},
    )


def test_the_json_of_traccar_client_in_si_units_as_it_is() -> None:
    assert one(client(), speed="kn") == Message(
        "48241179",
        MOMENT,
        NOW,
        48.1,
        11.6,
        520.0,
        8.2,
        271.5,
        {
            "temperature": 21.5,
            "accuracy": 4.5,
            "odometer": 14351.9,
            "is_moving": 1.0,
            "battery_level": 55.0,
            "charging": 0.0,
        },
        {"activity": "in_vehicle"},
    )


@pytest.mark.parametrize(
    ("query", "field", "expected"),
    [
        (b"deviceid=x", "device", "x"),
        (b"deviceid=x%2Fy+z", "device", "x/y z"),
        (b"id=d&timestamp=1795382343", "ts", MOMENT),
        (b"id=d&timestamp=1795382343000", "ts", MOMENT),
        (b"id=d&timestamp=2026-11-22T21:19:03Z", "ts", MOMENT),
        (b"id=d&timestamp=2026-11-22T22:19:03%2B01:00", "ts", MOMENT),
        (b"id=d&timestamp=2026-11-22T22:19:03+01:00", "ts", MOMENT),
        (b"id=d&timestamp=2026-11-22T22:19:03.000+0100", "ts", MOMENT),
        (b"id=d&timestamp=2026-11-22+21:19:03", "ts", MOMENT),
        (b"id=d&timestamp=2026-11-22%2021%3A19%3A03", "ts", MOMENT),
        (b"id=d", "ts", NOW),
        (b"id=d&location=48.1,11.6", "lat", 48.1),
        (b"id=d&location=48.1,11.6", "lon", 11.6),
        (b"id=d&heading=90", "heading", 90.0),
        (b"id=d&course=90", "heading", 90.0),
        (b"id=d&bearing=-1", "heading", None),
        (b"id=d&speed=-1.94384", "speed", None),
        (b"?id=d&lat=1&lon=2", "lat", 1.0),
        (b" id=d&lat=1&lon=2\r\n", "lon", 2.0),
        (b"id=d&lat=48.1&lon=11.6&speed=3&valid=false", "lat", None),
        (b"id=d&lat=48.1&lon=11.6&speed=3&valid=0", "speed", None),
        (b"id=d&lat=48.1&lon=11.6&valid=true", "lat", 48.1),
        (b"id=d&cell=310,410,1,2&wifi=a-b,-60", "texts", None),
        (b"id=d&batt=null", "values", {"hdop": 1.0}),
    ],
)
def test_a_query_string_in_each_form(query: bytes, field: str, expected: object) -> None:
    assert getattr(one(query + b"&hdop=1"), field) == expected


def test_an_app_that_sends_metres_a_second_can_say_so() -> None:
    assert one(b"id=d&speed=10&altitude=100", speed="m/s", altitude="ft").speed == 10
    assert one(b"id=d&altitude=100", altitude="ft").altitude == pytest.approx(30.48)


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({"coords__speed": -1}, "speed", None),
        ({"coords__heading": -1}, "heading", None),
        ({"timestamp": None}, "ts", NOW),
        ({"timestamp": 1795382343000}, "ts", MOMENT),
        ({"battery": "full"}, "lat", 48.1),
    ],
)
def test_json_with_less(changes: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(one(client(**changes)), field) == expected


@pytest.mark.parametrize(
    ("payload", "reason", "detail"),
    [
        (b"", "not a query string", "no parameter"),
        (b"hello", "not a query string", "no parameter"),
        (b"id=%ff", "not a query string", "utf-8"),
        (b"\xff\xfe", "not a query string", "utf-8"),
        (b"&".join(b"a%d=1" % n for n in range(101)), "not a query string", "Max number of fields"),
        (b"lat=1&lon=2", "no device", ""),
        (b"id=d", "nothing to store", ""),
        (b"id=d&valid=0&lat=1&lon=2", "nothing to store", ""),
        (b"id=d&lat=1", "half a place", ""),
        (b"id=d&lat=x&lon=1", "latitude is not a number", "'x'"),
        (b"id=d&lat=95&lon=1", "latitude out of range", "95"),
        (b"id=d&speed=fast", "speed is not a number", "'fast'"),
        (b"id=d&lat=1&lon=2&timestamp=soon", "timestamp not understood", "'soon'"),
        (b"id=d&lat=1&lon=2&timestamp=1795382701", "timestamp ahead of the clock", "1 s"),
        (b'{"id"', "not JSON", "truncated"),
        (b'{"device_id":"d"}', "not a location", "location"),
        (b'{"device_id":"d","location":[]}', "not a location", "location"),
        (client(coords__latitude=91.5), "latitude out of range", "91.5"),
        (client(coords__altitude="high"), "altitude is not a number", "'high'"),
        (client().replace(b'"48241179"', b"null"), "no device", ""),
    ],
)
def test_what_cannot_be_used_is_refused(payload: bytes, reason: str, detail: str) -> None:
    found = decode(payload)
    assert found.messages == []
    [refused] = found.refused
    assert (refused.reason, refused.payload, refused.native) == (reason, payload, False)
    assert detail in refused.detail
