"""Real recordings through the decoders of other formats, held to counts made without them."""

from collections import Counter
from typing import Any

import msgspec
import pytest
from pyais.encode import encode_dict

from core.reasons import AIS_WITHOUT_USE
from ingest.decoders import Decoded, decoder_for
from tests.ingest.ais_read_plainly import read_plainly
from tests.ingest.test_recordings import lines_of

NOW = 1_795_382_400_000_000


@pytest.fixture(scope="module")
def stream() -> list[bytes]:
    return [line for line in lines_of("ais-stream.nmea.gz") if line]


@pytest.fixture(scope="module")
def found(stream: list[bytes]) -> Decoded:
    return decoder_for({"decode": "ais"}, max_ahead_s=300).decode(stream, NOW)


def test_a_log_of_a_coast_guard_gives_the_positions_that_its_bits_hold(stream: list[bytes], found: Decoded) -> None:
    placed = [r for r in read_plainly(stream) if r.lat is not None]
    assert len(placed) == 3_127
    ours = [m for m in found.messages if m.lat is not None]
    assert [m.device for m in ours] == [f"{r.mmsi:09}" for r in placed]
    assert [m.lat for m in ours] == pytest.approx([r.lat for r in placed], abs=1e-6)
    assert [m.lon for m in ours] == pytest.approx([r.lon for r in placed], abs=1e-6)
    assert len({m.device for m in ours}) == 1_480


def test_all_else_in_the_log_is_named_or_accounted_for(stream: list[bytes], found: Decoded) -> None:
    reports = read_plainly(stream)
    assert Counter(r.reason for r in found.refused) == {
        AIS_WITHOUT_USE: sum(r.of_no_use for r in reports if r.mmsi),
        "no device": sum(not r.mmsi for r in reports),
    }
    assert len(found.messages) + len(found.refused) == len(reports) == 4_051
    named = {m.device: m.texts["label"] for m in found.messages if m.texts and "label" in m.texts}
    assert (len(named), named["246901005"]) == (481, "PASSAAT")
    assert named == {f"{r.mmsi:09}": r.name for r in read_plainly(stream) if r.name and r.mmsi}


def test_every_message_of_the_log_has_the_moment_written_before_or_behind_it(found: Decoded) -> None:
    moments = [m.ts for m in found.messages]
    assert (min(moments), max(moments)) == (1_276_256_770_000_000, 1_276_256_798_873_000)


def test_cutting_the_log_into_records_changes_nothing(stream: list[bytes], found: Decoded) -> None:
    decoder = decoder_for({"decode": "ais"}, max_ahead_s=300)
    parts = [decoder.decode([line + b"\r\n"], NOW) for line in stream]
    assert [m for part in parts for m in part.messages] == found.messages
    assert [r for part in parts for r in part.refused] == found.refused


def rows_of(name: str) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in lines_of(f"{name}.ndjson.gz")]


def test_vessels_sent_as_ais_are_those_that_were_sent_as_json() -> None:
    rows = rows_of("ais-aava")
    lines = [
        encode_dict(
            {
                "msg_type": row["msg_type"],
                "mmsi": row["device_id"],
                "lat": row["lat"],
                "lon": row["lon"],
                "speed": row["speed"] * 3600 / 1852 if "speed" in row else 102.3,
                "course": row.get("course", 360),
                "heading": row.get("heading", 511),
            }
        )[0].encode()
        for row in rows
    ]
    ours = decoder_for({"decode": "ais"}, max_ahead_s=300).decode(lines, NOW)
    native = decoder_for({}, max_ahead_s=300).decode([msgspec.json.encode(row) for row in rows], NOW)
    assert ours.refused == []
    assert len({m.device for m in ours.messages}) == 95
    for one, other in zip(ours.messages, native.messages, strict=True):
        assert one.device == other.device
        assert one.lat == pytest.approx(other.lat, abs=2e-6)
        assert one.lon == pytest.approx(other.lon, abs=2e-6)
        assert one.speed == (None if other.speed is None else pytest.approx(other.speed, abs=0.052))
        assert one.heading == (None if other.heading is None else pytest.approx(other.heading, abs=1))


def test_aircraft_sent_as_sbs_are_those_that_were_sent_as_json() -> None:
    rows = rows_of("adsb-noisy")
    lines = []
    for row in rows:
        clock = row["ts"].rstrip("Z").replace("-", "/").replace("T", ",") + ".000"
        fields = (row.get(name, "") for name in ("altitude", "speed", "heading", "lat", "lon", "vertical_rate"))
        line = f"MSG,3,1,1,{row['device_id']},1,{clock},,,{row.get('callsign', '')},{','.join(map(str, fields))},,,,,"
        lines.append(line.encode())
    ours = decoder_for({"decode": "sbs", "tz": "UTC"}, max_ahead_s=300).decode([b"\r\n".join(lines)], NOW)
    units = {"speed": "kn", "altitude": "ft"}
    native = decoder_for(units, max_ahead_s=300).decode([msgspec.json.encode(row) for row in rows], NOW)
    assert (len(ours.messages), ours.refused) == (9_605, [])
    for one, other in zip(ours.messages, native.messages, strict=True):
        for field in ("device", "ts", "lat", "lon", "altitude", "speed", "heading"):
            assert getattr(one, field) == getattr(other, field)
        climb = (other.values or {}).get("vertical_rate")
        assert (one.values or {}).get("vertical_rate") == (
            None if climb is None else pytest.approx(climb * 0.3048 / 60)
        )
