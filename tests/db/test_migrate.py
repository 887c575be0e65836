"""Migrations: up, down, up again, with data too, and never beneath a newer Waypost."""

import threading
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import URL

import db.migrations
from core.errors import StartupError
from db.database import conninfo, make_engine
from db.engine import engine_of
from db.maintenance import Keep, Maintenance
from db.migrate import downgrade, upgrade
from db.tables import metadata

DAYS = [date(2026, 1, day) for day in (1, 2, 3)]
SOME = "'2026-01-01 10:00:00+00'::timestamptz + n * interval '10 minutes'"
DATA = {
    "device": "INSERT INTO device (name, fleet, attributes)"
    " VALUES ('a', 'north', '{\"callsign\": \"X\"}'), ('b', NULL, '{}')",
    "metric": "INSERT INTO metric (name, unit, label, stored_in) VALUES ('load', 'kg', 'Load', 'measurement')",
    "position": "INSERT INTO position (ts, received_at, lat, lon, device_id, altitude, speed, heading)"
    f" SELECT {SOME}, now(), 30 + n / 1e3, -97, 1 + n % 2, CASE WHEN n % 3 = 0 THEN n END, n / 7.0, n"
    " FROM generate_series(0, 299) n",
    "measurement": "INSERT INTO measurement (ts, value, device_id, metric_id)"
    f" SELECT {SOME}, n / 3.0, 1, 4 FROM generate_series(0, 299) n",
    "latest": "INSERT INTO latest (device_id, ts, received_at, lat, lon, measurements)"
    " VALUES (1, '2026-01-03 11:50:00+00', now(), 1, 2, '{\"load\": [1.5, 1]}')",
    "checkpoint": "INSERT INTO checkpoint (stream, position) VALUES ('journal', 42)",
    "ledger": "INSERT INTO ledger (source, received, stored, duplicate, quarantined) VALUES ('zmq', 10, 7, 2, 1)",
    "duplicate": "INSERT INTO duplicate (device_id, hour, count) VALUES (1, '2026-01-01 10:00:00+00', 3)",
    "duplicate_note": "INSERT INTO duplicate_note (device_ids, hours, counts)"
    " VALUES ('{1}', '{1767261600000000}', '{3}')",
    "app_user": "INSERT INTO app_user (name, password_hash, role) VALUES ('admin', 'hash', 'admin')",
    "api_token": "INSERT INTO api_token (name, token_hash, scopes) VALUES ('t', 'hash', '{ingest}')",
    "event": f"INSERT INTO event (ts, received_at, device_id, type, data) SELECT {SOME}, now(), 1, 'door', '{{}}'"
    " FROM generate_series(0, 299) n",
    "crossing": f"INSERT INTO crossing (ts, received_at, device_id, direction, count) SELECT {SOME}, now(), 1, 1, n"
    " FROM generate_series(0, 299) n",
    "event_frontier": "INSERT INTO event_frontier (device_id, ts, received_at, rules) VALUES (9, now(), now(), 1)",
    "device_state": "INSERT INTO device_state (device_id, machine, state, ts, received_at, event_id)"
    " VALUES (9, 'door', 'open', now(), now(), 1)",
    # As the writer marks what it touches.
    "dirty_bucket": "INSERT INTO dirty_bucket (rollup, bucket) SELECT DISTINCT r || '_' || l, date_trunc(u, ts)"
    f" FROM (SELECT {SOME} AS ts FROM generate_series(0, 299) n) t, unnest('{{position,measurement}}'::text[]) r,"
    " (VALUES ('1m', 'minute'), ('1h', 'hour')) AS level(l, u)",
    "quarantine": "INSERT INTO quarantine (received_at, source, reason, detail, payload, native)"
    " VALUES (now(), 'zmq', 'no device', '', '{}', false)",
    "setting": "INSERT INTO setting (name, value, updated_by) VALUES ('top.n', '7', 'admin')",
    "audit": "INSERT INTO audit (who, what, before, after) VALUES ('admin', 'top.n', '20', '7')",
    "annotation": "INSERT INTO annotation (starts_at, ends_at, device_id, text, author)"
    " VALUES ('2026-01-01 10:00:00+00', '2026-01-01 11:00:00+00', 1, 'towed', 'ann')",
    "movement": f"INSERT INTO movement (ts, device_id, legs, distance_m, moving_s) SELECT {SOME}, 1, 2, 3, n"
    " FROM generate_series(0, 299) n",
    "occupancy": f"INSERT INTO occupancy (ts, space_id, count) SELECT {SOME}, 1, n FROM generate_series(0, 299) n",
    "space": "INSERT INTO space (name, capacity, zone, empty_at) VALUES ('hall', 50, 'Europe/Berlin', '04:00')",
    "placement": "INSERT INTO placement (space_id, device_id, sign, valid_from)"
    " VALUES (1, 1, 1, '2026-01-01'), (1, 2, -1, '2026-01-01')",
    "anchor": "INSERT INTO anchor (space_id, ts, count, noted_by) VALUES (1, '2026-01-02', 3, 'admin')",
    "space_state": "INSERT INTO space_state (space_id, version) VALUES (1, 5)",
    "occupancy_mark": "INSERT INTO occupancy_mark (space_id, first, last, why)"
    " VALUES (1, '2026-01-01', '2026-01-02', 'late crossings')",
    "stretch": "INSERT INTO stretch (space_id, started_at, base, passages, drift, variance, reconciled_at)"
    " VALUES (1, '2026-01-01', 0, 9, 0, 0.01, now())",
    "reconciliation": "INSERT INTO reconciliation (space_id, first, last, why, changed, largest)"
    " VALUES (1, '2026-01-01', '2026-01-02', 'late crossings', 2, 1)",
    "geofence": "INSERT INTO geofence (name, corners, author, updated_at)"
    " VALUES ('depot', '[[0, 0], [0, 1], [1, 1]]', 'ann', now())",
    "alert_rule": "INSERT INTO alert_rule (name, condition, for_s, clear_s, severity, enabled, author, created_at,"
    " updated_at) VALUES ('full', '{}', 0, 60, 'critical', true, 'ann', now(), now())",
    "alert": "INSERT INTO alert (rule_id, rule, condition, severity, subject_kind, subject_id, subject, since,"
    " opened_at) VALUES (1, 'full', '{}', 'critical', 'space', 1, 'hall', '2026-01-01', '2026-01-01')",
    "alert_watch": "INSERT INTO alert_watch (turned_at, seen_from, every_s) VALUES (now(), now(), 1)",
}
HYPERTABLES = ("position", "measurement", "event", "crossing", "movement", "occupancy")


