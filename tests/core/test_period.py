"""Periods are read as people mean them, in any zone, and what cannot be read says what to write."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import BadPeriod
from core.period import Period, parse_period, period_words, zone_of

NOW = datetime(2026, 11, 25, 22, 14, 51, 500_000, tzinfo=UTC)  # a Wednesday
BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [UTC, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Apia")]
)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the zone is given beside


def parse(from_: str, to: str = "now", zone: object = UTC, now: datetime = NOW) -> Period:
    return parse_period(from_, to, now=now, zone=zone)  # type: ignore[arg-type]  # a tzinfo


def local(period: Period) -> tuple[str, str]:
    """Both ends as a clock of the zone shows them."""
    start, end = (moment.astimezone(period.zone) for moment in (period.start, period.end))
    return f"{start:%Y-%m-%d %H:%M:%S}", f"{end:%Y-%m-%d %H:%M:%S}"


@pytest.mark.parametrize(
    ("from_", "to", "start", "end", "words"),
    [
        ("now-1h", "now", "2026-11-25 22:14:51", "2026-11-25 23:14:51", "last hour"),
        ("now-15m", "now", "2026-11-25 22:59:51", "2026-11-25 23:14:51", "last 15 minutes"),
        ("now-7d", "now", "2026-11-18 23:14:51", "2026-11-25 23:14:51", "last 7 days"),
        ("now/d", "now", "2026-11-25 00:00:00", "2026-11-25 23:14:51", "today so far"),
        ("now/d", "now/d", "2026-11-25 00:00:00", "2026-11-26 00:00:00", "today"),
        ("now-1d/d", "now-1d/d", "2026-11-24 00:00:00", "2026-11-25 00:00:00", "yesterday"),
        ("now/w", "now", "2026-11-23 00:00:00", "2026-11-25 23:14:51", "this week so far"),
        ("now-1M/M", "now-1M/M", "2026-10-01 00:00:00", "2026-11-01 00:00:00", "last calendar month"),
        ("now/y", "now", "2026-01-01 00:00:00", "2026-11-25 23:14:51", "this year so far"),
        ("now-2h/h", "now/h", "2026-11-25 21:00:00", "2026-11-26 00:00:00", "25 Nov 21:00 to 26 Nov 00:00"),
        ("2026-11-22", "2026-11-22", "2026-11-22 00:00:00", "2026-11-23 00:00:00", "22 Nov 00:00 to 23 Nov 00:00"),
        ("2026-11-22T20:00", "2026-11-22T21:30", "2026-11-22 20:00:00", "2026-11-22 21:30:00", "22 Nov 20:00 to 21:30"),
        ("2025-12-31T22:00Z", "2026-01-01T00:00+01:00", "2025-12-31 23:00:00", "2026-01-01 00:00:00",
         "31 Dec 2025 23:00 to 1 Jan 2026 00:00"),
    ],
)  # fmt: skip
def test_texts_are_read_in_the_zone_of_the_user(from_: str, to: str, start: str, end: str, words: str) -> None:
    period = parse(from_, to, BERLIN)
    assert local(period) == (start, end)
    assert period_words(period) == words
    assert period.moves == ("now" in from_ + to)


def test_a_day_is_one_of_the_calendar_where_clocks_change() -> None:
    after = datetime(2026, 10, 25, 11, 0, tzinfo=UTC)  # noon; the night before had 25 hours
    assert local(parse("now-1d", zone=BERLIN, now=after))[0] == "2026-10-24 12:00:00"
    assert parse("now-1d", zone=BERLIN, now=after).start == after - timedelta(hours=25)
    assert parse("now/d", "now/d", BERLIN, after).end - parse("now/d", "now/d", BERLIN, after).start == timedelta(
        hours=25
    )
    assert parse("now-24h", zone=BERLIN, now=after).start == after - timedelta(hours=24)
    twice = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 for the second time
    assert parse("now/h", "now", BERLIN, twice).start == datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("from_", "to", "said"),
    [
        ("yesterday", "now", "“from” is no moment: yesterday. Write it as now-1h"),
        ("now-1h", "2026-13-01", "“to” is no moment: 2026-13-01"),
        ("now", "now-1h", "“from” (now) is not before “to” (now-1h)"),
        ("now", "now", "is not before"),
        ("", "now", "“from” is no moment: nothing"),
        ("now-999999y", "now", "“from” is no moment"),
        ("1969-12-31T23:59Z", "now", "outside the years 1970 to 2200"),
        ("0001-01-01T00:00+14:00", "now", "“from” is no moment"),
        ("now-1h" + " " * 50, "now", "“from” is no moment"),
        ("now-1h\n", "now", "“from” is no moment: now-1h�"),
        ("<script>alert(1)</script>", "now", "“from” is no moment: <script>"),
    ],
)
def test_what_cannot_be_read_says_which_and_what_to_write(from_: str, to: str, said: str) -> None:
    with pytest.raises(BadPeriod) as raised:
        parse(from_, to)
    assert said in str(raised.value)


@given(st.text() | st.none(), st.text() | st.integers(), MOMENTS, ZONES)
def test_any_text_is_a_period_or_a_sentence(from_: str, to: str, now: datetime, zone: object) -> None:
    said = ""
    try:
        period = parse(from_, to, zone, now)
    except BadPeriod as bad:
        said = str(bad)
    assert said.endswith(".") if said else period.start < period.end


@given(
    st.integers(1, 999), st.sampled_from("smhdwMy"), st.sampled_from(["", "/m", "/h", "/d", "/w", "/M", "/y"]),
    MOMENTS, ZONES,
)  # fmt: skip
def test_relative_periods_are_ordered_and_rounding_moves_less_than_a_unit(
    count: int, unit: str, rounding: str, now: datetime, zone: object
) -> None:
    try:
        period = parse(f"now-{count}{unit}{rounding}", "now", zone, now)
    except BadPeriod:  # before 1970
        return
    assert period.moves
    assert period.start <= period.end == now
    plain = parse(f"now-{count}{unit}", "now", zone, now)
    longest = {"": 0, "/m": 60, "/h": 3600, "/d": 90_000, "/w": 8 * 86400, "/M": 32 * 86400, "/y": 367 * 86400}
    assert timedelta() <= plain.start - period.start <= timedelta(seconds=longest[rounding])


@given(MOMENTS, st.timedeltas(timedelta(microseconds=1), timedelta(days=3000)), ZONES)
def test_iso_texts_are_read_exactly(start: datetime, length: timedelta, zone: object) -> None:
    from_, to = start.isoformat(), (start + length).isoformat()
    period = parse(from_, to, zone)
    assert (period.start, period.end, period.moves) == (start, start + length, False)
    spaced = from_.replace("+", " ")  # as an address that was not encoded gives it
    assert parse(spaced, to, zone).start == start


def test_an_unknown_zone_is_utc() -> None:
    assert zone_of("Europe/Berlin") == BERLIN
    for name in ("Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "", None, 7, "a" * 100):
        assert zone_of(name) is UTC
