"""Moments, and how the live state of a device moves on."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import DeviceState, LiveState, Message, from_micros, state_of, to_micros


def message(ts: int, **fields: object) -> Message:
    return Message("d", ts, ts + 1_000_000, **fields)  # type: ignore[arg-type]


def state(**fields: object) -> LiveState:
    return LiveState(100, 1_000_100, lat=1.0, lon=2.0, altitude=3.0, speed=4.0, heading=5.0, **fields)  # type: ignore[arg-type]


def place(s: LiveState) -> tuple[float | None, ...]:
    return (s.lat, s.lon, s.altitude, s.speed, s.heading)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_comes_back_to_the_microsecond(moment: datetime) -> None:
    assert from_micros(to_micros(moment)) == moment


@given(st.integers(min_value=to_micros(datetime.min.replace(tzinfo=UTC)), max_value=253_402_300_799_999_999))
def test_microseconds_come_back_exactly(micros: int) -> None:
    assert to_micros(from_micros(micros)) == micros


def test_the_zone_of_a_moment_does_not_matter() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))
    assert to_micros(datetime(1970, 1, 1, 5, 30, 0, 7, tzinfo=zone)) == 7


def test_a_moment_without_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        to_micros(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test


@pytest.mark.parametrize(
    ("age", "speed", "expected"),
    [
        (0, 0.5, DeviceState.MOVING),
        (120, 9, DeviceState.MOVING),
        (121, 9, DeviceState.SILENT),
        (0, 0.49, DeviceState.STOPPED),
        (0, None, DeviceState.STOPPED),
        (121, None, DeviceState.SILENT),
    ],
)
def test_silence_outweighs_speed_and_no_speed_is_stopped(
    age: float, speed: float | None, expected: DeviceState
) -> None:
    assert state_of(age, speed, stopped_below=0.5, silent_after_s=120) is expected


def test_a_newer_place_leaves_nothing_of_the_old_one_beside_it() -> None:
    s = state()
    assert s.advance(message(200, lat=10.0, lon=20.0))
    assert (s.ts, s.received_at) == (200, 1_000_200)
    assert place(s) == (10.0, 20.0, None, None, None)


def test_a_newer_message_without_place_fills_in_what_it_has() -> None:
    s = state()
    assert s.advance(message(200, speed=9.0))
    assert s.ts == 200
    assert place(s) == (1.0, 2.0, 3.0, 9.0, 5.0)


def test_two_messages_of_one_moment_merge_and_the_later_value_wins() -> None:
    s = LiveState(0, 0)
    s.advance(message(100, lat=1.0, lon=2.0, speed=3.0))
    assert s.advance(message(100, lat=1.5, lon=2.5, heading=7.0, values={"a": 1.0}))
    assert place(s) == (1.5, 2.5, None, 3.0, 7.0)
    assert s.values == {"a": (1.0, 100)}


def test_a_late_message_changes_nothing() -> None:
    s = state()
    assert not s.advance(message(99, lat=10.0, lon=20.0, speed=0.0, heading=1.0, altitude=1.0))
    assert (s.ts, s.received_at) == (100, 1_000_100)
    assert place(s) == (1.0, 2.0, 3.0, 4.0, 5.0)


def test_a_late_value_is_taken_where_none_newer_is_known() -> None:
    s = state(values={"battery": (0.5, 90), "fuel": (0.7, 99)})
    assert s.advance(message(95, values={"battery": 0.4, "fuel": 0.1, "oil": 0.2}))
    assert s.ts == 100
    assert s.values == {"battery": (0.4, 95), "fuel": (0.7, 99), "oil": (0.2, 95)}


def test_late_values_that_are_all_known_newer_change_nothing() -> None:
    s = state(values={"battery": (0.5, 99)})
    assert not s.advance(message(98, values={"battery": 0.1}))
    assert s.values == {"battery": (0.5, 99)}


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1)), min_size=1, max_size=12))
def test_in_whatever_order_values_come_the_newest_stays(readings: list[tuple[int, float]]) -> None:
    s = LiveState(0, 0)
    for ts, value in readings:
        s.advance(message(ts, values={"v": value}))
    newest = max(ts for ts, _ in readings)
    assert s.values["v"] == ([v for ts, v in readings if ts == newest][-1], newest)
    assert s.ts == newest


def test_no_two_states_share_their_values() -> None:
    one, other = LiveState(0, 0), LiveState(0, 0)
    one.advance(message(1, values={"a": 1.0}))
    assert other.values == {}
