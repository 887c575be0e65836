"""Counts of spaces: closing hours by the clock of a zone, drift spread over passages, and its error band."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.occupancy import MISCOUNTED, Anchor, AnchorKind, Hours, LiveCount, Stretch, settled
from core.reconciliation import BUCKET_US, Before, Ground, Mark, Sum, affected, made_anew
from core.types import to_micros

BERLIN = Hours("Europe/Berlin", time(8), time(20), time(4))
HOUR = 3_600_000_000
DAY = 24 * HOUR


def micros(text: str) -> int:
    """Of an ISO 8601 moment in UTC."""
    return to_micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


def test_closing_hours_follow_the_clock_of_the_zone_through_both_changes() -> None:
    spring = BERLIN.closings(micros("2026-03-28T00:00"), micros("2026-03-30T12:00"))
    assert spring == [micros("2026-03-28T03:00"), micros("2026-03-29T02:00"), micros("2026-03-30T02:00")]
    autumn = BERLIN.closings(micros("2026-10-24T00:00"), micros("2026-10-26T12:00"))
    assert autumn == [micros("2026-10-24T02:00"), micros("2026-10-25T03:00"), micros("2026-10-26T03:00")]
    skipped = Hours("Europe/Berlin", empty_at=time(2, 30))  # there is no 02:30 on that day
    assert len(skipped.closings(micros("2026-03-28T12:00"), micros("2026-03-30T12:00"))) == 2


def test_the_last_and_the_next_closing_lie_around_a_moment_and_the_last_has_it() -> None:
    at = micros("2026-01-10T03:00")
    assert BERLIN.last_closing(at) == at
    assert BERLIN.last_closing(at - 1) == at - DAY
    assert BERLIN.next_closing(at) == at + DAY
    assert Hours().last_closing(at) is Hours().next_closing(at) is None


@pytest.mark.parametrize(
    ("hours", "clock", "is_open"),
    [
        (Hours("UTC", time(8), time(20)), "07:59", False),
        (Hours("UTC", time(8), time(20)), "08:00", True),
        (Hours("UTC", time(8), time(20)), "20:00", False),
        (Hours("UTC", time(20), time(2)), "01:59", True),
        (Hours("UTC", time(20), time(2)), "02:00", False),
        (Hours("UTC"), "03:00", True),
    ],
)
def test_a_space_is_open_from_its_hour_on_over_midnight_too(hours: Hours, clock: str, is_open: bool) -> None:
    assert hours.is_open(datetime.fromisoformat(f"2026-01-10T{clock}:00+00:00")) is is_open


def test_drift_is_taken_out_by_passages_and_ends_at_the_known_count() -> None:
    one = settled(Anchor(0, 0, AnchorKind.CLOSING), Anchor(DAY, 0, AnchorKind.CLOSING), raw=4, passages=40)
    assert (one.drift, one.variance) == (4, 0.4)
    assert [one.count(raw, n, 1) for raw, n in ((10, 10), (12, 20), (4, 40))] == [9, 10, 0]
    assert one.count(-3, 5, 1) == 0
    assert one.band(12, 20, 1) == (6, 14)
    assert one.band(0, 0, 0) == (0, 0)
    assert one.band(4, 40, DAY) == (0, 0)


def test_drift_without_a_passage_is_spread_over_time() -> None:
    one = settled(Anchor(0, 10, AnchorKind.MANUAL), Anchor(DAY, 0, AnchorKind.CLOSING), raw=10, passages=0)
    assert [one.count(10, 0, ts) for ts in (0, DAY // 4, DAY // 2, DAY)] == [10, 7, 5, 0]


def test_a_stretch_without_an_end_shows_what_sensors_say_in_a_band_that_grows() -> None:
    one = settled(Anchor(0, 2, AnchorKind.MANUAL), None, raw=50, passages=100, before=0.25)
    assert one.count(50, 100, HOUR) == 50
    assert one.band(50, 100, HOUR) == (40, 60)
    assert one.band(3, 4, HOUR) == (1, 5)


@given(base=st.integers(0, 50), end=st.integers(0, 50), changes=st.lists(st.integers(-4, 4).filter(bool), max_size=40))
def test_a_count_is_never_negative_lies_in_its_band_and_keeps_to_both_ends(
    base: int, end: int, changes: list[int]
) -> None:
    passages = sum(map(abs, changes))
    one = settled(
        Anchor(0, base, AnchorKind.MANUAL), Anchor(DAY, end, AnchorKind.CLOSING), base + sum(changes), passages
    )
    assert one.count(base, 0, 0) == base
    assert one.count(base + sum(changes), passages, DAY) == end
    raw = done = 0
    for n, change in enumerate(changes):
        raw, done = raw + change, done + abs(change)
        count, (low, high) = one.count(base + raw, done, n), one.band(base + raw, done, n)
        assert 0 <= low <= count <= high


def test_now_is_the_last_known_count_and_what_passed_since_until_the_space_closes() -> None:
    live = LiveCount("hall", 1, base=0, since=7, base_at=0, next_base_at=DAY, known_from=HOUR, newest=9 * HOUR)
    assert live.count(HOUR - 1) is None
    assert live.count(10 * HOUR) == 7
    assert live.count(DAY) == 0
    assert LiveCount("hall", 1, 0, -2, 0, DAY, HOUR, HOUR).count(2 * HOUR) == 0
    assert LiveCount("hall", 1, 0, 0, 0, DAY, None, None).count(DAY) is None


BUCKETS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(-5, 5), st.integers(1, 9)), unique_by=lambda t: t[0], max_size=30
)


@given(buckets=BUCKETS, ends=st.lists(st.integers(1, 299), unique=True, max_size=4), dirty=st.integers(0, 300))
def test_to_go_on_from_a_checkpoint_gives_what_the_whole_gives(
    buckets: list[tuple[int, int, int]], ends: list[int], dirty: int
) -> None:
    """The buckets before the first wrong moment need not be summed up again."""
    anchors = [Anchor(end * BUCKET_US, end % 7, AnchorKind.MANUAL) for end in sorted(ends)]
    ground = Ground.of(1, anchors, 0, 301 * BUCKET_US)

    def sums(places: range, since: int) -> list[Sum]:
        found = []
        for number, change, passages in sorted(buckets):
            ts = number * BUCKET_US
            place = sum(1 for start in ground.starts[1:] if start <= ts) - places.start
            if 0 <= place < len(places) and ts >= since:
                found.append(Sum(place, ts, change, passages))
        return found

    everything = range(len(ground.starts))
    before = Before(MISCOUNTED, True)
    whole, stretches = made_anew(ground, everything, [], sums(everything, 0), before)
    assert [point.ts for point in whole] == sorted({point.ts for point in whole})
    run = affected(ground, [Mark(dirty * BUCKET_US, ground.until, "late")])[0]
    begin = ground.starts[run.places.start]
    kept = [row for row in whole if begin <= row.ts <= run.dirty and row.ts < ground.end(run.places.start)]
    known = {one.start: one for one in stretches}
    if run.places.start:
        last = known.get(ground.starts[run.places.start - 1])
        before = Before(MISCOUNTED, True) if last is None else Before(last.variance, False)
    again, again_stretches = made_anew(
        ground, run.places, kept, sums(run.places, kept[-1].ts if kept else begin), before
    )
    assert again == [row for row in whole if row.ts >= begin]
    assert again_stretches == [one for one in stretches if one.start >= begin]


def test_marks_touch_their_stretches_and_the_one_behind() -> None:
    anchors = [Anchor(n * DAY, 0, AnchorKind.CLOSING) for n in range(6)]
    ground = Ground.of(1, anchors, HOUR, 5 * DAY + HOUR)
    runs = affected(ground, [Mark(DAY + 5, DAY + 9, "late"), Mark(5 * DAY, 5 * DAY + HOUR, "new")])
    assert [(run.places, run.dirty, run.why) for run in runs] == [
        (range(1, 3), DAY + 5, ("late",)),
        (range(5, 6), 5 * DAY, ("new",)),
    ]
    assert affected(ground, [Mark(-DAY, 0, "placed")])[0].places == range(2)


def test_a_plain_stretch_is_not_kept_but_says_where_the_one_before_it_ended() -> None:
    anchors = [Anchor(n * DAY, 0, AnchorKind.CLOSING) for n in range(4)]
    ground = Ground.of(1, anchors, 0, 3 * DAY + HOUR)
    rows, stretches = made_anew(ground, range(4), [], [Sum(0, HOUR, 3, 3)], Before(MISCOUNTED, True))
    assert [(row.ts, row.raw) for row in rows] == [(0, 0), (HOUR + BUCKET_US, 3), (DAY, 0)]
    assert stretches == [Stretch(0, 0, DAY, 0, AnchorKind.CLOSING, 3, 3, 3.0)]


def test_a_moment_of_the_calendar_that_nobody_lives_through_is_no_fault() -> None:
    far = to_micros(datetime(1970, 1, 1, tzinfo=UTC) - timedelta(days=300))
    assert BERLIN.last_closing(far) is not None
