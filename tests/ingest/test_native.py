"""The native message: what it may look like, and what it means."""

from typing import Any

import msgspec
import pytest

from core.types import Message
from ingest.decoders.native import NativeDecoder

NOW = 1_795_382_400_000_000
MOMENT = 1_795_382_343_123_000
NATIVE = {"device_id": "d", "ts": "2026-11-22T21:19:03.123Z", "lat": 30.5, "lon": -97.5}
BOTH_WAYS = pytest.mark.parametrize("fast", [True, False], ids=["fast", "careful"])


def messages(*payloads: bytes, fast: bool = True, **units: str) -> list[Message]:
    decoded = NativeDecoder(fast=fast, **units).decode(list(payloads), NOW)  # type: ignore[arg-type]
    assert decoded.refused == []
    return decoded.messages


def one(fast: bool = True, units: dict[str, str] | None = None, **fields: Any) -> Message:
    (message,) = messages(msgspec.json.encode(NATIVE | fields), fast=fast, **(units or {}))
    return message


@BOTH_WAYS
def test_a_message_of_all_native_fields(fast: bool) -> None:
    assert one(fast, altitude=150, speed=8.2, heading=271) == Message(
        "d", MOMENT, NOW, lat=30.5, lon=-97.5, altitude=150.0, speed=8.2, heading=271.0
    )


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("id", "x", "device", "x"),
        ("deviceId", "x", "device", "x"),
        ("vehicle_id", 8929, "device", "8929"),
        ("timestamp", 1795382343, "ts", MOMENT - 123_000),
        ("time", 1795382343, "ts", MOMENT - 123_000),
        ("tst", 1795382343, "ts", MOMENT - 123_000),
        ("alt", 150, "altitude", 150.0),
        ("velocity", 8, "speed", 8.0),
        ("bearing", 271, "heading", 271.0),
        ("course", 271, "heading", 271.0),
        ("track", 271, "heading", 271.0),
    ],
)
def test_other_names_mean_the_same(name: str, value: object, field: str, expected: object) -> None:
    native = {"device": "device_id"}.get(field, field)
    item = {key: given for key, given in NATIVE.items() if key != native} | {name: value}
    (message,) = messages(msgspec.json.encode(item))
    assert getattr(message, field) == expected
    assert message.values is None
    assert message.texts is None


@pytest.mark.parametrize(("lat", "lon"), [("latitude", "longitude"), ("lat", "lng"), ("latitude", "lon")])
def test_other_names_of_a_place_mean_the_same(lat: str, lon: str) -> None:
    (message,) = messages(msgspec.json.encode({"device_id": "d", lat: 1.5, lon: 2.5}))
    assert (message.lat, message.lon) == (1.5, 2.5)


def test_of_several_names_the_first_that_has_a_value_counts() -> None:
    message = one(id="other", bearing=3, heading=2, course=4, alt=7, altitude=None)
    assert (message.device, message.heading, message.altitude) == ("d", 2.0, 7.0)


@BOTH_WAYS
@pytest.mark.parametrize(
    ("ts", "expected"),
    [
        ("2026-11-22T21:19:03.123Z", MOMENT),
        ("2026-11-22T22:19:03.123+01:00", MOMENT),
        ("2026-11-22T15:49:03.123-05:30", MOMENT),
        ("2026-11-22 21:19:03.123Z", MOMENT),
        ("2026-11-22T21:19:03.123456Z", MOMENT + 456),
        ("2026-11-22T21:19:03Z", MOMENT - 123_000),
        (1795382343, MOMENT - 123_000),
        (1795382343.123, MOMENT),
        (1795382343.123456, MOMENT + 456),
        (1795382343123, MOMENT),
        (1795382343123.5, MOMENT + 500),
        ("1795382343.123", MOMENT),
        ("1795382343123", MOMENT),
        (946684800, 946_684_800_000_000),
        (946684800000, 946_684_800_000_000),
        (None, NOW),
    ],
)
def test_a_timestamp_in_each_form(fast: bool, ts: object, expected: int) -> None:
    assert one(fast, ts=ts).ts == expected


@BOTH_WAYS
def test_a_message_without_timestamp_gets_the_time_of_receipt(fast: bool) -> None:
    (message,) = messages(b'{"device_id":"d","speed":1}', fast=fast)
    assert message.ts == message.received_at == NOW


