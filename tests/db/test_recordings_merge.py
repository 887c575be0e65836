"""A recording in which a third of all rows repeats a moment of its device, merged by the rule on either engine."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import astuple
from datetime import UTC, datetime

import msgspec
import pandas as pd
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.types import Message, from_micros
from db.batch import Tally
from db.queries.metrics import list_metrics
from db.queries.rows import Span
from db.queries.series import device_series, fleet_series
from db.queries.summary import summary_all, summary_by_device
from db.queries.top import STATISTICS, top_devices
from db.queries.track import device_track
from tests.db.conftest import Storing, storing_in
from tests.db.recorded import decimal, messages_of, recording, store, table_of

NAME = "transit-austin-2016-dups"
ROWS, REPEATED = 34_030, 12_244
Rows = Callable[[str], list[tuple[object, ...]]]
STORED = (
    "SELECT d.name, ts, lat, lon, speed, altitude FROM position JOIN device d ON d.id = device_id ORDER BY ts, name"
)


def as_rows(table: pd.DataFrame) -> list[tuple[object, ...]]:
    columns = (table["device"], table["ts"], table["lat"], table["lon"], table["speed"].map(decimal))
    return [(*row, None) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("batch", [ROWS, 999])
def test_rows_that_repeat_a_moment_exactly_are_duplicates_within_a_batch_and_across(
    storing: Storing, rows: Rows, batch: int
) -> None:
    """Their trips differ, but no column of `position` does."""
    tally = store(storing, messages_of(recording(NAME)), batch=batch)
    assert tally == Tally(ROWS, ROWS - REPEATED, REPEATED, 0)
    assert rows(STORED) == as_rows(table_of(recording(NAME)))


def halves(messages: list[Message]) -> list[Message]:
    """Of rows that share a moment the first loses its speed and the second its place, but tells an altitude."""
    seen: dict[tuple[str, int], int] = {}
    made = []
    for message in messages:
        key = (message.device, message.ts)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] == 1:
            made.append(msgspec.structs.replace(message, speed=None, altitude=1.5))
        elif seen[key] == 2:
            made.append(msgspec.structs.replace(message, lat=None, lon=None, altitude=2.5))
    return made


def test_of_rows_that_share_a_moment_each_value_is_the_last_that_was_told(storing: Storing, rows: Rows) -> None:
    sent = halves(messages_of(recording(NAME)))
    table = table_of(recording(NAME))
    assert len(table) == ROWS - REPEATED
    tally = store(storing, sent, batch=999)
    assert tally == Tally(len(sent), len(sent), 0, 0), "each row adds something"
    pairs = {(m.device, from_micros(m.ts)) for m in sent if m.lat is None}
    assert len(sent) == len(table) + len(pairs)
    expected = [
        (*row[:4], row[4] if row[:2] in pairs else None, 2.5 if row[:2] in pairs else 1.5) for row in as_rows(table)
    ]
    assert rows(STORED) == expected
    again = store(storing, [m for m in sent if m.lat is None])
    assert again == Tally(len(pairs), 0, len(pairs), 0)
    assert rows(STORED) == expected


def answers(engine: Engine, span: Span, devices: list[int]) -> list[object]:
    """All that is asked of a recording, flat; a float stands by itself."""
    with engine.connect() as connection:
        metrics = {metric.name: metric for metric in list_metrics(connection)}
        found: list[object] = [astuple(summary) for _, summary in summary_all(connection, span)]
        for metric in (metrics["speed"], metrics["altitude"]):
            found += map(astuple, summary_by_device(connection, metric, span))
            found.append(astuple(fleet_series(connection, metric, span, points=500)))
            found += [astuple(device_series(connection, metric, device, span, points=200)) for device in devices]
            found += [astuple(row) for s in STATISTICS for row in top_devices(connection, metric, span, stat=s, n=20)]
        found += [astuple(device_track(connection, device, span, max_points=50)) for device in devices]
    return list(flat(found))


def flat(value: object) -> Iterator[object]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from flat(item)
    else:
        yield value


def test_both_engines_answer_alike_to_the_last_digit(postgresql_database: URL, timescale_database: URL) -> None:
    span = Span(datetime(2016, 3, 23, 0, 31, 5, tzinfo=UTC), datetime(2016, 3, 23, 4, 58, 1, tzinfo=UTC))
    sent = halves(messages_of(recording(NAME)))
    given: list[list[object]] = []
    with ExitStack() as stack:
        for url in (postgresql_database, timescale_database):
            storing, engine = stack.enter_context(storing_in(url))
            store(storing, sent)
            ids = [storing.registry.devices[m.device] for m in sent[:5]]
            given.append(answers(engine, span, ids))
    plain, timescale = given
    assert len(plain) > 10_000
    assert len(plain) == len(timescale)
    for one, other in zip(plain, timescale, strict=True):
        # Sums are made in another order: the last digit of a mean may differ, and nothing else.
        assert one == (pytest.approx(other, rel=1e-14, abs=0) if isinstance(other, float) else other)
