from collections import Counter, defaultdict
from datetime import datetime
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulate.pace import MAX_LAG_S, SLOT_S
from simulate.play import Options, play
from simulate.recording import Row
from simulate.schedule import phase, schedule
from simulate.timeline import Timeline
from tests.simulate.fakes import EPOCH_US, FakeClock, MemoryTransport, row
from tests.simulate.test_timeline import FIXES


def fleet(devices: int = 5, seconds: int = 600) -> Timeline:
    rows = [row(f"bus-{n}", t, lon=-97 + t * 1e-4) for n in range(devices) for t in range(0, seconds + 1, 60)]
    return Timeline(rows)


def played(timeline: Timeline, clock: FakeClock | None = None, **options: Any) -> MemoryTransport:
    clock = clock or FakeClock()
    transport = MemoryTransport(clock)
    assert play(timeline, transport, clock, Options(**options)) == len(transport.sent)
    return transport


def moment(message: dict[str, Any]) -> float:
    return datetime.fromisoformat(message["ts"]).timestamp()


def test_each_device_reports_once_an_interval_with_the_time_of_sending() -> None:
    transport = played(fleet(), speed=10, duration=20, kind="bus", fleet="Capital Metro")
    assert set(Counter(message["device_id"] for message in transport.messages).values()) == {20}
    for at, message in transport.sent:
        wall = 2_000_000_000.0 + at - 1000.0
        assert -1e-6 <= wall - moment(message) <= SLOT_S + 0.0011
        assert (message["kind"], message["fleet"]) == ("bus", "Capital Metro")


def test_a_lead_is_sent_at_once_with_past_times_and_the_play_goes_on_from_now() -> None:
    clock = FakeClock()
    transport = MemoryTransport(clock, receiver_at=1003.0)
    play(fleet(), transport, clock, Options(speed=10, duration=13, lead=20, start=300))
    began = transport.sent[0][0]
    assert began >= 1003.0, "nothing before someone listens: it would be lost"
    past = [message for at, message in transport.sent if at == began]
    assert len(past) >= 5 * 20
    moments = sorted(moment(message) for message in transport.messages if message["device_id"] == "bus-1")
    assert [round(b - a, 2) for a, b in pairwise(moments)] == [1.0] * (len(moments) - 1), "no gap where it goes on"
    assert moments[0] == pytest.approx(2_000_000_003.0 - 20, abs=1.1)
    first = min(transport.messages, key=moment)
    assert first["lon"] == pytest.approx(-97 + (300 - 20 * 10) * 1e-4, abs=2e-3)


def test_a_history_that_takes_long_to_send_reaches_up_to_where_the_play_goes_on() -> None:
    clock = FakeClock()
    transport = MemoryTransport(clock, cost_s=0.02)  # 5 devices and 100 s of history: ten seconds to send it
    play(fleet(), transport, clock, Options(speed=1, duration=40, lead=100, start=100))
    moments = sorted(moment(message) for message in transport.messages if message["device_id"] == "bus-1")
    assert moments[0] == pytest.approx(2_000_000_000.0 - 100, abs=1.1)
    assert moments[-1] >= 2_000_000_000.0 + 38
    assert [round(b - a, 2) for a, b in pairwise(moments)] == [1.0] * (len(moments) - 1)
    at, last = transport.sent[-1]
    assert moment(last) == pytest.approx(2e9 + at - 1000, abs=0.1), "in the end it is live"


def test_pace_does_not_drift_when_every_sleep_is_late() -> None:
    clock = FakeClock(late=0.013)
    transport = played(fleet(), clock, speed=10, duration=50)
    at, message = transport.sent[-1]
    assert at - 1000 == pytest.approx(50, abs=0.3)
    assert message["lon"] == pytest.approx(-97 + (at - 1000) * 10 * 1e-4, abs=1e-4)


