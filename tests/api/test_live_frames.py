"""Frames hold what docs/live-protocol.md says, read by a decoder that knows nothing of the encoder."""

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.live.frames import Kind, Totals, binary_frame, columns_of, devices_frame, hello, json_frame
from tests.api import frames
from tests.api.frames import NOWHERE, UNKNOWN, decode
from tests.states import LiveState, pack

NOW = 1_795_382_343_123_000


def frame_of(*states: LiveState, kind: Kind = Kind.DELTA, **more: Any) -> frames.Frame:
    """What a viewer reads of these states, whose ids are 1, 2, ..."""
    return decode(frame_bytes(list(enumerate(states, 1)), kind=kind, **more))


def frame_bytes(
    states: list[tuple[int, LiveState]], *, kind: Kind = Kind.DELTA, newest_us: int | None = NOW, **more: Any
) -> bytes:
    """A frame of these states by id, on the wire."""
    totals = Totals(total=9, moving=4, stopped=3, silent=2, unlocated=1, newest_us=newest_us)
    given: dict[str, Any] = {"now_us": NOW, "totals": totals, "sequence": 7, "paused": False}
    return binary_frame(kind, columns_of(pack(states)), **(given | more))


def test_every_field_stands_where_the_protocol_says() -> None:
    states = [(3, LiveState(NOW - 2_500_000, NOW, 30.2686, -97.7441, 150, 8.2, 271.25))]
    data = frame_bytes(states, kind=Kind.SNAPSHOT, sequence=4, newest_us=NOW - 1_234_567, paused=True)
    header = struct.pack("<2sBBIdIIIIIIIIII", b"WP", 2, 1, 1, NOW / 1000, 9, 4, 1234, 1, 4, 3, 2, 1, 0, 0)
    assert data == header + struct.pack("<IiiIHH", 3, 302686000, -977441000, 2500, 820, 27125)


def test_values_stand_after_the_ages_and_the_ids_of_those_that_left_at_the_end() -> None:
    columns = columns_of(pack([(3, LiveState(NOW, NOW, 1, 2, None, 1, 2)), (4, LiveState(NOW, NOW))]))
    valued = columns.valued(np.array([0.5, np.nan], np.float32))
    totals = Totals(total=2, stopped=2)
    data = binary_frame(
        Kind.DELTA, valued, now_us=NOW, totals=totals, sequence=1, paused=False, left=np.array([9, 2**31], np.intp)
    )
    assert struct.unpack_from("<I", data, 28) == (2,)
    assert struct.unpack_from("<I", data, 48) == (2,)
    value, nan = struct.unpack_from("<ff", data, 56 + 16 * 2)
    assert (value, math.isnan(nan)) == (0.5, True)
    assert data[-8:] == struct.pack("<II", 9, 2**31)
    frame = decode(data)
    assert (frame.left, frame.speed, frame.heading) == ((9, 2**31), (100, UNKNOWN), (200, UNKNOWN))


def test_a_frame_of_nothing_but_those_that_left() -> None:
    frame = decode(frame_bytes([], left=np.array([5], np.intp)))
    assert (frame.id, frame.left) == ((), (5,))


@pytest.mark.parametrize("kind, number", [(Kind.SNAPSHOT, 1), (Kind.DELTA, 2), (Kind.HEARTBEAT, 3)])
def test_kinds_have_the_numbers_of_the_protocol(kind: Kind, number: int) -> None:
    assert frame_of(kind=kind).kind == number


def test_a_frame_without_devices_is_its_header_alone() -> None:
    empty = frame_bytes([], kind=Kind.HEARTBEAT, newest_us=None)
    assert len(empty) == 56
    frame = decode(empty)
    assert frame.newest_age_ms == 0xFFFFFFFF
    assert (frame.total, frame.moving, frame.stopped, frame.silent, frame.unlocated) == (9, 4, 3, 2, 1)


