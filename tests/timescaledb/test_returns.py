"""What TimescaleDB returns once Waypost's own engine has rolled up, compressed, merged into and expired its tables."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.types import Message, to_micros
from db.batch import Tally
from db.database import conninfo, make_engine
from db.engine import TimescaleEngine, engine_of
from db.maintenance import Keep, Maintenance
from db.write import Writer
from tests.db.conftest import Storing

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(days=5)
EVERY = timedelta(minutes=5)
COUNT = 3 * 288
Ask = Callable[[str], list[tuple[object, ...]]]
EVERYTHING = "SELECT device_id, ts, lat, lon, altitude, speed, heading FROM position ORDER BY 1, 2"


def message(device: str, place: int, **fields: object) -> Message:
    """The message of a device at START and `place` times EVERY."""
    ts = to_micros(START + place * EVERY)
    return Message(device, ts, ts, **({"lat": 30 + place / 1000, "lon": -97.0} | fields))  # type: ignore[arg-type]  # test data


@pytest.fixture
def engine(timescale_database: URL) -> Iterator[Engine]:
    """A database with Waypost's tables."""
    engine = make_engine(timescale_database, pool_size=2)
    yield engine
    engine.dispose()


@pytest.fixture
def ask(engine: Engine, timescale_database: URL) -> Iterator[Ask]:
    """Asks in SQL."""
    with psycopg.connect(conninfo(timescale_database), autocommit=True) as connection:
        yield lambda statement: connection.execute(statement.encode()).fetchall()