@BOTH_WAYS
def test_a_clock_may_be_ahead_by_just_what_is_allowed(fast: bool) -> None:
    assert one(fast, ts=NOW / 1e6 + 300).ts == NOW + 300_000_000


@BOTH_WAYS
def test_units_of_the_sender_become_si(fast: bool) -> None:
    message = one(fast, {"speed": "mph", "altitude": "ft"}, speed=60, altitude=1000)
    assert message.speed == pytest.approx(26.8224)
    assert message.altitude == pytest.approx(304.8)


@pytest.mark.parametrize("sentinel", [{"lat": 91, "lon": 181}, {"lat": 91}, {"lon": 181}, {"lat": 91, "lon": None}])
def test_a_place_that_the_sender_calls_unknown_is_none(sentinel: dict[str, Any]) -> None:
    message = one(**sentinel, speed=3)
    assert (message.lat, message.lon, message.speed) == (None, None, 3.0)


def test_an_unknown_heading_gives_way_to_a_course_that_is_known() -> None:
    assert one(heading=511, course=199).heading == 199
    assert one(course=199, heading=None).heading == 199
    assert one(heading=511).heading is None
    assert one(heading="511").heading is None
    assert one(heading=511, course=None).heading is None


@BOTH_WAYS
def test_a_full_turn_is_north(fast: bool) -> None:
    assert one(fast, heading=360).heading == 0
    assert one(fast, heading=0).heading == 0
    assert one(fast, heading=359.9).heading == 359.9


def test_numbers_may_be_strings() -> None:
    message = one(lat="30.5", lon="-97.5", speed="8", altitude="1e2", heading="90")
    assert message == Message("d", MOMENT, NOW, 30.5, -97.5, 100.0, 8.0, 90.0)


def test_other_numbers_become_values_and_short_strings_texts() -> None:
    message = one(battery=0.83, onground=True, satellites=9, label="Bus 1", empty="", nothing=None, nested={"a": 1})
    assert message.values == {"battery": 0.83, "onground": 1.0, "satellites": 9.0}
    assert message.texts == {"label": "Bus 1", "empty": ""}


def test_what_fits_no_metric_or_text_is_left_out() -> None:
    odd: dict[str, Any] = {"x" * 65: 1, "": 1, "a\nb": 1, "long": "x" * 501, "bell": "\x07"}
    reserved: dict[str, Any] = {"seq": 1, "event": "e", "data": {}, "direction": 1, "count": 2}
    message = one(**odd, **reserved)
    assert message.values is None
    assert message.texts is None
    (message,) = messages(b'{"device_id":"d","battery":1,"huge":%s}' % (b"9" * 400))
    assert message.values == {"battery": 1.0}


@BOTH_WAYS
@pytest.mark.parametrize(
    "payload",
    [
        b'[{"device_id":"a","speed":1},{"device_id":"b","speed":2}]',
        b' [ {"device_id":"a","speed":1} ,\n {"device_id":"b","speed":2} ] ',
        b'{"device_id":"a","speed":1}\n{"device_id":"b","speed":2}',
        b'\n{"device_id":"a","speed":1}\r\n\r\n{"device_id":"b","speed":2}\r\n',
        b'[{"device_id":"a","speed":1}]\n{"device_id":"b","speed":2}\n',
        b'[{"device_id":"a",\n"speed":1},\n{"device_id":"b","speed":2}]',
    ],
)
def test_arrays_and_lines_hold_many(fast: bool, payload: bytes) -> None:
    assert [(m.device, m.speed) for m in messages(payload, fast=fast)] == [("a", 1.0), ("b", 2.0)]


@BOTH_WAYS
def test_good_and_bad_in_one_payload_are_parted_and_the_bad_keep_their_bytes(fast: bool) -> None:
    good, bad = b'{"device_id":"a", "speed":1}', b'{"device_id":"", "speed":1.50}'
    array = b"[" + b" , ".join([good, bad, b"7", b'[{"id":"nested","speed":1}]', good]) + b"]"
    lines = b"\n".join([good, b"{broken", bad, b" 12 ", good])
    decoded = NativeDecoder(fast=fast).decode([array, lines, good], NOW)
    assert [m.device for m in decoded.messages] == ["a"] * 5
    assert [(r.reason, r.payload) for r in decoded.refused] == [
        ("no device", bad),
        ("not an object", b"7"),
        ("not an object", b'[{"id":"nested","speed":1}]'),
        ("not JSON", b"{broken"),
        ("no device", bad),
        ("not an object", b" 12 "),
    ]
