"""Spaces on both engines: counted, compressed, late, corrected; one sensor is at one space once at a time."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from db.database import conninfo
from db.spaces import Placing
from tests.spaces.conftest import DAY0, NOW, Doors, Passage, Plain


def test_history_stays_that_of_a_plain_recomputation_when_days_are_compressed(
    engine: Engine, database_url: URL
) -> None:
    doors = Doors(engine, database_url)
    doors.register("a", "b")
    where = doors.space("hall", empty_hour=4)
    placed = [Placing("a", 1, DAY0, None), Placing("b", -1, DAY0, None)]
    doors.place(where, *placed)
    passages = [
        Passage(DAY0 + timedelta(hours=6 + 2 * n), "ab"[n % 2], 1 if n % 3 else -1, 1 + n % 4) for n in range(40)
    ]
    doors.pass_through(passages[::2])
    doors.reconcile()
    with psycopg.connect(conninfo(database_url), autocommit=True) as connection:
        pieces = doors.storage.compress(connection, ["crossing", "occupancy"], datetime(2026, 1, 8, tzinfo=UTC))
    assert (pieces > 0) == (doors.storage.name == "timescaledb")
    doors.pass_through(passages[1::2])
    doors.count_by_hand(where, DAY0 + timedelta(hours=30, minutes=7), 3)
    doors.reconcile()
    plain = Plain(set(passages), placed, {DAY0 + timedelta(hours=30, minutes=7): 3}, 4)
    for moment in [p.ts for p in passages] + [DAY0 - timedelta(hours=1), DAY0 + timedelta(hours=30), NOW]:
        found = doors.at(where, moment)
        assert (None if found is None else (found.count, found.raw, found.reconciled)) == plain.at(moment), moment
    assert doors.reconcile() == 0
    whys = doors.rows("SELECT DISTINCT why FROM reconciliation")
    assert any("late crossings" in str(why) for (why,) in whys)

    with (
        psycopg.connect(conninfo(database_url), autocommit=True) as connection,
        pytest.raises(psycopg.errors.ExclusionViolation),
    ):
        connection.execute(
            "INSERT INTO placement (space_id, device_id, sign, valid_from)"
            " SELECT space_id, device_id, -1, now() FROM placement LIMIT 1"
        )
    doors.storing.writer.close()
