"""AIS: each type of message that is used, with the values that gpsd's documentation and others publish for it."""

from typing import Any

import pytest
from pyais.encode import encode_dict

from core.reasons import AIS_WITHOUT_USE
from core.types import Message
from ingest.decoders import Decoded
from ingest.decoders.ais import AisDecoder
from tests.ingest.nmea_lines import CLASS_A, FIRST, LAST, STAMPED_AT, checked, stamp

NOW = 1_795_382_400_000_000
KNOT = 1852 / 3600
CLASS_B = b"!AIVDM,1,1,,A,B5NJ;PP005l4ot5Isbl03wsUkP06,0*76"


def sentences(**fields: Any) -> list[bytes]:
    """What a transponder would send; fields left out are as pyais has them by default."""
    return [line.encode() for line in encode_dict({"mmsi": 211000001, **fields})]


UNKNOWN = sentences(msg_type=1, lat=91, lon=181, speed=102.3, course=360, heading=511, status=15, turn=-128)[0]


def decode(*lines: bytes) -> Decoded:
    return AisDecoder().decode(list(lines), NOW)


def one(*lines: bytes) -> Message:
    found = decode(*lines)
    assert found.refused == []
    (message,) = found.messages
    return message


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [CLASS_A],
            Message(
                "477553000",
                NOW,
                NOW,
                47.582833,
                -122.345833,
                speed=0.0,
                heading=181.0,
                values={"nav_status": 5.0, "rate_of_turn": 0.0},
            ),
        ),
        ([CLASS_B], Message("367430530", NOW, NOW, 37.785035, -122.26732, speed=0.0, heading=0.0)),
        (
            [b"!AIVDM,1,1,,B,C5N3SRgPEnJGEBT>NhWAwwo862PaLELTBJ:V00000000S0D:R220,0*0B"],
            Message(
                "367059850",
                NOW,
                NOW,
                29.543695,
                -88.810392,
                speed=8.7 * KNOT,
                heading=335.9,
                texts={"label": "CAPT.J.RIMES", "kind": "cargo", "length_m": "26", "beam_m": "8"},
            ),
        ),
        (
            [b"!AIVDM,1,1,,B,KC5E2b@U19PFdLbMuc5=ROv62<7m,0*16"],
            Message(
                "206914217", NOW, NOW, 4.84, 137.023333, speed=57 * KNOT, heading=167.0, values={"nav_status": 2.0}
            ),
        ),
        (
            [FIRST, LAST],
            Message(
                "369190000",
                NOW,
                NOW,
                values={"draught": 6.0},
                texts={
                    "label": "MT.MITCHELL",
                    "callsign": "WDA9674",
                    "destination": "SEATTLE",
                    "imo": "6710932",
                    "kind": "other",
                    "length_m": "180",
                    "beam_m": "20",
                },
            ),
        ),
        (
            [b"!AIVDM,1,1,,A,H42O55i18tMET00000000000000,2*6D"],
            Message("271041815", NOW, NOW, texts={"label": "PROGUY"}),
        ),
        (
            [b"!AIVDM,1,1,,A,H42O55lt0000000D3nink000?0500,0*70"],
            Message(
                "271041815",
                NOW,
                NOW,
                texts={"callsign": "TC6163", "kind": "passenger", "length_m": "15", "beam_m": "5"},
            ),
        ),
    ],
    ids=["class A", "class B", "class B extended", "long range", "voyage", "name", "callsign and kind"],
)
def test_each_type_of_message(lines: list[bytes], expected: Message) -> None:
    message = one(*lines)
    assert message.speed == pytest.approx(expected.speed)
    message.speed = expected.speed
    assert message == expected


@pytest.mark.parametrize("kind", [1, 2, 3])
@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"speed": 10.0}, "speed", 10 * KNOT),
        ({"speed": 102.2}, "speed", 102.2 * KNOT),
        ({"speed": 102.3}, "speed", None),
        ({"heading": 90, "course": 45.5}, "heading", 90),
        ({"heading": 511, "course": 45.5}, "heading", 45.5),
        ({"heading": 511, "course": 360.0}, "heading", None),
        ({"lat": 91.0, "lon": 181.0, "speed": 1.0}, "lat", None),
        ({"lat": 54.0, "lon": 181.0, "speed": 1.0}, "lon", None),
        ({"lat": -54.5, "lon": -10.25}, "lat", -54.5),
        ({"status": 15, "turn": -128, "speed": 1.0}, "values", None),
        ({"status": 0, "turn": 127}, "values", {"nav_status": 0.0}),
        ({"mmsi": 2311200}, "device", "002311200"),
    ],
)
def test_what_a_class_a_report_says_and_what_it_says_is_not_known(
    kind: int, fields: dict[str, Any], field: str, expected: Any
) -> None:
    given = {"lat": 54.0, "lon": 10.0, "status": 15, "turn": -128} | fields
    found = getattr(one(*sentences(msg_type=kind, **given)), field)
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    ("fields", "field", "expected"),
    [
        ({"msg_type": 27, "speed": 63, "course": 100}, "speed", None),
        ({"msg_type": 27, "speed": 20, "course": 511}, "heading", None),
        ({"msg_type": 18, "speed": 102.3, "course": 5.0}, "speed", None),
        ({"msg_type": 9, "speed": 200, "alt": 300}, "speed", 200 * KNOT),
        ({"msg_type": 9, "speed": 200, "alt": 300}, "altitude", 300.0),
        ({"msg_type": 9, "speed": 1023, "alt": 4095}, "speed", None),
        ({"msg_type": 9, "speed": 1023, "alt": 4095}, "altitude", None),
        ({"msg_type": 19, "shipname": "@@@", "ship_type": 0}, "texts", None),
        ({"msg_type": 24, "partno": 1, "ship_type": 36}, "texts", {"kind": "sailing"}),
    ],
)
def test_other_reports_have_sentinels_of_their_own(fields: dict[str, Any], field: str, expected: Any) -> None:
    found = getattr(one(*sentences(**({"lat": 54.0, "lon": 10.0} | fields))), field)
    assert found == (pytest.approx(expected) if isinstance(expected, float) else expected)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (rb"\c:1795382343,s:station*41" + b"\\" + CLASS_A, 1_795_382_343_000_000),
        (rb"\c:1795382343123*6E" + b"\\" + CLASS_A, 1_795_382_343_123_000),
        (rb"\g:1-2-7,c:1795382343*1B" + b"\\" + CLASS_A, 1_795_382_343_000_000),
        (rb"\c:1795382343,s:station*42" + b"\\" + CLASS_A, NOW),
        (rb"\c:1795382343,s:station" + b"\\" + CLASS_A, NOW),
        (rb"\*00" + b"\\" + CLASS_A, NOW),
        (CLASS_A + b",1795382343", 1_795_382_343_000_000),
        (CLASS_A + b",r003669945,1795382343", 1_795_382_343_000_000),
        (CLASS_A + b",r003669945", NOW),
        (b"  " + CLASS_A + b"\r\n", NOW),
        (stamp(b"5C") + b"\r\n" + CLASS_A, STAMPED_AT),
        (stamp(b"00") + b"\r\n" + CLASS_A, STAMPED_AT),
        (stamp(b"5D") + b"\r\n" + CLASS_A, NOW),
    ],
)
def test_the_moment_that_a_receiver_tells_beside_a_sentence(line: bytes, expected: int) -> None:
    assert one(line).ts == expected