def test_sleeps_are_few_however_many_devices() -> None:
    clock = FakeClock()
    transport = played(fleet(devices=400), clock, speed=10, duration=10)
    assert len(transport.sent) == 4000
    assert clock.slept <= 10 / SLOT_S + 1


def test_a_suspended_process_goes_on_where_it_was_without_a_burst() -> None:
    class Suspended(FakeClock):
        def sleep(self, seconds: float) -> bool:
            if self.slept == 100:
                self.pass_time(MAX_LAG_S + 3600)
            return super().sleep(seconds)

    clock = Suspended()
    transport = played(fleet(), clock, speed=1, duration=3700)
    gaps = [b - a for (a, _), (b, _) in pairwise(transport.sent)]
    assert sum(gap > 3600 for gap in gaps) == 1
    assert len(transport.sent) == pytest.approx(5 * 100, abs=60)
    assert all(abs(moment(m) - (2e9 + at - 1000)) < 1 for at, m in transport.sent[-5:])


def test_timestamps_follow_a_wall_clock_that_is_set() -> None:
    class Set(FakeClock):
        def sleep(self, seconds: float) -> bool:
            if self.slept == 20:
                self.wall_at += 500
            return super().sleep(seconds)

    transport = played(fleet(), Set(), speed=1, duration=20)
    at, message = transport.sent[-1]
    assert moment(message) == pytest.approx(2e9 + 500 + at - 1000, abs=0.05)


def test_ends_on_count_duration_stop_and_the_end() -> None:
    assert len(played(fleet(), count=7).sent) == 7
    assert len(played(fleet(), count=0).sent) == 0
    assert 49 <= len(played(fleet(), duration=10).sent) <= 50
    clock = FakeClock(stop_at=1004.0)
    played(fleet(), clock)
    assert clock.now <= 1005
    whole = played(fleet(), speed=10, interval=5)
    assert whole.messages[-1]["lon"] == pytest.approx(-97 + 600e-4)  # the last fix is said


def test_a_loop_goes_on_and_its_time_never_goes_back() -> None:
    transport = played(fleet(), speed=10, loop_from=300.0, duration=200)
    assert len(transport.sent) >= 5 * 190
    lons = [message["lon"] for message in transport.messages if message["device_id"] == "bus-1"]
    assert sum(b < a for a, b in pairwise(lons)) == 5  # 60.1 s, then laps of 30.1 s
    assert min(lons[70:]) >= -97 + 300e-4 - 1e-9


def test_recorded_rows_alone_keep_duplicates_and_recorded_values() -> None:
    rows = [row("a", 0, speed=3.0), row("a", 10, speed=0.0), row("a", 10, speed=0.0), row("a", 4, heading=7.0)]
    transport = played(Timeline(rows), interval=0)
    assert [m.get("speed") for m in transport.messages] == [3.0, None, 0.0, 0.0]
    assert transport.messages[1]["heading"] == 7.0
    assert [moment(m) - 2e9 for m in transport.messages] == pytest.approx([0, 4, 10, 10])


def test_rows_without_position_are_played_as_recorded_among_the_others() -> None:
    rows = [row("a", 0), row("a", 10), row("m", 5, None, None, extras={"temp": 20.5})]
    messages = played(Timeline(rows)).messages
    assert [m for m in messages if m["device_id"] == "m"] == [
        {"device_id": "m", "ts": "2033-05-18T03:33:25.000Z", "temp": 20.5}
    ]
    assert len(messages) > 8


def test_what_happened_is_said_once_at_its_moment_and_not_with_each_position() -> None:
    door = {"event": "door_open", "data": {"by": "badge"}}
    rows = [row("a", 0), row("a", 10, happened=door), row("a", 20), row("m", 5, None, None, happened={"in": 3})]
    messages = played(Timeline(rows)).messages
    assert [m for m in messages if "event" in m] == [
        {"device_id": "a", "ts": "2033-05-18T03:33:30.000Z", "lat": 30.0, "lon": -97.0, **door}
    ]
    assert [m["in"] for m in messages if "in" in m] == [3]
    assert len(messages) > 18


