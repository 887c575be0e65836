"""Moments and states."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.types import DeviceState, from_micros, state_of, to_micros


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