def test_columns_follow_one_another_aligned() -> None:
    frame = frame_of(*(LiveState(NOW, NOW, float(i), -float(i), None, i / 10, float(i)) for i in range(3)))
    assert frame.id == (1, 2, 3)
    assert frame.lat == (0, 10_000_000, 20_000_000)
    assert frame.lon == (0, -10_000_000, -20_000_000)
    assert frame.speed == (0, 10, 20)
    assert frame.heading == (0, 100, 200)


def test_what_is_not_known_has_its_sentinel() -> None:
    frame = frame_of(LiveState(NOW, NOW))
    assert (frame.lat, frame.speed, frame.heading) == ((NOWHERE,), (UNKNOWN,), (UNKNOWN,))


@pytest.mark.parametrize(
    "place", [(None, 5.0), (5.0, None), (math.nan, 5.0), (91.0, 5.0), (5.0, 215.0), (math.inf, 0.0)]
)
def test_half_a_place_or_one_off_the_globe_is_never_located(place: tuple[float | None, float | None]) -> None:
    assert frame_of(LiveState(NOW, NOW, *place)).lat == (NOWHERE,)


@pytest.mark.parametrize("place", [(90.0, 180.0), (-90.0, -180.0)])
def test_the_corners_of_the_globe_fit(place: tuple[float, float]) -> None:
    frame = frame_of(LiveState(NOW, NOW, *place))
    assert (frame.lat, frame.lon) == ((round(place[0] * 1e7),), (round(place[1] * 1e7),))


@pytest.mark.parametrize(
    "speed, sent",
    [(0.0, 0), (0.004, 0), (0.006, 1), (655.34, 65534), (655.35, 65534), (1e6, 65534), (-3.0, 0), (math.inf, 65534)],
)
def test_speed_saturates_below_its_sentinel(speed: float, sent: int) -> None:
    assert frame_of(LiveState(NOW, NOW, 0, 0, None, speed)).speed == (sent,)


@pytest.mark.parametrize(
    "heading, sent", [(0.0, 0), (359.99, 35999), (359.999, 0), (360.0, 0), (-90.0, 27000), (450.0, 9000)]
)
def test_heading_stays_below_a_full_turn(heading: float, sent: int) -> None:
    assert frame_of(LiveState(NOW, NOW, 0, 0, None, None, heading)).heading == (sent,)


def test_ages_are_never_negative_and_saturate() -> None:
    ahead, old, ancient = (LiveState(ts, NOW) for ts in (NOW + 5_000_000, NOW - 1_999, 0))
    assert frame_of(ahead, old, ancient).age_ms == (0, 1, 0xFFFFFFFE)


@pytest.mark.parametrize(
    "newest, age", [(None, 0xFFFFFFFF), (NOW, 0), (NOW + 1_000_000, 0), (NOW - 5_000_000, 5000), (0, 0xFFFFFFFE)]
)
def test_the_age_of_the_newest_data(newest: int | None, age: int) -> None:
    assert frame_of(newest_us=newest).newest_age_ms == age


@pytest.mark.parametrize("paused", [True, False])
def test_the_paused_flag_is_bit_0(paused: bool) -> None:
    assert frame_of(paused=paused).flags == int(paused)


def test_the_sequence_goes_round_after_32_bits() -> None:
    assert frame_of(sequence=2**32 + 3).sequence == 3


optional = st.none()
states = st.builds(
    LiveState,
    ts=st.integers(NOW - 4_000_000_000_000, NOW + 300_000_000),
    received_at=st.just(NOW),
    lat=optional | st.floats(-90, 90),
    lon=optional | st.floats(-180, 180),
    altitude=optional | st.floats(-500, 20_000, width=32),
    speed=optional | st.floats(0, 2_000, width=32),
    heading=optional | st.floats(0, 360, width=32, exclude_max=True),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), states), max_size=20))
