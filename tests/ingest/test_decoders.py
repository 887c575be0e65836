"""What holds for every decoder, whatever comes: nothing raises, all is well-formed, memory stays flat."""

import gc
import json
import tracemalloc
from copy import deepcopy
from math import isfinite
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.types import Message
from ingest.decoders import Decoded, decoder_for
from ingest.decoders.fields import MAX_ALTITUDE, MAX_SPEED, MAX_TEXT, MAX_VALUE_NAME, MIN_ALTITUDE
from tests.ingest.nmea_lines import CLASS_A, FIRST, LAST, checked, stamp

NOW = 1_795_382_400_000_000
REAL: dict[str, list[bytes]] = {
    "json": [b'{"device_id":"bus-8929","ts":"2026-03-07T06:00:22Z","lat":30.268604,"lon":-97.74414,"speed":0,"x":1}'],
    "osmand": [
        b"id=van-7&lat=48.1&lon=11.6&timestamp=1795382343&speed=10&bearing=271.5&altitude=520&accuracy=4.5&batt=55.0",
        b"deviceid=x&location=48.1,11.6&timestamp=2026-11-22%2021:19:03&valid=true&hdop=inf&charge=false&speed=1e300",
        b'{"location":{"timestamp":"2026-11-22T21:19:03.000Z","coords":{"latitude":48.1,"longitude":11.6,"speed":8.2,'
        b'"heading":-1},"battery":{"level":0.5},"activity":{"type":"still"},"extras":{"a":1}},"device_id":"1"}',
    ],
    "owntracks": [
        b'{"_type":"location","tid":"JJ","tst":1795382343,"lat":48.8,"lon":2.29,"vel":54,"cog":271,"acc":5,"batt":41,'
        b'"p":100.5,"topic":"owntracks/jane/phone","_user":"jane","_device":"phone","inregions":["Home"]}',
        b'{"_type":"transition","event":"enter","tid":"JJ","tst":1795382343,"lat":48.8,"lon":2.29}',
    ],
    "traccar": [
        b'{"position":{"deviceId":7,"fixTime":"2026-11-22T21:19:03.000+0000","valid":true,"latitude":-23.5,"longitude":'
        b'-46.6,"altitude":760.0,"speed":10.0,"course":180.0,"attributes":{"batteryLevel":85,"motion":true}},'
        b'"device":{"name":"Car 1","uniqueId":"123456789012345","category":"car"}}'
    ],
    "ais": [
        CLASS_A,
        FIRST + b"\r\n" + LAST,
        stamp(b"5C") + b"\n" + CLASS_A,
        rb"\c:1795382343,s:station*41" + b"\\" + CLASS_A,
        CLASS_A + b",r003669945,1795382343",
        b"!AIVDM,1,1,,B,C5N3SRgPEnJGEBT>NhWAwwo862PaLELTBJ:V00000000S0D:R220,0*0B",
    ],
    "sbs": [
        b"MSG,3,5,211,4CA2D6,10057,2026/11/22,21:19:03.123,2026/11/22,21:19:03.2,,37000,,,51.45,-1.02,,,0,0,0,0\r\n"
        b"MSG,4,5,211,4CA2D6,10057,2026/11/22,21:19:03.123,2026/11/22,21:19:03.2,,,408.3,146.4,,,64,,,,,",
        b"MSG,1,1,1,4CA2D6,1,2026/11/22,21:19:03.123,,,RYR12AB,,,,,,,7700,0,-1,0,-1",
    ],
}
EACH = pytest.mark.parametrize("name", list(REAL))


def well_formed(message: Message) -> bool:
    numbers = [message.lat, message.lon, message.altitude, message.speed, message.heading]
    numbers += (message.values or {}).values()
    return (
        0 < len(message.device) <= 200
        and message.device.isprintable()
        and 946_684_800_000_000 <= message.ts <= NOW + 300_000_000
        and message.received_at == NOW
        and all(type(number) is float and isfinite(number) for number in numbers if number is not None)
        and (message.lat is None) == (message.lon is None)
        and (message.lat is None or message.lon is None or (abs(message.lat) <= 90 and abs(message.lon) <= 180))
        and (message.altitude is None or MIN_ALTITUDE <= message.altitude <= MAX_ALTITUDE)
        and (message.speed is None or 0 <= message.speed <= MAX_SPEED)
        and (message.heading is None or 0 <= message.heading < 360)
        and all(0 < len(value_name) <= MAX_VALUE_NAME for value_name in message.values or ())
        and all(len(text) <= MAX_TEXT and text.isprintable() for text in (message.texts or {}).values())
    )


