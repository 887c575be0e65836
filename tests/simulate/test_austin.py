"""The recording of the demo itself, played on a simulated clock."""

from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

import pytest

from core.geo import distance_m
from core.types import DeviceState, state_of
from simulate.cli import parse_moment
from simulate.demo import LOOP_FROM, SPEED, START
from simulate.play import Options, play
from simulate.recording import Row, find_recording, read_recording
from simulate.timeline import Timeline
from tests.simulate.fakes import FakeClock, MemoryTransport


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    recording = read_recording(find_recording("transit-austin-2015"))
    assert (len(recording.rows), recording.skipped) == (56_918, 0)
    return Timeline(recording.rows)


def test_all_devices_are_there_and_the_outages_are_not(timeline: Timeline) -> None:
    assert len(timeline.tracks) == 190
    assert timeline.cuts == 3
    assert 19 < timeline.length / 3600 < 20


def test_speeds_were_miles_an_hour(timeline: Timeline) -> None:
    """What is recorded at a fix, taken as mph, is the mean speed since the fix before."""
    ratios, before = [], dict[str, Row]()
    for fix in timeline.rows:
        last = before.get(fix.device)
        before[fix.device] = fix
        if last is None or not 0 < fix.ts - last.ts < 300e6 or not fix.speed:
            continue
        assert last.lat is not None
        assert last.lon is not None
        assert fix.lat is not None
        assert fix.lon is not None
        moved = distance_m(last.lat, last.lon, fix.lat, fix.lon)
        ratios.append(moved / ((fix.ts - last.ts) / 1e6) / fix.speed)
    assert len(ratios) > 40_000
    assert median(ratios) == pytest.approx(1.0, abs=0.01)


def test_the_demo_shows_a_hundred_moving_buses_within_thirty_seconds(timeline: Timeline) -> None:
    clock = FakeClock()
    transport = MemoryTransport(clock)
    start = parse_moment(START, timeline)
    play(timeline, transport, clock, Options(speed=SPEED, start=start, loop_from=0.0, duration=30))
    latest: dict[str, dict[str, Any]] = {}
    times: dict[str, list[float]] = {}
    for message in transport.messages:
        latest[message["device_id"]] = message
        times.setdefault(message["device_id"], []).append(datetime.fromisoformat(message["ts"]).timestamp())
    states = [
        state_of(clock.wall() - times[device][-1], message.get("speed"), stopped_below=0.5, silent_after_s=120)
        for device, message in latest.items()
    ]
    assert states.count(DeviceState.MOVING) >= 100
    assert all(a < b for stamps in times.values() for a, b in pairwise(stamps))
    assert all(isinstance(message["route_id"], str) and message["headsign"] for message in latest.values())


def test_the_demo_stays_lively(timeline: Timeline) -> None:
    """From its start to the end, and from where it goes on: buses move in every minute of it."""
    for moment in (START, LOOP_FROM):
        assert parse_moment(moment, timeline) < timeline.length
    t = parse_moment(LOOP_FROM, timeline)
    while t < timeline.length - 300:
        samples = (track.at(t) for track in timeline.tracks)
        assert any(sample and (sample.speed or 0) >= 0.5 for sample in samples), timeline.recorded_us(t)
        t += 60
