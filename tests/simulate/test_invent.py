"""An invented fleet as it reports: on a simulated clock, so that every message and every moment can be compared."""

from collections import defaultdict
from datetime import datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest

from simulate.building import Building
from simulate.faults import FaultRates, Faults
from simulate.fleet import Fleet
from simulate.invent import Invention, InventOptions, Report
from simulate.pace import SLOT_S, Pace
from tests.simulate.fakes import FakeClock, MemoryTransport

FAULTY = FaultRates(duplicates=0.05, out_of_order=0.05, late=0.02, drop=0.03, late_by=20.0)


def invented(
    devices: int = 40,
    *,
    seed: int = 1,
    rates: FaultRates | None = None,
    duration: float | None = 30.0,
    clock: FakeClock | None = None,
    transport: MemoryTransport | None = None,
    building: Building | None = None,
    **options: Any,
) -> tuple[Report, MemoryTransport]:
    clock = clock or FakeClock()
    transport = transport or MemoryTransport(clock)
    fleet = Fleet(devices, lat=48.0, lon=11.0, radius_m=4000, seed=seed)
    faults = Faults(rates or FaultRates(), seed=seed)
    pace = Pace(clock, duration=duration)
    invention = Invention(fleet, faults, transport, pace, InventOptions(**options), seed=seed, building=building)
    report = invention.run()
    assert report.sent == len(transport.sent)
    assert report.made - report.faults.dropped + report.faults.duplicates == report.sent + report.unsent
    return report, transport


def moment(message: dict[str, Any]) -> float:
    return datetime.fromisoformat(message["ts"]).timestamp()


def by_device(transport: MemoryTransport) -> dict[str, list[dict[str, Any]]]:
    said = defaultdict(list)
    for message in transport.messages:
        said[message["device_id"]].append(message)
    return said


@pytest.mark.parametrize("rate", [0.2, 1.0, 7.0, 50.0])
def test_each_device_reports_at_the_rate_with_the_time_of_sending_and_numbers_from_1(rate: float) -> None:
    report, transport = invented(rate=rate, duration=20.0)
    said = by_device(transport)
    assert len(said) == 40
    assert report.made == pytest.approx(40 * 20 * rate, rel=0.02, abs=40)
    for messages in said.values():
        assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))
        gaps = [moment(b) - moment(a) for a, b in pairwise(messages)]
        assert gaps == pytest.approx([1 / rate] * len(gaps), abs=0.0021)
    for at, message in transport.sent:
        assert -1e-6 <= 2e9 + at - 1000 - moment(message) <= SLOT_S + 0.0011


def test_the_load_is_even() -> None:
    _, transport = invented(400, duration=5.0)
    in_tenths = [0] * 50
    for message in transport.messages:
        in_tenths[min(49, int((moment(message) - 2e9) * 10))] += 1
    assert max(in_tenths) <= 2 * min(in_tenths)


def test_a_message_has_what_a_map_and_a_chart_need() -> None:
    _, transport = invented(duration=1.5)
    for message in transport.messages:
        assert list(message) == [
            "device_id", "seq", "ts", "lat", "lon", "altitude", "speed", "heading", "battery", "kind", "fleet",
        ]  # fmt: skip
        assert 0 <= message["heading"] < 360
        assert -180 <= message["lon"] < 180


def test_the_same_seed_says_the_same_faults_and_all_and_another_does_not() -> None:
    runs = [invented(seed=seed, rates=FAULTY, clock_skew=30.0) for seed in (5, 5, 6)]
    assert runs[0][1].sent == runs[1][1].sent
    assert runs[0][0] == runs[1][0]
    assert runs[0][1].sent != runs[2][1].sent


def test_the_report_is_what_arrived() -> None:
    report, transport = invented(rates=FAULTY, duration=100.0)
    counts, seen = report.faults, defaultdict(list)
    for at, message in transport.sent:
        seen[message["device_id"]].append((at, message))
    doubled = late = overtaken = missing = 0
    for said in seen.values():
        numbers = [message["seq"] for _, message in said]
        doubled += len(numbers) - len(set(numbers))
        missing += max(numbers) - len(set(numbers))
        newest = 0
        for at, message in said:
            age = 2e9 + at - 1000 - moment(message)
            late += age > 15
            overtaken += message["seq"] < newest and age <= 15
            newest = max(newest, message["seq"])
    assert doubled == counts.duplicates
    assert counts.late - counts.late_early <= late <= counts.late
    assert counts.out_of_order <= overtaken <= counts.out_of_order + counts.late_early
    # A dropped message leaves a gap, unless it was the last of its device.
    assert counts.dropped - 40 <= missing <= counts.dropped
    assert min(counts.duplicates, counts.late, counts.out_of_order, counts.dropped) > 20