def test_the_tables_are_what_the_code_says_they_are(engine: Engine) -> None:
    found = inspect(engine)
    for table in metadata.tables.values():
        columns = {column["name"]: column for column in found.get_columns(table.name)}
        assert set(columns) == {column.name for column in table.columns}, table.name
        for column in table.columns:
            there = columns[column.name]
            assert there["nullable"] == column.nullable, f"{table.name}.{column.name}"
            assert there["type"].compile(engine.dialect) == column.type.compile(engine.dialect), column


def test_down_removes_everything_and_up_makes_it_again(engine: Engine) -> None:
    downgrade(engine, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    upgrade(engine)
    assert "position" in inspect(engine).get_table_names()


def test_a_second_start_on_the_same_data_keeps_it(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO device (name) VALUES ('a')"))
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT name FROM device")).scalars().all() == ["a"]


def test_two_that_start_at_once_take_turns(empty_database: URL) -> None:
    engines = [make_engine(empty_database), make_engine(empty_database)]
    failures: list[Exception] = []

    def start(engine: Engine) -> None:
        try:
            upgrade(engine)
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=start, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for engine in engines:
        engine.dispose()


def test_a_database_of_a_newer_waypost_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StartupError, match=r"revision 9999.*newer"):
        upgrade(engine)


def revisions() -> list[str]:
    """All of them, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(Path(db.migrations.__path__[0])))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@pytest.fixture
def empty(empty_database: URL) -> Iterator[Engine]:
    """A pool on a database without tables."""
    made = make_engine(empty_database, pool_size=3)
    yield made
    made.dispose()


def columns_of(engine: Engine) -> dict[str, list[str]]:
    """The tables that there is data for, and their columns."""
    found = inspect(engine)
    there = set(found.get_table_names()) & set(DATA)
    return {table: [column["name"] for column in found.get_columns(table)] for table in DATA if table in there}


def fill(engine: Engine, database_url: URL, tables: Collection[str]) -> None:
    """Put data into these tables, and compress the first day where that can be."""
    with engine.connect() as connection:
        storage = engine_of(connection)
    hypertables = [table for table in tables if table in HYPERTABLES]
    with psycopg.connect(conninfo(database_url), autocommit=True) as connection:
        for table in tables:
            with connection.transaction():
                if table in hypertables:
                    storage.make_room(connection, table, DAYS)
                connection.execute(DATA[table].encode())
        compressed = storage.compress(connection, hypertables, datetime(2026, 1, 2, tzinfo=UTC))
        assert compressed == (len(hypertables) if storage.name == "timescaledb" else 0)


def contents(database_url: URL, columns: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    """These columns of all rows, as text, in an order of their own."""
    with psycopg.connect(conninfo(database_url), autocommit=True) as connection:
        return {
            table: connection.execute(f"SELECT ({', '.join(names)})::text FROM {table} ORDER BY 1".encode()).fetchall()
            for table, names in columns.items()
        }


def assert_kept(after: dict[str, list[tuple[object, ...]]], before: dict[str, list[tuple[object, ...]]]) -> None:
    """Nothing is lost or changed; marks of what is to be rolled up may be added."""
    marks = "dirty_bucket"
    assert set(before.get(marks, [])) <= set(after.get(marks, []))
    assert {t: rows for t, rows in after.items() if t != marks} == {t: r for t, r in before.items() if t != marks}


def test_each_step_up_loses_nothing_of_what_is_there(empty: Engine, empty_database: URL) -> None:
    # A walk, not a way up from each revision anew: every step meets data of every table that there is before it.
    filled: dict[str, list[str]] = {}
    for revision in revisions():
        before = contents(empty_database, filled)
        upgrade(empty, revision)
        assert_kept(contents(empty_database, filled), before)
        new = {table: columns for table, columns in columns_of(empty).items() if table not in filled}
        fill(empty, empty_database, new)
        filled |= new
    assert set(filled) == set(DATA)
    with empty.connect() as connection:
        storage = engine_of(connection)
    maintenance = Maintenance(
        conninfo(empty_database), storage, Keep(), clock=lambda: datetime(2026, 1, 5, tzinfo=UTC) + timedelta(hours=1)
    )
    for _ in ("what was there is seen in the statistics at once", "and once they are made"):
        with empty.connect() as connection:
            for level in ("1m", "1h"):
                query = "SELECT metric_id, sum(n), sum(sum), min(min), max(max) FROM rollup_{} GROUP BY 1 ORDER BY 1"
                found = [tuple(row) for row in connection.execute(text(query.format(level)))]
                assert [row[:2] for row in found] == [(1, 300), (2, 100), (3, 300), (4, 300)]
                assert found[3][2:] == pytest.approx((sum(range(300)) / 3, 0, 299 / 3))
        maintenance.roll_up()
    maintenance.close()


def test_each_step_down_and_up_again_keeps_what_that_revision_knew(empty: Engine, empty_database: URL) -> None:
    knew: dict[str, dict[str, list[str]]] = {}
    for revision in revisions():
        upgrade(empty, revision)
        knew[revision] = columns_of(empty)
    fill(empty, empty_database, columns_of(empty))
    first, *_ = earlier = revisions()[:-1]
    for revision in reversed(earlier):
        before = contents(empty_database, knew[revision])
        assert all(before.values())
        downgrade(empty, revision)
        assert columns_of(empty) == knew[revision]
        assert contents(empty_database, knew[revision]) == before, f"back to {revision} changed data"
    upgrade(empty)
    assert_kept(contents(empty_database, knew[first]), before)


def test_down_to_nothing_with_data_leaves_nothing_behind(empty: Engine, empty_database: URL) -> None:
    upgrade(empty)
    fill(empty, empty_database, columns_of(empty))
    downgrade(empty, "base")
    with empty.connect() as connection:
        left = (
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = ANY ('{r,p,v,m}')"
        )
        assert connection.execute(text(left)).scalars().all() == ["alembic_version"]
        storage = engine_of(connection)
        if storage.name == "timescaledb":
            chunks = "SELECT count(*) FROM timescaledb_information.chunks"
            assert connection.execute(text(chunks)).scalar() == 0
    upgrade(empty)
