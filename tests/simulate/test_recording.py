import gzip
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StartupError
from simulate.recording import Row, find_recording, parse, parse_time, read_recording, recordings

MOMENT = 1_425_708_022_000_000


def one(**message: object) -> Row:
    recording = parse([orjson.dumps({"device_id": "d", "ts": MOMENT, **message})])
    assert recording.skipped == 0, recording.first_fault
    return recording.rows[0]


@pytest.mark.parametrize(
    "value",
    [
        "2015-03-07T06:00:22Z",
        "2015-03-07T06:00:22",
        "2015-03-07T00:00:22-06:00",
        1425708022,
        1425708022.0,
        1425708022000,
        MOMENT,
    ],
)
def test_times_of_all_kinds_mean_the_same_moment(value: object) -> None:
    assert parse_time(value) == MOMENT


@pytest.mark.parametrize("value", [None, "", "soon", True, [], -1, 1e300, float("nan"), "1969-12-31T23:59:59Z"])
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_time(value)


def test_other_names_are_understood() -> None:
    line = b'{"vehicle_id":7,"timestamp":1425708022,"latitude":1.5,"lng":2.5,"alt":3,"velocity":4,"course":5}'
    assert parse([line]).rows == [Row("7", MOMENT, 1.5, 2.5, 4.0, 3.0, 5.0)]


def test_heading_stands_over_course_unless_it_is_a_sentinel() -> None:
    assert one(heading=10, course=20).heading == 10
    assert one(heading=511, course=20).heading == 20
    assert one(heading=511).heading is None
    assert one(heading=360).heading == 0


@pytest.mark.parametrize(
    "place",
    [{"lat": 91, "lon": 5}, {"lat": 5, "lon": 181}, {"lat": 5}, {"lat": None, "lon": 5}, {"lat": "x", "lon": 1}],
)
def test_half_a_position_is_none_and_the_row_stays(place: dict[str, object]) -> None:
    row = one(**place, depth=3)
    assert (row.lat, row.lon, row.extras) == (None, None, {"depth": 3})


def test_what_happened_stays_as_it_was_recorded() -> None:
    row = one(event="x", data={"a": [1]}, direction=None, **{"in": 2, "out": 0})
    assert (row.happened, row.extras) == ({"event": "x", "data": {"a": [1]}, "in": 2, "out": 0}, {})


def test_extras_are_numbers_and_strings_and_ids_are_strings() -> None:
    row = one(route_id=411, headsign="WEST", temp=2.5, door=True, none=None, empty="", nested={"a": 1}, many=[1])
    assert row.extras == {"route_id": "411", "headsign": "WEST", "temp": 2.5, "door": 1}


def test_speed_is_converted() -> None:
    rows = parse([b'{"id":"d","ts":1425708022,"speed":10}'], speed_unit="mph").rows
    assert rows[0].speed == pytest.approx(4.4704)
    assert one(speed=-1).speed is None
    with pytest.raises(ValueError, match="furlong"):
        parse([], speed_unit="furlong")


def test_bad_lines_are_skipped_and_counted() -> None:
    lines = [b'{"id":"a","ts":1425708022}\n', b"\n", b"{broken\n", b"[]\n", b'{"ts":1}\n', b'{"id":"b"}\n', b"\xff\n"]
    recording = parse(lines)
    assert [row.device for row in recording.rows] == ["a"]
    assert recording.skipped == 5
    assert recording.first_fault == "line 3: not JSON"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(2**63), 2**64 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
names = st.sampled_from(
    ["device_id", "id", "ts", "time", "lat", "lon", "speed", "heading", "course", "alt", "x", "x_id"]
)


@given(st.lists(st.dictionaries(names, json_values, max_size=8).map(orjson.dumps) | st.binary(max_size=30), max_size=5))
def test_any_line_is_a_sound_row_or_counted(lines: list[bytes]) -> None:
    recording = parse(lines)
    assert len(recording.rows) + recording.skipped == sum(bool(line.strip()) for line in lines)
    for row in recording.rows:
        assert row.device
        assert (row.lat is None) == (row.lon is None)
        assert row.heading is None or 0 <= row.heading < 360


@pytest.mark.parametrize("name", ["r.ndjson", "r.jsonl", "r.ndjson.gz"])
def test_plain_and_gzipped_files(tmp_path: Path, name: str) -> None:
    path, text = tmp_path / name, b'{"id":"a","ts":1425708022}\n'
    path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    recording = read_recording(find_recording(str(path)))
    assert (recording.name, len(recording.rows)) == ("r", 1)


def test_files_that_are_no_recordings_are_named_in_one_line(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"id":"a","ts":1425708022}\n' * 1000)
    contents = {"empty.ndjson": b"", "text.ndjson": b"hello\n", "plain.ndjson.gz": b"{}", "half.ndjson.gz": whole[:50]}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(StartupError, match=name) as error:
            read_recording(tmp_path / name)
        assert "\n" not in str(error.value)
    for missing in (tmp_path / "none.ndjson", tmp_path, "no-such-name", ""):
        with pytest.raises(StartupError, match="transit-austin-2015"):
            find_recording(str(missing))


def test_each_recording_of_the_repository_has_its_notice() -> None:
    assert "transit-austin-2015" in recordings()
    for name in recordings():
        folder = find_recording(name).parent
        assert (folder / f"{name}.NOTICE.txt").is_file()
        assert (folder / f"{name}.LICENSE.txt").is_file()
