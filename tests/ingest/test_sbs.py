"""ADS-B in the lines of BaseStation."""

from typing import Any

import pytest

from core.types import Message
from ingest.decoders import Decoded
from ingest.decoders.sbs import SbsDecoder

NOW = 1_795_382_400_000_000  # 2026-11-22 21:20:00 UTC
MOMENT = 1_795_382_343_123_000
FOOT = 0.3048
KNOT = 1852 / 3600
CLOCK = "2026/11/22,21:19:03.123,2026/11/22,21:19:03.200"
# Real lines, of woodair.net/sbs/article/barebones42_socket_data.htm, with another moment.
AIRBORNE = f"MSG,3,5,211,4CA2D6,10057,{CLOCK},,37000,,,51.45735,-1.02826,,,0,0,0,0"
VELOCITY = f"MSG,4,5,211,4CA2D6,10057,{CLOCK},,,408.3,146.4,,,64,,,,,"
CALL = f"MSG,8,5,211,4CA2D6,10057,{CLOCK},,,,,,,,,,,,0"


def decode(*lines: str, **options: Any) -> Decoded:
    return SbsDecoder(**options).decode([line.encode() for line in lines], NOW)


def one(line: str, **options: Any) -> Message:
    found = decode(line, **options)
    assert found.refused == []
    (message,) = found.messages
    return message


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (AIRBORNE, {"lat": 51.45735, "lon": -1.02826, "altitude": 37000 * FOOT, "values": (0.0, 0.0)}),
        (VELOCITY, {"speed": 408.3 * KNOT, "heading": 146.4, "rate": 64 * FOOT / 60}),
        (CALL, {"values": (0.0, None)}),
        (f"MSG,1,1,1,4CA2D6,1,{CLOCK},RYR12AB ,,,,,,,,,,,", {"texts": {"label": "RYR12AB", "callsign": "RYR12AB"}}),
        (
            f"MSG,2,1,1,4CA2D6,1,{CLOCK},,0,12.5,271.0,51.4,-1.0,,,,,,-1",
            {"lat": 51.4, "lon": -1.0, "altitude": 0.0, "speed": 12.5 * KNOT, "heading": 271.0, "values": (1.0, None)},
        ),
        (f"MSG,5,1,1,4CA2D6,1,{CLOCK},,-75,,,,,,,0,,0,1", {"altitude": -75 * FOOT, "values": (1.0, None)}),
        (
            f"MSG,6,1,1,4CA2D6,1,{CLOCK},,9000,,,,,,7700,-1,-1,0,0",
            {"altitude": 9000 * FOOT, "texts": {"squawk": "7700"}, "values": (0.0, 1.0)},
        ),
        (f"MSG,7,1,1,4CA2D6,1,{CLOCK},,9000,,,,,,,,,,", {"altitude": 9000 * FOOT}),
        (f"MLAT,3,1,1,4CA2D6,1,{CLOCK},,9000,400,90,51.4,-1.0,,,,,,", {"lat": 51.4, "lon": -1.0, "heading": 90.0}),
    ],
)
def test_each_kind_of_report(line: str, expected: dict[str, Any]) -> None:
    message = one(line)
    values = message.values or {}
    assert (message.device, message.ts, message.received_at) == ("4CA2D6", MOMENT, NOW)
    assert message.texts == expected.get("texts")
    assert (values.get("on_ground"), values.get("emergency")) == expected.get("values", (None, None))
    assert values.get("vertical_rate") == pytest.approx(expected.get("rate"))
    for field in ("lat", "lon", "altitude", "speed", "heading"):
        if field in expected:
            assert getattr(message, field) == pytest.approx(expected[field])
    if "lat" not in expected:
        assert message.lat is None


def test_a_payload_may_hold_many_lines_and_those_that_keep_a_connection_alive() -> None:
    found = decode(f"{AIRBORNE}\r\n{VELOCITY}\r\n", "\r\n", "", CALL)
    assert (len(found.messages), found.refused) == (3, [])


@pytest.mark.parametrize(
    ("clock", "tz", "expected"),
    [
        ("2026/11/22,21:19:03.123", None, MOMENT),
        ("2026/11/22,21:24:59.000", None, NOW + 299_000_000),
        ("2026/11/22,22:19:03.123", None, NOW),
        ("2026/11/22,15:19:03.123", None, NOW),
        ("2008/11/28,14:58:51.153", None, NOW),
        (",", None, NOW),
        ("soon,now", None, NOW),
        ("2026/11/22,22:19:03.123", "Europe/Paris", MOMENT),
        ("2026/11/22,21:19:03.123", "UTC", MOMENT),
        ("2008/11/28,14:58:51.153", "UTC", 1_227_884_331_153_000),
    ],
)
def test_the_time_of_a_line_is_utc_if_it_is_near_unless_the_zone_is_told(
    clock: str, tz: str | None, expected: int
) -> None:
    assert one(f"MSG,7,1,1,4CA2D6,1,{clock},,,,9000", tz=tz).ts == expected


def test_a_callsign_of_fillers_is_none() -> None:
    for filler in ("@@@@@@@@", "????????", "        "):
        assert one(f"MSG,1,1,1,4CA2D6,1,{CLOCK},{filler},9000").texts is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "not SBS"),
        ("MSG", "not SBS"),
        ("\xff", "not SBS"),
        (AIRBORNE + ",x", "not SBS"),
        (f"STA,,5,179,4CA2D6,10103,{CLOCK},RM", "not a report of an aircraft"),
        (f"CLK,,5,,,,{CLOCK}", "not a report of an aircraft"),
        (AIRBORNE.replace("4CA2D6", ""), "no device"),
        (f"MSG,7,1,1,4CA2D6,1,{CLOCK},,,,,,,,,,,,", "nothing to store"),
        (AIRBORNE.replace("51.45735", "91.5"), "latitude out of range"),
        (AIRBORNE.replace("51.45735", "nan"), "latitude is not a number"),
        (VELOCITY.replace(",64,", ",inf,"), "vertical rate is not a number"),
        (VELOCITY.replace(",64,", ",up,"), "vertical rate is not a number"),
        (AIRBORNE.replace("37000", "9e9"), "altitude out of range"),
    ],
)
def test_what_cannot_be_used_is_refused(line: str, reason: str) -> None:
    found = SbsDecoder().decode([line.encode("latin-1")], NOW)
    assert found.messages == []
    assert [(r.reason, r.payload) for r in found.refused] == [(reason, line.encode("latin-1"))]


@pytest.mark.parametrize(
    ("clock", "reason"),
    [
        ("2026/11/22,21:26:00.000", "timestamp ahead of the clock"),
        ("0001/01/01,00:00:00.000", "timestamp before the year 2000"),
    ],
)
def test_a_time_whose_zone_is_told_is_checked_like_any_other(clock: str, reason: str) -> None:
    found = decode(f"MSG,7,1,1,4CA2D6,1,{clock},,,,9000", tz="UTC")
    assert [r.reason for r in found.refused] == [reason]