def check(name: str, payloads: list[bytes]) -> Decoded:
    found = decoder_for({"decode": name}, max_ahead_s=300).decode(payloads, NOW)
    for message in found.messages:
        assert well_formed(message), message
    for refused in found.refused:
        assert refused.reason
        assert refused.reason != "cannot be decoded", refused
        assert not refused.native
    return found


@EACH
def test_real_messages_are_understood(name: str) -> None:
    assert check(name, REAL[name]).messages


@EACH
@settings(max_examples=60)
@given(payloads=st.lists(st.binary(max_size=80), max_size=4))
def test_any_bytes_are_refused_or_decoded_and_never_raise(name: str, payloads: list[bytes]) -> None:
    check(name, payloads)


@EACH
@settings(max_examples=150)
@given(data=st.data())
def test_real_messages_with_bytes_changed_cut_or_doubled_never_raise(name: str, data: st.DataObject) -> None:
    payload = bytearray(data.draw(st.sampled_from(REAL[name])))
    pieces = st.binary(max_size=4) | st.sampled_from(
        [b"", b"-", b"1e999", b"nan", b"null", b"[]", b"{}", b",", b"9" * 400]
    )
    for _ in range(data.draw(st.integers(1, 3))):
        at, length = data.draw(st.integers(0, len(payload))), data.draw(st.integers(0, 8))
        payload[at : at + length] = data.draw(pieces | st.just(bytes(payload[at : at + length]) * 2))
    check(name, [bytes(payload)])


odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.sampled_from(
        [10**400, 1e308, -1, "nan", "1e999", "9" * 300, "x" * 600, "a\x00b", 1795382343, [], {}, [1], {"a": 1}]
    ),
)


def fields_of(item: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """All fields of an object and of those inside it."""
    inside = [field for value in item.values() if isinstance(value, dict) for field in fields_of(value)]
    return [(item, name) for name in item] + inside


@pytest.mark.parametrize("name", ["json", "osmand", "owntracks", "traccar"])
@settings(max_examples=150)
@given(data=st.data())
def test_any_value_in_any_field_is_refused_or_decoded(name: str, data: st.DataObject) -> None:
    item = json.loads(next(real for real in REAL[name] if real.startswith(b"{")))
    for _ in range(data.draw(st.integers(1, 3))):
        within, field = data.draw(st.sampled_from(fields_of(item)))
        within[field] = deepcopy(data.draw(odd))  # the next round may change what is inside
    found = check(name, [json.dumps(item).encode()])
    assert len(found.messages) + len(found.refused) == 1


armour = st.sampled_from(b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw")


@settings(max_examples=300)
@given(st.lists(armour, max_size=75), st.integers(0, 5), st.sampled_from(b"1235789:;BCHK"))
def test_any_bits_of_a_vessel_are_refused_or_decoded(bits: list[int], fill: int, kind: int) -> None:
    """With a checksum that is right, so that it is pyais and what reads its answer that are tried."""
    check("ais", [b"!" + checked(b"AIVDM,1,1,,A,%c%b,%d" % (kind, bytes(bits), fill))])


@EACH
def test_a_fault_of_our_own_refuses_the_message_and_goes_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_args: object, **_kwargs: object) -> Message:
        raise ZeroDivisionError

    decoder = decoder_for({"decode": name}, max_ahead_s=300)
    module = {"json": "native"}.get(name, name)
    monkeypatch.setattr(f"ingest.decoders.{module}.read_object", faulty)
    payloads = [REAL[name][0].replace(b'"x":1', b'"x":2')] * 3
    found = decoder.decode(payloads, NOW)
    assert found.messages == []
    assert {r.reason for r in found.refused} == {"cannot be decoded"}
    assert len(found.refused) >= 3


def _start(channel: int) -> bytes:
    """The first part of an AIS message whose other parts never come."""
    return b"!" + checked(b"AIVDM,3,1,3,%d,%b,0" % (channel, CLASS_A[14:42]))


@EACH
def test_whatever_comes_leaves_no_memory_behind(name: str) -> None:
    decoder = decoder_for({"decode": name}, max_ahead_s=300)
    cut = [real[: len(real) // 2] for real in REAL[name]]
    payloads = [*REAL[name], *cut, b"\xff" * 50, b"{", b'{"a":' * 3000, b"[" * 3000]
    batches = [
        [payload + b" %d" % n for payload in payloads] + [_start(100 * n + m) for m in range(100)] for n in range(60)
    ]
    for n, batch in enumerate(batches[:20]):
        decoder.decode(batch, NOW + n)
    tracemalloc.start()
    for n, batch in enumerate(batches):
        decoder.decode(batch, NOW + n)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000, "256 parts of AIS messages wait for each other, which is bounded"
