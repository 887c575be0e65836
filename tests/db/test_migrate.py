"""Migrations: up, down, up again, and never beneath a newer Waypost."""

import threading

import pytest
from sqlalchemy import Engine, inspect, text
from sqlalchemy.engine import URL

from core.errors import StartupError
from db.database import make_engine
from db.migrate import downgrade, upgrade
from db.tables import metadata


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


def test_two_that_start_at_once_take_turns(database_url: URL) -> None:
    engines = [make_engine(database_url), make_engine(database_url)]
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