def test_original_time_and_a_late_start() -> None:
    messages = played(fleet(), original_time=True, start=120.0, speed=10, count=5).messages
    assert all(0 <= moment(m) - EPOCH_US / 1e6 - 120 <= 10 for m in messages)


def test_without_a_pace_times_end_now_and_nothing_is_lost() -> None:
    clock = FakeClock()
    transport = MemoryTransport(clock, refusals=2, receiver_at=1001.0)
    timeline = fleet()
    assert play(timeline, transport, clock, Options(speed=0, interval=0)) == len(timeline.rows)
    assert transport.sent[0][0] >= 1001.0  # it waited for someone to listen
    times = [moment(message) for message in transport.messages]
    assert times[-1] <= 2e9
    assert times[-1] - times[0] == pytest.approx(600)
    with pytest.raises(ValueError, match="future"):
        play(timeline, transport, clock, Options(speed=0, loop_from=0.0))


def test_a_receiver_that_never_takes_anything_does_not_hold_the_end_up() -> None:
    clock = FakeClock()
    for transport in (MemoryTransport(clock, refusals=10**9), MemoryTransport(clock, receiver_at=1e12)):
        assert play(fleet(), transport, clock, Options(speed=0, duration=5)) == 0


def test_names_of_extras_do_not_overwrite_what_was_measured() -> None:
    rows = [row("a", 0, extras={"kind": "tram", "ts": 5, "route_id": "7"})]
    (message,) = played(Timeline(rows), kind="bus", interval=0).messages
    assert message["kind"] == "bus"
    assert message["ts"].startswith("2033")
    assert list(message)[:2] == ["device_id", "ts"]


def test_phases_are_stable_and_spread() -> None:
    assert phase("bus-8929") == phase("bus-8929")
    tenths = Counter(int(phase(f"bus-{n}") * 10) for n in range(2000, 2200))
    assert len(tenths) == 10
    assert max(tenths.values()) < 40


@settings(max_examples=60, deadline=None)
@given(FIXES, st.sampled_from([0.5, 1, 10, 60]), st.sampled_from([0, 0.3, 1, 7]), st.floats(0, 0.999), st.booleans())
def test_any_schedule_goes_forward_and_ends_or_goes_on(
    rows: list[Row], rate: float, interval: float, part: float, loop: bool
) -> None:
    timeline = Timeline(rows)
    start = timeline.times[-1] * part
    loop_from = start if loop else None
    if loop and interval * rate >= timeline.length - start:
        with pytest.raises(ValueError, match="longer"):
            schedule(timeline, rate=rate, interval=interval, start=start, loop_from=loop_from)
        return
    due = list(islice(schedule(timeline, rate=rate, interval=interval, start=start, loop_from=loop_from), 100))
    assert all(0 <= a.after <= b.after for a, b in pairwise(due))
    by_device = defaultdict(list)
    for message in due:  # at a set interval, rows without a position are a stream of their own
        by_device[message.device, interval > 0 and message.sample.lat is None].append(message)
    for messages in by_device.values():
        if not loop:
            assert all(a.sample.t <= b.sample.t for a, b in pairwise(messages))
            assert all(message.sample.t <= start + message.after * rate + 1e-6 for message in messages)
    if not loop and len(due) < 100:  # it ended by itself: what every device said last was said
        for (device, loose), messages in by_device.items():
            last = max(
                t
                for fix, t in zip(timeline.rows, timeline.times, strict=True)
                if fix.device == device and (interval == 0 or loose == (fix.lat is None))
            )
            assert messages[-1].sample.t == pytest.approx(last)
        still_to_come = {fix.device for fix, t in zip(timeline.rows, timeline.times, strict=True) if t >= start}
        assert still_to_come <= {device for device, _ in by_device}
