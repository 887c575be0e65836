"""What the time machine and the heat map are given: equal to a plain computation over the same rows."""

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import Connection, Engine

from core.types import Message, from_micros, to_micros
from db.queries.heat import heat, zoom_of
from db.queries.latest import Box
from db.queries.playback import activity, events_within, fixes_within
from db.queries.rows import Span
from db.records import Records
from db.write import Latest
from tests.db.conftest import SECOND, T0, Storing, message, state

START = from_micros(T0)  # a minute before midnight: partitions, chunks and days meet within
MINUTE = timedelta(minutes=1)


@pytest.fixture
def messages(storing: Storing) -> list[Message]:
    """Four devices for ten minutes: each second, each 7 s, each 2 min, and one that never has a place. Stored."""
    made = [message("often", i, lat=10 + i / 1e4, lon=20.0, speed=5.0, heading=90.0) for i in range(600)]
    made += [message("seldom", i, lat=-10.0, lon=20 + i / 1e4, speed=0.0) for i in range(3, 600, 7)]
    made += [message("hardly", i, lat=0.0, lon=179.5 if i % 240 else -179.5) for i in range(0, 600, 120)]
    made += [message("nowhere", i, lat=None, lon=None, speed=1.0) for i in range(0, 600, 60)]
    events = ((30, "often", "door_open"), (10, "seldom", "ignition_on"), (700, "often", "late"))
    made += [message(device, second, lat=None, lon=None, event=event) for second, device, event in events]
    storing.store(made)
    ids = storing.registry.devices
    newest = {m.device: m.ts for m in made}
    storing.writer.store(storing.batch([]), Latest(_states({ids[name]: ts for name, ts in newest.items()}), {}))
    return made


def _states(newest: dict[int, int]) -> Records:
    return np.concatenate([state(device, ts) for device, ts in newest.items()])


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """For reading."""
    with engine.connect() as reading:
        yield reading