def test_whatever_was_packed_is_read_again(given_states: list[tuple[int, LiveState]]) -> None:
    data = frame_bytes(given_states)
    assert len(data) == 56 + 20 * len(given_states)
    frame = decode(data)
    assert frame.id == tuple(device for device, _ in given_states)
    for i, (_, s) in enumerate(given_states):
        if s.lat is None or s.lon is None:
            assert frame.lat[i] == NOWHERE
        else:
            assert abs(frame.lat[i] / 1e7 - s.lat) <= 0.5e-7 + 1e-12
            assert abs(frame.lon[i] / 1e7 - s.lon) <= 0.5e-7 + 1e-12
        assert frame.age_ms[i] == max(0, (NOW - s.ts) // 1000)
        if s.speed is None:
            assert frame.speed[i] == UNKNOWN
        else:
            assert abs(frame.speed[i] - min(s.speed * 100, 65534)) <= 0.51
        if s.heading is None:
            assert frame.heading[i] == UNKNOWN
        else:
            off = abs(frame.heading[i] - s.heading * 100)
            assert frame.heading[i] < 36000
            assert min(off, 36000 - off) <= 0.51


def test_hello_says_what_a_viewer_needs() -> None:
    said = json.loads(hello(stopped_below=0.5, silent_after_s=120))
    assert said == {"type": "hello", "version": 2, "stopped_below": 0.5, "silent_after_s": 120}


def test_devices_are_columns_of_equal_length() -> None:
    hostile = '</script><img src=x onerror=alert(1)>\u2028"'
    said = json.loads(devices_frame([(1, "bus-1", None, "bus", None), (2, hostile, "Línea 7 🚌", None, "north")]))
    assert said == {
        "type": "devices",
        "id": [1, 2],
        "name": ["bus-1", hostile],
        "label": [None, "Línea 7 🚌"],
        "kind": ["bus", None],
        "fleet": [None, "north"],
    }


def test_no_devices_are_empty_columns() -> None:
    assert json.loads(devices_frame([])) == {
        "type": "devices",
        "id": [],
        "name": [],
        "label": [],
        "kind": [],
        "fleet": [],
    }


def test_json_has_the_words_of_latest() -> None:
    records = pack(
        [(1, LiveState(NOW - 1_500_000, NOW, 30.1234567, -97.7, None, 8.2, 271.3)), (2, LiveState(NOW + 9, NOW))]
    )
    said = json.loads(
        json_frame(Kind.SNAPSHOT, records, now_us=NOW, names={1: "bus/1", 2: "b"}, values={1: {"battery": 0.83}})
    )
    assert said["type"] == "snapshot"
    assert said["as_of"] == "2026-11-22T21:19:03.123Z"
    assert said["devices"][0] == {
        "device_id": "bus/1",
        "ts": "2026-11-22T21:19:01.623Z",
        "lat": 30.1234567,
        "lon": -97.7,
        "altitude": None,
        "speed": 8.2,
        "heading": 271.3,
        "age_s": 1.5,
        "values": {"battery": 0.83},
    }
    assert said["devices"][1]["age_s"] == 0
    assert said["devices"][1]["values"] == {}
    assert all(said["devices"][1][name] is None for name in ("lat", "lon", "altitude", "speed", "heading"))


@pytest.mark.parametrize("kind, word", [(Kind.DELTA, "delta"), (Kind.HEARTBEAT, "delta")])
def test_in_json_a_heartbeat_is_a_delta_without_devices(kind: Kind, word: str) -> None:
    said = json.loads(json_frame(kind, pack([]), now_us=NOW, names={}, values={}))
    assert (said["type"], said["devices"]) == (word, [])


def test_records_are_48_bytes_without_gaps() -> None:
    [record] = pack([(5, LiveState(1, 2, 3.0, 4.0, 5.0, 6.0, 7.0))])
    assert record.tobytes() == struct.pack("<qqddfffI", 1, 2, 3.0, 4.0, 5.0, 6.0, 7.0, 5)
    assert np.isnan(pack([(1, LiveState(1, 1))])["lat"][0])