def test_a_base_station_is_where_it_stands() -> None:
    message = one(b"!AIVDM,1,1,,B,402=481uaUcf;OQ55JS9ITi025Jp,0*2B")
    assert (message.device, message.ts, message.texts) == ("002311200", NOW, {"kind": "base station"})
    assert (message.lat, message.lon) == (61.423605, -6.754698)
    assert (message.speed, message.heading, message.values) == (None, None, None)


def test_an_aid_to_navigation_has_its_whole_name_and_says_when_it_drifted() -> None:
    aid = {"msg_type": 21, "mmsi": 992111840, "lat": 54.1, "lon": 7.9, "name": "GERMAN BIGHT", "off_position": 1}
    message = one(*sentences(**aid, second=12))
    assert (message.device, message.lat, message.lon) == ("992111840", 54.1, 7.9)
    assert message.texts == {"label": "GERMAN BIGHT", "kind": "aid to navigation"}
    assert message.values == {"off_position": 1.0}
    assert one(*sentences(**aid, second=60)).values is None, "without a clock it cannot know"
    long = one(*sentences(**aid | {"name": "A NAME OF 20 LETTERS", "name_ext": "AND MORE"}))
    assert (long.texts or {})["label"] == "A NAME OF 20 LETTERSAND MORE"
    padded = one(*sentences(**aid | {"name_ext": "NOISE"}))
    assert (padded.texts or {})["label"] == "GERMAN BIGHT"


def test_a_safety_text_is_an_event_of_who_sent_it() -> None:
    message = one(*sentences(msg_type=14, text="RCVD YR TEST MSG"))
    assert (message.device, message.event, message.data) == (
        "211000001",
        "safety_text",
        b'{"text":"RCVD YR TEST MSG"}',
    )
    addressed = one(*sentences(msg_type=12, text="PLEASE REPORT", dest_mmsi=2110001))
    assert addressed.data == b'{"text":"PLEASE REPORT","to":"002110001"}'


@pytest.mark.parametrize(
    ("payload", "reason", "detail"),
    [
        (b"hello", "not AIS", "hello"),
        (b"\xff\xfe", "not AIS", "non-ASCII"),
        (b"\\", "not AIS", ""),
        (b"!AIVDM", "not AIS", ""),
        (b"!AIVDM,1,1,,B*0A", "not AIS", ""),
        (b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", "not AIS", "GPGGA"),
        (b"!" * 1025, "not AIS", "a line of 1025 bytes"),
        (CLASS_A[:-1] + b"D", "checksum wrong", "'5D'"),
        (CLASS_A.replace(b"K>", b"K<"), "checksum wrong", "'5C'"),
        (CLASS_A.partition(b"*")[0], "checksum wrong", "''"),
        (stamp(b"5C")[:-2] + b"00", "checksum wrong", "'00'"),
        (b"$" + checked(b"PGHP,1,2010,6,11"), "not AIS", "PGHP"),
        (sentences(msg_type=7, mmsi1=1)[0], AIS_WITHOUT_USE, "type 7, acknowledgement"),
        (LAST, "part of a message missing", "part 2 of 2"),
        (sentences(msg_type=1, mmsi=0, lat=1, lon=1)[0], "no device", "MMSI 0"),
        (sentences(msg_type=1, lat=-91.5, lon=1)[0], "latitude out of range", "-91.5"),
        (UNKNOWN, AIS_WITHOUT_USE, "type 1, which knows neither"),
    ],
)
def test_what_cannot_be_used_is_refused(payload: bytes, reason: str, detail: str) -> None:
    found = decode(payload)
    assert found.messages == []
    [refused] = found.refused
    assert (refused.reason, refused.payload) == (reason, payload)
    assert detail in refused.detail


def test_nothing_is_said_of_what_only_comes_beside_messages() -> None:
    found = decode(b"", b"\r\n", stamp(b"5C"), FIRST)
    assert found == Decoded([], [])
