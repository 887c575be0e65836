"""How numbers, ages and names are written."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import NO_VALUE, age, iso_utc, number, shorten


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (7, "7"),
        (3.14159, "3.14"),
        (0.00123, "0.00123"),
        (0.5, "0.5"),
        (999.9, "1\u2009000"),
        (9.999, "10"),
        (1234567, "1\u2009234\u2009567"),
        (-1234.5, "\u22121\u2009234"),
        (-0.25, "\u22120.25"),
        (None, NO_VALUE),
        (float("nan"), NO_VALUE),
        (float("inf"), NO_VALUE),
        (float("-inf"), NO_VALUE),
    ],
)
def test_a_number_has_three_significant_digits_and_all_of_its_whole_part(value: float | None, text: str) -> None:
    assert number(value) == text


def test_more_digits_show_more() -> None:
    assert number(3.14159, 5) == "3.1416"
    assert number(30.2686, 6) == "30.2686"


@given(st.floats(min_value=1e-9, max_value=1e15), st.sampled_from([1, -1]))
def test_a_number_reads_back_within_its_digits(size: float, sign: int) -> None:
    text = number(sign * size)
    back = float(text.replace("\u2009", "").replace("\u2212", "-"))
    assert back == pytest.approx(sign * size, rel=0.0051)
    assert "." not in text or not text.endswith("0")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, NO_VALUE),
        (float("nan"), NO_VALUE),
        (float("inf"), NO_VALUE),
        (-5, "now"),
        (0, "now"),
        (1.99, "now"),
        (2, "2 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86399, "23 h"),
        (86400, "1 d"),
        (86400 * 400, "400 d"),
    ],
)
def test_an_age_is_said_in_its_largest_whole_unit(seconds: float | None, text: str) -> None:
    assert age(seconds) == text


def test_a_name_that_fits_stays() -> None:
    assert shorten("a" * 28) == "a" * 28


def test_a_long_name_keeps_its_begin_and_end() -> None:
    assert shorten("bus-of-the-northern-line-8929", 11) == "bus-o…-8929"


@given(st.text(max_size=60), st.integers(min_value=1, max_value=40))
def test_a_shortened_name_is_never_longer_than_asked(name: str, most: int) -> None:
    assert len(shorten(name, most)) <= most
    assert len(name) > most or shorten(name, most) == name


def test_iso_has_milliseconds_and_z_whatever_the_zone() -> None:
    moment = datetime(2026, 11, 22, 22, 19, 3, 123_999, tzinfo=timezone(timedelta(hours=1)))
    assert iso_utc(moment) == "2026-11-22T21:19:03.123Z"
    assert iso_utc(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


def test_iso_refuses_a_moment_without_a_zone() -> None:
    with pytest.raises(ValueError, match="time zone"):
        iso_utc(datetime(2026, 1, 1))  # noqa: DTZ001 - the fault under test
