"""Real recordings, decoded: nothing of them is refused that could be used."""

import gzip
from collections import Counter

import pytest

from core.types import Message
from ingest.decoders import Decoded
from ingest.decoders.native import NativeDecoder
from tests.conftest import SHARED

NOW = 1_795_382_400_000_000


def lines_of(file: str) -> list[bytes]:
    path = SHARED / "data" / file
    if not path.exists():
        pytest.skip(f"the recording {path} is not here: this test did NOT run")
    return gzip.decompress(path.read_bytes()).splitlines()


def decoded(name: str, speed: str = "m/s", altitude: str = "m", fast: bool = True) -> Decoded:
    return NativeDecoder(speed=speed, altitude=altitude, fast=fast).decode(lines_of(f"{name}.ndjson.gz"), NOW)


def count(found: Decoded, what: str) -> int:
    return sum(getattr(m, what) is not None for m in found.messages)


def names(found: Decoded) -> set[str]:
    return {name for m in found.messages for name in m.values or ()}


def test_austin_2015_is_taken_whole_and_its_miles_per_hour_become_si() -> None:
    found = decoded("transit-austin-2015", "mph")
    assert (len(found.messages), found.refused) == (56_918, [])
    assert len({m.device for m in found.messages}) == 190
    assert count(found, "lat") == count(found, "speed") == count(found, "texts") == 56_918
    assert (count(found, "heading"), names(found)) == (0, set())
    assert found.messages[0] == Message(
        "bus-8929",
        1_425_708_022_000_000,
        NOW,
        lat=30.268604,
        lon=-97.74414,
        speed=0.0,
        texts={"route_id": "411", "trip_id": "1391220", "headsign": "KTR.CLOCK"},
    )
    fastest = max(m.speed or 0 for m in found.messages)
    assert 20 < fastest < 45, "buses, in m/s"


def test_austin_2016_is_taken_whole_with_its_twelve_thousand_repeated_moments() -> None:
    found = decoded("transit-austin-2016-dups")
    assert (len(found.messages), found.refused) == (34_030, [])
    moments = Counter((m.device, m.ts) for m in found.messages)
    assert len(moments) < 34_030 - 5000


def test_where_a_vessel_sends_no_heading_its_course_stands_in() -> None:
    found = decoded("ais-aava")
    assert (len(found.messages), found.refused) == (2_867, [])
    assert len({m.device for m in found.messages}) == 95
    assert count(found, "heading") == 2_860, "1,042 send no heading, and but 7 no course either"
    own = found.messages[0]
    assert (own.device, own.heading, own.speed) == ("230035780", 199.0, 3.18)
    assert found.messages[1].heading == 256, "the heading, not the course of 254.7"
    assert names(found) == {"utc_second", "msg_type", "nav_status"}


def test_the_names_of_vessels_are_taken_without_a_place() -> None:
    found = decoded("ais-aava-devices")
    assert (len(found.messages), found.refused) == (70, [])
    assert found.messages[0].texts == {"name": "LOTOS", "callsign": "ES2099"}


def test_a_boats_sensors_become_metrics_and_its_fixes_positions() -> None:
    found = decoded("boat-sensors-aava")
    assert (len(found.messages), found.refused) == (7_008, [])
    assert count(found, "lat") == 597
    assert {"depth_m", "voltage", "current", "temp_c", "wind_ms", "wind_angle"} <= names(found)


def test_aircraft_in_knots_and_feet_become_si() -> None:
    found = decoded("adsb-france", "kn", "ft")
    assert (len(found.messages), found.refused) == (188_924, [])
    assert found.messages[0].speed == pytest.approx(198.06, abs=0.01)
    assert found.messages[0].altitude == pytest.approx(6172.2, abs=0.1)
    assert names(found) == {"vertical_rate", "onground"}


def test_aircraft_under_spoofing_are_taken_as_they_say() -> None:
    found = decoded("adsb-noisy", "kn", "ft")
    assert (len(found.messages), found.refused) == (9_605, [])
    assert count(found, "lat") == 9_594, "11 have no position"


def test_of_a_room_the_one_reading_without_any_value_is_refused() -> None:
    found = decoded("room-occupancy")
    assert len(found.messages) == 81_031
    (refused,) = found.refused
    assert (refused.reason, refused.payload) == ("nothing to store", b'{"device_id":"S3","ts":"2017-12-22T09:10:28Z"}')
    assert names(found) == {"temp_c", "light_lux", "sound_v", "co2_ppm", "co2_slope", "pir", "occupancy"}


@pytest.mark.parametrize("name", ["transit-austin-2016-dups", "ais-aava", "boat-sensors-aava", "adsb-noisy"])
def test_both_ways_give_the_same_of_a_recording(name: str) -> None:
    assert decoded(name) == decoded(name, fast=False)


def test_raw_ais_sentences_are_refused_as_no_json_and_kept() -> None:
    lines = [line for line in lines_of("ais-stream.nmea.gz") if line]
    found = NativeDecoder().decode(lines, NOW)
    assert found.messages == []
    assert [r.payload for r in found.refused] == lines
    assert {r.reason for r in found.refused} == {"not JSON"}