def _expected(messages: list[Message], span: Span, step_s: int) -> dict[str, list[int]]:
    """Moments of the fixes by device: the last before, the first of each step, and the first behind."""
    start, end, lead = to_micros(span.start), to_micros(span.end), 3600 * SECOND
    found: dict[str, list[int]] = {}
    for name in {m.device for m in messages}:
        moments = sorted(m.ts for m in messages if m.device == name and m.lat is not None)
        before = [ts for ts in moments if start - lead <= ts < start][-1:]
        chosen: list[int] = []
        for ts in (ts for ts in moments if start <= ts < end + lead):
            if chosen and (chosen[-1] >= end or ts // (step_s * SECOND) == chosen[-1] // (step_s * SECOND)):
                continue
            chosen.append(ts)
        if before + chosen:
            found[name] = before + chosen
    return found


def test_fixes_are_the_first_of_each_step_and_one_on_either_side(
    connection: Connection, storing: Storing, messages: list[Message]
) -> None:
    names = {device: name for name, device in storing.registry.devices.items()}
    by_place = {(m.device, m.ts): m for m in messages if m.lat is not None}
    windows = [(0, 600), (30.5, 100), (-300, 100), (-300, 400), (650, 60)]
    for (begin, length), step_s in itertools.product(windows, [1, 10, 60]):
        span = Span(START + timedelta(seconds=begin), START + timedelta(seconds=begin + length))
        found = fixes_within(connection, span, step_s=step_s)
        moments: dict[str, list[int]] = {}
        for device, ts in zip(found.id.tolist(), found.ts.tolist(), strict=True):
            moments.setdefault(names[device], []).append(ts)
        assert moments == _expected(messages, span, step_s)
        assert found.step_s == step_s
        for i in range(0, len(found), 17):
            m = by_place[names[int(found.id[i])], int(found.ts[i])]
            assert (found.lat[i], found.lon[i]) == (m.lat, m.lon)
            assert (m.speed is None and math.isnan(found.speed[i])) or found.speed[i] == m.speed
            assert (m.heading is None and math.isnan(found.heading[i])) or found.heading[i] == m.heading
    _check_limits_and_boxes(connection, storing.registry.devices)


def _check_limits_and_boxes(connection: Connection, ids: dict[str, int]) -> None:
    """Too many fixes make the step longer; a box leaves devices out whole."""
    span = Span(START, START + 10 * MINUTE)
    few = fixes_within(connection, span, step_s=1, most=200)
    assert few.step_s == 13  # 200 fixes of 4 devices are 50 each, two of them outside: 48 steps in 600 s
    assert len(few) <= 200
    boxes: list[tuple[Box, set[str]]] = [
        ((19.9, 10.0, 20.1, 10.01), {"often"}),
        ((179.0, -1.0, -179.0, 1.0), {"hardly"}),
        ((0.0, -20.0, 30.0, 20.0), {"often", "seldom"}),
        ((50.0, 50.0, 51.0, 51.0), set()),
    ]
    for box, names in boxes:
        found = fixes_within(connection, span, step_s=60, bbox=box)
        assert set(found.id.tolist()) == {ids[name] for name in names}
        whole = fixes_within(connection, span, step_s=60)
        assert len(found) == sum(device in found.id for device in whole.id.tolist())


def test_activity_counts_devices_that_moved_and_that_did_not_and_events_come_in_order(
    connection: Connection, messages: list[Message]
) -> None:
    span = Span(START + timedelta(seconds=90), START + timedelta(minutes=5))
    found = activity(connection, span, points=100, stopped_below=0.5)
    assert found.bucket_s == 60
    assert found.starts == tuple(START + i * MINUTE for i in range(1, 5))  # the first bucket has the start in it
    reporting = [{m.device for m in messages if start <= from_micros(m.ts) < start + MINUTE} for start in found.starts]
    assert found.moving == tuple(len(names & {"often", "nowhere"}) for names in reporting)
    assert found.stopped == tuple(len(names & {"seldom", "hardly"}) for names in reporting)
    week = Span(START - timedelta(days=4), START + timedelta(days=4))
    hours = activity(connection, week, points=100, stopped_below=9)
    assert hours.bucket_s == 7200
    assert (sum(hours.moving), max(hours.stopped)) == (0, 4)
    nothing = activity(connection, Span(START - 2 * MINUTE, START - MINUTE), points=5, stopped_below=1)
    assert nothing.starts == ()

    events = events_within(connection, Span(START, START + 10 * MINUTE), most=10)
    assert [(e.ts - START, e.device, e.type) for e in events] == [
        (timedelta(seconds=10), "seldom", "ignition_on"),
        (timedelta(seconds=30), "often", "door_open"),
    ]
    assert [e.type for e in events_within(connection, Span(START, START + 10 * MINUTE), most=1)] == ["ignition_on"]


def test_heat_counts_each_device_once_a_step_and_cell(connection: Connection, messages: list[Message]) -> None:
    boxes: list[Box | None] = [None, (19.0, -11.0, 21.0, 11.0), (179.0, -1.0, -179.0, 1.0)]
    for box, cells in itertools.product(boxes, [16, 64, 300]):
        _check_heat(connection, messages, box, cells)


def _check_heat(connection: Connection, messages: list[Message], box: Box | None, cells: int) -> None:
    found = heat(connection, Span(START, START + 10 * MINUTE), box=box, cells=cells)
    assert (found.step_s, found.zoom) == (10, zoom_of(box, cells))
    expected: Counter[tuple[int, int]] = Counter()
    taken = set[tuple[str, int]]()
    for m in sorted((m for m in messages if m.lat is not None), key=lambda m: m.ts):
        if (m.device, m.ts // (10 * SECOND)) in taken:
            continue
        taken.add((m.device, m.ts // (10 * SECOND)))
        assert m.lat is not None
        assert m.lon is not None
        world = 2**found.zoom
        radians = math.radians(m.lat)
        down = (1 - math.log(math.tan(radians) + 1 / math.cos(radians)) / math.pi) / 2
        west, south, east, north = box or (-180, -85, 180, 85)
        if south <= m.lat <= north and (west <= m.lon <= east if west <= east else m.lon >= west or m.lon <= east):
            expected[int((m.lon + 180) / 360 * world), int(down * world)] += 1
    assert dict(zip(zip(found.x, found.y, strict=True), found.n, strict=True)) == expected


def test_the_grid_is_as_fine_as_asked_for_and_no_finer() -> None:
    assert [zoom_of(None, cells) for cells in (1, 2, 255, 256)] == [0, 1, 7, 8]
    assert zoom_of((-180, -85, 180, 85), 256) == 8
    assert zoom_of((0, 0, 90, 1), 64) == 8  # 64 tiles of 256 round the world
    assert zoom_of((170, 0, -170, 1), 20) == 8
    assert zoom_of((5, 5, 5, 5), 64) == 24
