"""A real door, 15 weeks of it: the recording's counts drift by 760 people, and are 0 each night once reconciled."""

import gzip
import json
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core.occupancy import Hours
from core.types import to_micros
from db import spaces
from db.queries.metrics import list_metrics
from db.queries.occupancy import count_at, history, stretches
from db.queries.rows import Span
from db.queries.spaces import get_space
from db.spaces import Placing
from ingest.decoders.native import NativeDecoder
from tests.db.recorded import messages_of, recording
from tests.spaces.conftest import Doors

ZONE = ZoneInfo("America/Los_Angeles")
DOOR = "calit2-main-door"


class File:
    """The recording, added up by numpy alone."""

    def __init__(self) -> None:
        rows = [json.loads(line) for line in gzip.decompress(recording("doors-calit2").read_bytes()).splitlines()]
        rows.sort(key=lambda row: row["ts"])
        self.ts = np.array([to_micros(datetime.fromisoformat(row["ts"])) for row in rows])
        counts = np.array([row["count"] for row in rows])
        self.passages = np.concatenate([[0], np.cumsum(counts)])
        ways = np.array([1 if row["direction"] == "in" else -1 for row in rows])
        self.raw = np.concatenate([[0], np.cumsum(ways * counts)])
        self.into, self.out = int(counts[ways > 0].sum()), int(counts[ways < 0].sum())
        first, last = (datetime.fromisoformat(rows[n]["ts"]).astimezone(ZONE).date() for n in (0, -1))
        days = [first + timedelta(days=n) for n in range(-1, (last - first).days + 3)]
        self.closings = [four(day) for day in days]

    def at(self, moment: int) -> tuple[int, int]:
        """The reconciled count and the raw one since the building was empty, with what passed at that very moment."""
        night = max(n for n, closing in enumerate(self.closings) if closing <= moment)
        begin, end = (int(np.searchsorted(self.ts, self.closings[n])) for n in (night, night + 1))
        here = int(np.searchsorted(self.ts, moment, side="right"))
        raw, drift = int(self.raw[here] - self.raw[begin]), int(self.raw[end] - self.raw[begin])
        done, passages = (int(self.passages[n] - self.passages[begin]) for n in (here, end))
        share = floor(Fraction(drift * done, passages) + Fraction(1, 2)) if passages else 0
        return max(0, raw - share), raw


def four(day: date) -> int:
    """Four in the morning, there."""
    return to_micros(datetime.combine(day, time(4), ZONE).astimezone(UTC))


@pytest.fixture
def file() -> File:
    """The recording."""
    return File()


def test_the_door_of_calit2_is_empty_each_night_and_any_moment_is_that_of_the_file(doors: Doors, file: File) -> None:
    doors.register(DOOR)
    began = datetime(2005, 7, 1, tzinfo=UTC)
    with doors.engine.begin() as connection:
        spaces.put_space(connection, "CalIt2", None, Hours("America/Los_Angeles", empty_at=time(4)), "tester")
        where = get_space(connection, "CalIt2")
        assert where is not None
        spaces.put_placements(connection, where, [Placing(DOOR, 1, began, None)], "tester")
    messages = messages_of(recording("doors-calit2"))
    random = np.random.default_rng(1)
    random.shuffle(messages)
    for start in range(0, len(messages), 3000):
        doors.storing.store(messages[start : start + 3000])
    totals = "SELECT sum(count) FILTER (WHERE direction = 1), sum(count) FILTER (WHERE direction = -1) FROM crossing"
    assert doors.rows(totals) == [(19_597, 18_837)] == [(file.into, file.out)]
    doors.reconcile(datetime.now(UTC))

    span = Span(began, datetime(2005, 12, 1, tzinfo=UTC))
    with doors.engine.connect() as connection:
        nights = [count_at(connection, where, moment(closing)) for closing in file.closings[2:-2]]
        assert {None if one is None else one.count for one in nights} == {0}
        points = history(connection, where, span, points=20_000)
        assert min(point.count for point in points) == 0
        assert min(point.raw for point in points) < 0
        assert all(point.low <= point.count <= point.high for point in points)
        ended = stretches(connection, where, span)
        assert sum(one.drift for one in ended) == file.into - file.out == 760
        for at in random.integers(file.ts[0], file.ts[-1], 1000).tolist():
            found = count_at(connection, where, moment(at))
            assert found is not None
            assert (found.count, found.raw, found.reconciled) == (*file.at(at), True), moment(at)


def test_the_sensors_of_a_room_are_metrics_of_eight_devices(doors: Doors) -> None:
    lines = gzip.decompress(recording("room-occupancy").read_bytes()).splitlines()[:16_000]
    found = NativeDecoder().decode(lines, to_micros(datetime(2026, 1, 1, tzinfo=UTC)))
    assert {refused.reason for refused in found.refused} <= {"nothing to store"}
    doors.storing.store(found.messages)
    with doors.engine.connect() as connection:
        names = {metric.name for metric in list_metrics(connection)}
    assert {"temp_c", "light_lux", "sound_v", "co2_ppm", "co2_slope", "pir"} <= names
    by_device = "SELECT count(DISTINCT device_id) FROM measurement"
    assert doors.rows(by_device) == [(8,)]


def moment(micros: int) -> datetime:
    """Of microseconds since 1970."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
