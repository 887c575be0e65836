"""The quarantine: what could not be used is kept with its reason, and decoded again when someone asks."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import create_engine

from core.reasons import AIS_WITHOUT_USE
from db.database import conninfo
from db.quarantine import trim
from db.queries.quality import count_quarantined
from db.queries.rows import Span
from tests.ingest.bench import LEDGER, Bench, fix

QUARANTINE = "SELECT source, reason, convert_from(payload, 'UTF8'), native FROM quarantine ORDER BY id"


def test_what_cannot_be_used_is_kept_with_its_reason_beside_its_count(bench: Bench) -> None:
    bench.send(fix("a", 0), {"lat": 1}, {"device_id": "b", "lat": 99, "lon": 0})
    bench.journal.append("test", [b"\xff\x00 not text"])
    bench.pipeline.tick()
    rows = bench.ask("SELECT source, reason, payload FROM quarantine ORDER BY id")
    assert [row[1] for row in rows] == ["no device", "latitude out of range", "not JSON"]
    assert rows[0][2] == b'{"lat": 1}'
    assert rows[2][2] == b"\xff\x00 not text"
    assert bench.ask(LEDGER) == [("test", 4, 1, 0, 3)]


def test_what_is_kept_names_its_device_where_that_can_be_read_and_is_counted_for_it(bench: Bench) -> None:
    bench.max_devices = 2
    bench.restart()
    begin = datetime.now(UTC)
    bench.send(fix("a", 0), fix("b", 0), {"lat": 1}, {"device_id": "b", "lat": 99, "lon": 0}, fix("c", 0))
    bench.journal.append("test", [b'{"device_id": "b", not JSON'])
    bench.pipeline.tick()
    kept = bench.ask("SELECT reason, device FROM quarantine ORDER BY id")
    assert [device for _, device in kept] == [None, "b", "c", None], kept
    bench.run(f"UPDATE quarantine SET reason = '{AIS_WITHOUT_USE}' WHERE device = 'c'")
    engine = create_engine(bench.url)
    span = Span(begin, datetime.now(UTC))
    with engine.connect() as connection:
        counts = {name: count_quarantined(connection, name, span) for name in "abc"}
        before = count_quarantined(connection, "b", Span(begin - timedelta(hours=1), begin))
    engine.dispose()
    assert (counts, before) == ({"a": 0, "b": 1, "c": 0}, 0)


def test_a_flood_of_the_same_is_counted_whole_and_kept_in_part(bench: Bench) -> None:
    nameless: list[dict[str, object]] = [{"lat": n} for n in range(2500)]
    bench.send(*nameless)
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM quarantine") == [(1000,)]
    assert bench.ask(LEDGER) == [("test", 2500, 0, 0, 2500)]


def test_trimming_keeps_the_newest_and_little_of_what_nobody_needs_to_look_into(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.quarantine.MOST_A_BATCH", 3)
    for reason, source, count in ((AIS_WITHOUT_USE, "a", 5), (AIS_WITHOUT_USE, "b", 2), ("no device", "a", 6)):
        bench.run(
            "INSERT INTO quarantine (received_at, source, reason, detail, payload, native, again) SELECT now(),"
            f" '{source}', '{reason}', '', '', false, n = 1 FROM generate_series(1, {count}) AS n"
        )
    with psycopg.connect(conninfo(bench.url), autocommit=True) as connection:
        assert trim(connection, 100) == 1
        groups = "SELECT source, reason, count(*) FROM quarantine GROUP BY 1, 2 ORDER BY 2, 1"
        # The oldest of the five waits to be decoded again, which somebody asked for.
        assert bench.ask(groups) == [("a", AIS_WITHOUT_USE, 4), ("b", AIS_WITHOUT_USE, 2), ("a", "no device", 6)]
        assert trim(connection, 4) == 8
        assert bench.ask(groups) == [("a", "no device", 4)]


def test_decoding_again_after_a_mapping_was_changed_stores_it_and_moves_the_account(bench: Bench) -> None:
    bench.max_devices = 1
    bench.restart()
    bench.send(fix("a", 0, speed=3.5, battery=0.5, label="Bus A"), fix("b", 1, speed=7.25, seq=4), {"lat": 1})
    bench.pipeline.tick()
    assert bench.ask(LEDGER) == [("test", 3, 1, 0, 2)]
    bench.max_devices = 10
    bench.restart()
    bench.run("UPDATE quarantine SET again = true")
    bench.pipeline.tick()
    assert bench.ask("SELECT d.name, p.speed FROM position p JOIN device d ON d.id = device_id ORDER BY 1") == [
        ("a", 3.5),
        ("b", 7.25),
    ]
    assert bench.ask(LEDGER) == [("test", 3, 2, 0, 1)]
    [(source, reason, payload, native)] = bench.ask(QUARANTINE)
    assert (source, reason, native) == ("test", "no device", False)
    assert json.loads(str(payload)) == {"lat": 1}
    assert set(bench.shown()) == {1, 2}


def test_what_was_decoded_already_keeps_its_units_when_decoded_again(bench: Bench) -> None:
    bench.max_devices = 0
    bench.restart(options={"speed": "mph"})
    bench.send(fix("a", 0, speed=10), source="test")
    bench.pipeline.tick()
    bench.max_devices = 10
    bench.restart(options={"speed": "mph"})
    bench.run("UPDATE quarantine SET again = true")
    bench.pipeline.tick()
    [(speed,)] = bench.ask("SELECT round(speed::numeric, 4)::float FROM position")
    assert speed == 4.4704


def test_asking_again_while_the_database_refuses_ends_and_loses_nothing(bench: Bench) -> None:
    bench.run("ALTER TABLE position ADD CHECK (lat < 30.9)")
    bench.send(fix("a", 950))
    bench.pipeline.tick()
    for _ in range(3):
        bench.run("UPDATE quarantine SET again = true")
        bench.now += 2
        bench.pipeline.tick()
    assert bench.ask("SELECT reason, again FROM quarantine") == [("refused by the database", False)]
    assert bench.ask(LEDGER) == [("test", 1, 0, 0, 1)]


def test_gaps_in_sequence_numbers_are_counted_once_and_late_ones_taken_back(bench: Bench) -> None:
    bench.send(*(fix("a", n, seq=n) for n in (10, 11, 15)))
    bench.send(*(fix("b", n, seq=n) for n in (1, 2, 3)))
    bench.pipeline.tick()
    assert bench.ask("SELECT gaps FROM ledger") == [(3,)]
    bench.send(fix("a", 13, seq=13), fix("a", 13, seq=13), fix("b", 5, seq=5))
    bench.pipeline.tick()
    assert bench.ask("SELECT gaps FROM ledger") == [(3,)]
    bench.send(fix("a", 16, seq=0), fix("a", 17, seq=1))
    bench.pipeline.tick()
    assert bench.ask("SELECT gaps FROM ledger") == [(3,)]