def test_clocks_that_are_off_stay_off_by_the_same_and_the_others_are_right() -> None:
    report, transport = invented(200, clock_skew=60.0, skewed=0.25)
    offs: dict[str, set[float]] = defaultdict(set)
    for at, message in transport.sent:
        offs[message["device_id"]].add(round((2e9 + at - 1000 - moment(message)) / 0.05))
    wrong = {device for device, off in offs.items() if not off <= {0, 1}}
    assert all(max(off) - min(off) <= 1 for off in offs.values())
    assert all(abs(one) <= 61 / 0.05 for off in offs.values() for one in off)
    assert report.skewed_devices == pytest.approx(50, abs=20)
    assert abs(len(wrong) - report.skewed_devices) <= 2  # a clock may be off by less than can be told
    assert report.skewed == sum(len(said) for device, said in by_device(transport).items() if device in wrong)


def test_it_ends_after_the_count_exactly() -> None:
    for count in (1, 39, 41, 1000):
        report, transport = invented(count=count, duration=None)
        assert (report.made, len(transport.sent), report.unsent) == (count, count, 0)


def test_nothing_is_said_before_someone_listens_and_numbers_begin_then() -> None:
    clock = FakeClock()
    report, transport = invented(clock=clock, transport=MemoryTransport(clock, receiver_at=1010.0), count=100)
    assert transport.sent[0][0] >= 1010
    assert transport.messages[0]["seq"] == 1
    assert moment(transport.messages[0]) == pytest.approx(2e9 + 10, abs=0.1)
    assert report.waits == 1


def test_where_nobody_ever_listens_it_ends_in_time() -> None:
    clock = FakeClock()
    report, _ = invented(clock=clock, transport=MemoryTransport(clock, receiver_at=1e12), duration=5.0)
    assert (report.made, report.sent) == (0, 0)


def test_a_stop_says_what_was_made_and_not_sent() -> None:
    clock = FakeClock(stop_at=1010.0)
    report, transport = invented(clock=clock, rates=FAULTY, duration=None)
    assert report.unsent == report.made - report.faults.dropped + report.faults.duplicates - len(transport.sent)
    assert report.unsent > 0, "late messages were waiting"
    assert clock.now < 1011


def test_a_receiver_without_room_slows_it_down_and_loses_nothing() -> None:
    clock = FakeClock()
    report, transport = invented(clock=clock, transport=MemoryTransport(clock, refusals=1), duration=10.0)
    assert report.unsent == 0
    for messages in by_device(transport).values():
        assert [message["seq"] for message in messages] == list(range(1, len(messages) + 1))


def test_what_is_said_about_movement_fits_together() -> None:
    """From the messages alone: the way between two of them is not longer than the speeds allow."""
    _, transport = invented(duration=40.0)
    for messages in by_device(transport).values():
        for a, b in pairwise(messages):
            north = (b["lat"] - a["lat"]) * 111_195
            assert abs(north) <= max(a["speed"], b["speed"]) + 3.0
            assert abs(b["speed"] - a["speed"]) <= 3.1
    orjson.dumps(transport.messages[0])


def test_a_vehicle_says_that_its_door_opens_when_it_stops_and_closes_when_it_goes_on() -> None:
    _, transport = invented(duration=120.0, events=True)
    seen = 0
    for messages in by_device(transport).values():
        was_open = False
        for message in messages:
            stands = message["speed"] == 0
            if stands == was_open:
                assert "event" not in message
            else:
                assert message["event"] == ("door_open" if stands else "door_close")
                seen += 1
            was_open = stands
    assert seen > 40
    _, without = invented(duration=120.0)
    assert not any("event" in message for message in without.messages)


def test_people_pass_each_door_of_the_building_and_never_more_go_than_came() -> None:
    building = Building(3, seed=1, prefix="b-")
    report, transport = invented(5, duration=1800.0, building=building)
    said = by_device(transport)
    assert report.devices == 8
    inside = 0
    for message in transport.messages:
        inside += message.get("direction", 0)
        assert inside >= 0
    assert inside == building.inside > 0
    for name in ("b-door-1", "b-door-2", "b-door-3"):
        moments = [moment(message) for message in said[name]]
        assert [message["seq"] for message in said[name]] == list(range(1, len(moments) + 1))
        assert all(a < b for a, b in pairwise(moments))  # two at one moment would be one
        assert len(moments) == pytest.approx(180, rel=0.25)
        assert {message["direction"] for message in said[name]} == {1, -1}


def test_with_a_building_the_count_of_messages_and_the_account_of_faults_hold() -> None:
    for count in (1, 40, 777):
        report, _ = invented(duration=None, count=count, building=Building(30, seed=1))
        assert report.made == count
    invented(rates=FAULTY, duration=60.0, building=Building(30, seed=1), events=True)