@pytest.fixture
def storing(engine: Engine, timescale_database: URL) -> Iterator[Storing]:
    """A writer; three days of two devices are stored."""
    with engine.connect() as connection:
        storage = engine_of(connection)
    assert isinstance(storage, TimescaleEngine)
    made = Storing(Writer(conninfo(timescale_database), storage))
    sent = [message(f"d{n % 2}", n // 2, speed=float(n % 97), values={"load": n / 4}) for n in range(2 * COUNT)]
    assert made.store(sent) == Tally(2 * COUNT, 2 * COUNT, 0, 0)
    yield made
    made.writer.close()


def maintenance(url: URL, keep: Keep | None = None) -> Maintenance:
    return Maintenance(conninfo(url), TimescaleEngine(), keep or Keep(), clock=lambda: NOW)


def test_compressed_rows_are_returned_as_they_were_from_fewer_bytes(
    storing: Storing, ask: Ask, timescale_database: URL
) -> None:
    before = ask(EVERYTHING)
    assert len(before) == 2 * COUNT
    working = maintenance(timescale_database)
    assert working.compress() == 6, "three days of two tables"
    ((chunks, raw, kept),) = ask(
        "SELECT count(*), sum(before_compression_total_bytes), sum(after_compression_total_bytes)"
        " FROM chunk_compression_stats('position') WHERE compression_status = 'Compressed'"
    )
    assert chunks == 3
    assert int(str(kept)) < int(str(raw))
    assert ask(EVERYTHING) == before
    assert working.compress() == 0, "there is nothing left to do"
    working.close()


def test_rows_merge_into_compressed_chunks_by_the_rule_and_are_compressed_again(
    storing: Storing, ask: Ask, timescale_database: URL
) -> None:
    working = maintenance(timescale_database)
    working.compress()
    before = {row[:2]: row[2:] for row in ask(EVERYTHING)}
    repeated = message("d0", 10, speed=20.0, values={"load": 5.0})
    changed = message("d1", 10, lat=None, lon=None, heading=91.0)
    late = Message("d0", to_micros(START + timedelta(seconds=30)), 0, 1.5, 2.5, speed=7.25)
    assert storing.store([repeated, changed, late]) == Tally(3, 2, 1, 0)
    after = {row[:2]: row[2:] for row in ask(EVERYTHING)}
    d0, d1 = storing.registry.devices["d0"], storing.registry.devices["d1"]
    assert {key: row for key, row in after.items() if before.get(key) != row} == {
        (d0, START + timedelta(seconds=30)): (1.5, 2.5, None, 7.25, None),
        (d1, START + 10 * EVERY): (30.01, -97.0, None, 21.0, 91.0),
    }
    assert len(after) == len(before) + 1
    assert working.compress() == 2, "the day of the late rows; and of the repeated value, which was looked for there"
    assert {row[:2]: row[2:] for row in ask(EVERYTHING)} == after
    assert working.compress() == 0
    assert storing.store([repeated, changed, late]) == Tally(3, 0, 3, 0)
    working.close()


def test_a_late_row_in_a_compressed_chunk_reaches_the_continuous_aggregates(
    storing: Storing, ask: Ask, timescale_database: URL
) -> None:
    working = maintenance(timescale_database)
    working.roll_up()
    working.compress()
    day = "SELECT sum(speed_n), sum(speed_sum), max(speed_max) FROM position_1h WHERE bucket < '2026-01-02'"
    ((n, total, _),) = ask(day)
    assert (n, total) == (576, float(sum(i % 97 for i in range(576))))
    storing.store([Message("d0", to_micros(START + timedelta(seconds=30)), 0, 1.0, 2.0, speed=500.0)])
    assert working.roll_up() == 2, "a minute and an hour"
    assert ask(day) == [(577, float(str(total)) + 500, 500.0)]
    assert ask("SELECT speed_n, speed_min, speed_max FROM position_1m WHERE bucket = '2026-01-01' ORDER BY 1") == [
        (1, 1.0, 1.0),
        (2, 0.0, 500.0),
    ]
    working.close()


def test_continuous_aggregates_hold_what_each_bucket_says(storing: Storing, ask: Ask, timescale_database: URL) -> None:
    working = maintenance(timescale_database)
    working.roll_up()
    found = ask(
        "SELECT device_id, extract(epoch FROM bucket - '2026-01-01')::int, speed_n, speed_sum, speed_min, speed_max"
        " FROM position_1h ORDER BY 1, 2"
    )
    ids = storing.registry.devices
    expected = []
    for device in (0, 1):
        for hour in range(72):
            speeds = [float((2 * place + device) % 97) for place in range(12 * hour, 12 * hour + 12)]
            expected.append((ids[f"d{device}"], hour * 3600, 12, sum(speeds), min(speeds), max(speeds)))
    assert found == sorted(expected)
    materialized = ask("SELECT count(*) FROM timescaledb_information.continuous_aggregates WHERE NOT materialized_only")
    assert materialized == [(4,)]
    working.close()


def test_retention_drops_whole_days_compressed_or_not_and_leaves_their_statistics(
    storing: Storing, ask: Ask, timescale_database: URL
) -> None:
    working = maintenance(timescale_database, Keep(raw_days=3))
    working.roll_up()
    TimescaleEngine().compress(storing.writer.connection(), ["position"], START + timedelta(days=1))
    hours = "SELECT count(*), sum(speed_n), sum(speed_sum) FROM position_1h"
    before = ask(hours)
    assert working.expire() == 4, "two days of two tables"
    assert ask("SELECT min(ts), count(*) FROM position") == [(START + timedelta(days=2), 576)]
    assert ask("SELECT min(ts), count(*) FROM measurement") == [(START + timedelta(days=2), 576)]
    assert ask(hours) == before
    assert working.expire() == 0
    working.close()


def test_gap_filling_carries_forward_interpolates_and_leaves_open_what_is_not_known(storing: Storing, ask: Ask) -> None:
    ask("DELETE FROM position WHERE ts >= '2026-01-01 01:00' AND ts < '2026-01-01 03:00' RETURNING 1")
    found = ask(
        """
        SELECT time_bucket_gapfill('1 hour', ts, '2025-12-31 23:00'::timestamptz, '2026-01-01 05:00'::timestamptz) AS h,
            count(speed), min(lat), locf(min(lat)), interpolate(min(lat))
        FROM position WHERE ts >= '2025-12-31 23:00' AND ts < '2026-01-01 05:00' GROUP BY 1 ORDER BY 1
        """
    )
    assert [row[0] for row in found] == [START + timedelta(hours=hour) for hour in range(-1, 5)]
    assert [row[1] for row in found] == [None, 24, None, None, 24, 24]
    assert [row[2] for row in found] == [None, 30.0, None, None, 30.036, 30.048]
    assert [row[3] for row in found] == [None, 30.0, 30.0, 30.0, 30.036, 30.048]
    assert [row[4] for row in found] == [None, *(pytest.approx(v) for v in (30.0, 30.012, 30.024, 30.036, 30.048))]
