"""What of native messages is refused, and with which words."""

import pytest

from core.types import Message
from ingest.decoders.native import NativeDecoder

NOW = 1_795_382_400_000_000
BOTH_WAYS = pytest.mark.parametrize("fast", [True, False], ids=["fast", "careful"])


@BOTH_WAYS
@pytest.mark.parametrize(
    ("payload", "reason", "detail"),
    [
        (b"", "not JSON", "truncated"),
        (b"\n \n", "not JSON", ""),
        (b"hello", "not JSON", "byte 0"),
        (b'{"device_id":"d"', "not JSON", "truncated"),
        (b'{"device_id":"d","speed":NaN}', "not JSON", ""),
        (b'{"device_id":"\xff","speed":1}', "not JSON", ""),
        (b"\x00\x01\xfe\xff" * 10, "not JSON", ""),
        (b'{\n "device_id": "d",\n "data": {"a": 1},\n "speed": \n', "not JSON", ""),
        (b"[" * 100_000, "not JSON", ""),
        (b'{"a":' * 100_000, "not JSON", "recursion"),
        (b'{"device_id":"d","speed":1}garbage', "not JSON", ""),
        (b"[]", "nothing to store", "empty array"),
        (b"null", "not an object", "NoneType"),
        (b'"text"', "not an object", "str"),
        (b"{}", "no device", "device_id, id, deviceId, vehicle_id"),
        (b'{"device_id":"","speed":1}', "no device", "none of"),
        (b'{"device_id":null,"speed":1}', "no device", "none of"),
        (b'{"device_id":true,"speed":1}', "device is not a name", "bool"),
        (b'{"device_id":1.5,"speed":1}', "device is not a name", "float"),
        (b'{"device_id":["d"],"speed":1}', "device is not a name", "list"),
        (b'{"device_id":"a\\u0000","speed":1}', "device is not a name", r"'a\x00'"),
        (b'{"device_id":"%s","speed":1}' % (b"x" * 201), "device is not a name", "201 characters, at most 200"),
        (b'{"device_id":%s,"speed":1}' % (b"9" * 201), "device is not a name", "more than 200 digits"),
        (b'{"device_id":"d"}', "nothing to store", "no place, no number, no text"),
        (b'{"device_id":"d","ts":1795382343}', "nothing to store", ""),
        (b'{"device_id":"d","lat":1}', "half a place", ""),
        (b'{"device_id":"d","lon":1,"speed":3}', "half a place", ""),
        (b'{"device_id":"d","lat":90.01,"lon":1}', "latitude out of range", "90.01, not within -90 to 90"),
        (b'{"device_id":"d","lat":1,"lon":-180.5}', "longitude out of range", "-180.5, not within -180 to 180"),
        (b'{"device_id":"d","lat":"north","lon":1}', "latitude is not a number", "'north'"),
        (b'{"device_id":"d","lat":1,"lon":[1]}', "longitude is not a number", "list"),
        (b'{"device_id":"d","lat":1,"lon":"nan"}', "longitude is not a number", "nan"),
        (b'{"device_id":"d","speed":-1}', "speed out of range", "-1, not within 0 to 12000"),
        (b'{"device_id":"d","speed":12001}', "speed out of range", "12001"),
        (b'{"device_id":"d","speed":true}', "speed is not a number", "bool"),
        (b'{"device_id":"d","speed":%s}' % (b"9" * 400), "speed is not a number", "an integer of more than 40"),
        (b'{"device_id":"d","altitude":-12001}', "altitude out of range", "-12001"),
        (b'{"device_id":"d","altitude":1000001}', "altitude out of range", "1e+06"),
        (b'{"device_id":"d","altitude":"high"}', "altitude is not a number", "'high'"),
        (b'{"device_id":"d","heading":-1}', "heading out of range", "-1, not within 0 to 360"),
        (b'{"device_id":"d","heading":360.5}', "heading out of range", "360.5"),
        (b'{"device_id":"d","heading":"north"}', "heading is not a number", "'north'"),
        (b'{"device_id":"d","speed":1,"ts":"soon"}', "timestamp not understood", "'soon'"),
        (b'{"device_id":"d","speed":1,"ts":true}', "timestamp not understood", "True"),
        (b'{"device_id":"d","speed":1,"ts":{}}', "timestamp not understood", "{}"),
        (b'{"device_id":"d","speed":1,"ts":"inf"}', "timestamp not understood", "inf"),
        (b'{"device_id":"d","speed":1,"ts":%s}' % (b"9" * 400), "timestamp not understood", "more than 40 digits"),
        (b'{"device_id":"d","speed":1,"ts":1e300}', "timestamp not understood", "1e+300"),
        (b'{"device_id":"d","speed":1,"ts":"2026-11-22T21:19:03"}', "timestamp without a time zone", "send it with Z"),
        (b'{"device_id":"d","speed":1,"ts":1795382701}', "timestamp ahead of the clock", "1 s more than is allowed"),
        (b'{"device_id":"d","speed":1,"ts":"9999-12-31T23:59:59Z"}', "timestamp ahead of the clock", ""),
        (b'{"device_id":"d","speed":1,"ts":0}', "timestamp before the year 2000", "0"),
        (b'{"device_id":"d","speed":1,"ts":-1e12}', "timestamp before the year 2000", ""),
        (b'{"device_id":"d","speed":1,"ts":"0001-01-01T00:00:00+14:00"}', "timestamp before the year 2000", ""),
    ],
)
def test_what_cannot_be_used_is_refused_with_reason_detail_and_bytes(
    fast: bool, payload: bytes, reason: str, detail: str
) -> None:
    decoded = NativeDecoder(fast=fast).decode([payload], NOW)
    assert decoded.messages == []
    (found,) = decoded.refused
    assert found.reason == reason
    assert found.payload == payload
    assert detail in found.detail


def test_a_fault_of_our_own_refuses_the_message_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that escaped would be met again at every try, and nothing behind it would ever be stored."""

    def faulty(*_args: object, **_kwargs: object) -> Message:
        raise ZeroDivisionError

    monkeypatch.setattr("ingest.decoders.native.read_object", faulty)
    plain, other = b'{"device_id":"d","speed":1}', b'{"id":"d","speed":1}'
    decoded = NativeDecoder().decode([other, other, plain, plain, plain], NOW)
    assert {(r.reason, r.detail) for r in decoded.refused} == {("cannot be decoded", "ZeroDivisionError()")}
    assert len(decoded.refused) + len(decoded.messages) == 5
    assert decoded.refused[0].payload == other
