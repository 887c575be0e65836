"""The front of the TimescaleDB for tests: many connections share its one session without noticing, up to a point."""

import os
import socket
import threading
import time
from collections.abc import Iterable

import psycopg
import pytest
from psycopg import errors, sql
from psycopg.abc import Query
from sqlalchemy import text

from db.database import make_engine, parse_url
from tests.timescaledb.conftest import PATIENCE_S, Connect
from tests.timescaledb.server import TimescaleServer


def insert(connection: psycopg.Connection, table: sql.Identifier, *numbers: int) -> None:
    connection.cursor().executemany(
        sql.SQL("INSERT INTO {} VALUES (%s, %s)").format(table), [(n, f"word {n}") for n in numbers]
    )


def count(connection: psycopg.Connection, table: sql.Identifier) -> int:
    found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    assert found is not None
    return int(found[0])


def copy_in(connection: psycopg.Connection, statement: Query, rows: Iterable[tuple[object, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["int4", "text"])
        for row in rows:
            copy.write_row(row)


def in_pipeline(connection: psycopg.Connection, *statements: Query) -> list[psycopg.Cursor]:
    with connection.pipeline():
        return [connection.execute(statement) for statement in statements]


def shut(connection: psycopg.Connection) -> None:
    """Cut the line of `connection` without a word, as a killed process does."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
    connection.close()


def test_the_session_is_like_one_of_a_real_server(connect: Connect) -> None:
    connection = connect()
    assert connection.info.server_version // 10000 == 17
    assert connection.info.parameter_status("TimeZone") == "UTC"
    for setting, value in (("timezone", "UTC"), ("search_path", '"$user", public'), ("enable_seqscan", "on")):
        assert connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting))).fetchone() == (value,)
    assert connection.execute("SELECT pg_backend_pid()").fetchone() == (connection.info.backend_pid,)


def test_statements_of_the_same_name_do_not_meet(connect: Connect) -> None:
    one, other = connect(), connect()
    for _ in range(3):  # both call theirs _pg3_0
        assert one.execute("SELECT %s::int + 1", (1,)).fetchone() == (2,)
        assert other.execute("SELECT %s::text || '!'", ("a",)).fetchone() == ("a!",)


def test_closing_all_statements_closes_only_ones_own(connect: Connect) -> None:
    one, other = connect(), connect()
    for connection in (one, other):
        connection.execute("SELECT %s::int", (1,))
    one.execute("DEALLOCATE ALL")
    assert other.execute("SELECT %s::int", (2,)).fetchone() == (2,)
    with pytest.raises(errors.InvalidSqlStatementName):
        one.execute("SELECT %s::int", (1,))


def test_a_pipeline_answers_in_order_and_skips_what_follows_an_error(connect: Connect, table: sql.Identifier) -> None:
    connection = connect()
    found = in_pipeline(connection, *(sql.SQL("SELECT {}").format(n) for n in range(50)))
    assert [cursor.fetchone() for cursor in found] == [(n,) for n in range(50)]
    put = sql.SQL("INSERT INTO {} VALUES (1)").format(table)
    with pytest.raises(errors.DivisionByZero):
        in_pipeline(connection, "SELECT 1 / 0", put)
    assert count(connection, table) == 0


@pytest.mark.parametrize("form", ["TEXT", "BINARY"])
def test_copy_goes_both_ways(connect: Connect, table: sql.Identifier, form: str) -> None:
    connection = connect()
    rows = [(n, f"a longer word, no. {n}\t\\" if n % 3 else None) for n in range(20_000)]
    into = sql.SQL("/* all */ COPY {} (n, word) FROM STDIN (FORMAT {})").format(table, sql.SQL(form))
    copy_in(connection, into, rows)
    out = sql.SQL("COPY (SELECT * FROM {} ORDER BY n) TO STDOUT (FORMAT {})").format(table, sql.SQL(form))
    with connection.cursor() as cursor, cursor.copy(out) as copy:
        copy.set_types(["int4", "text"])
        assert list(copy.rows()) == rows


def test_an_error_in_the_middle_of_a_copy_is_only_that(connect: Connect, table: sql.Identifier) -> None:
    connection = connect()
    insert(connection, table, 10_000)
    into = sql.SQL("COPY {} FROM STDIN").format(table)
    with pytest.raises(errors.UniqueViolation):
        copy_in(connection, into, ((n, "many rows") for n in range(100_000)))
    with pytest.raises(ZeroDivisionError):
        copy_in(connection, into, ((1 // n, "the client gives up") for n in (1, 0)))
    with pytest.raises(errors.UndefinedTable):
        copy_in(connection, "COPY nowhere FROM STDIN", [(1, "one")])
    connection.execute("BEGIN")
    with pytest.raises(errors.UniqueViolation):
        copy_in(connection, into, [(1, "one"), (1, "one again")])
    assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    connection.execute("ROLLBACK")
    assert count(connection, table) == 1


def test_copy_in_the_extended_protocol_is_refused_in_words(connect: Connect, table: sql.Identifier) -> None:
    connection = connect()
    statement = sql.SQL("COPY {} FROM STDIN").format(table).as_bytes(connection)
    result = connection.pgconn.exec_params(statement, [])
    assert b"simple protocol only" in result.error_message
    assert count(connection, table) == 0


def test_notifications_reach_those_who_listen(connect: Connect) -> None:
    hears, hears_too, deaf, speaker = connect(), connect(), connect(), connect()
    hears.execute("LISTEN news")
    hears_too.execute('LISTEN "news"; LISTEN other', prepare=False)
    deaf.execute("LISTEN news")
    deaf.execute("UNLISTEN news")
    with speaker.transaction():
        speaker.execute("SELECT pg_notify('news', 'first')")
    speaker.execute("NOTIFY news, 'second'")
    for listener in (hears, hears_too):
        heard = list(listener.notifies(timeout=2, stop_after=2))
        assert [(one.channel, one.payload) for one in heard] == [("news", "first"), ("news", "second")]
        assert heard[0].pid == speaker.info.backend_pid
    assert list(deaf.notifies(timeout=0.1)) == []


def test_a_transaction_holds_the_session_until_it_ends(connect: Connect, table: sql.Identifier) -> None:
    holder, waiter = connect(), connect()
    counted: list[int] = []
    waiting = threading.Thread(target=lambda: counted.append(count(waiter, table)))
    with holder.transaction():
        insert(holder, table, 1)
        waiting.start()
        time.sleep(PATIENCE_S / 2)
        assert counted == []
        insert(holder, table, 2)
    waiting.join(5)
    assert counted == [2]


def test_waiting_for_a_transaction_that_does_nothing_ends_with_the_reason(
    connect: Connect, table: sql.Identifier
) -> None:
    holder, waiter = connect(), connect()
    with holder.transaction():
        insert(holder, table, 1)
        with pytest.raises(psycopg.NotSupportedError, match=r"single session .* kept it in a transaction for 1 s"):
            waiter.execute("SELECT %s::int", (1,))
        with pytest.raises(psycopg.NotSupportedError, match="single session"):
            waiter.execute("SELECT 1; SELECT 2", prepare=False)
        with pytest.raises(psycopg.NotSupportedError, match="single session"):
            copy_in(waiter, sql.SQL("COPY {} FROM STDIN").format(table), [(7, "seven")])
        with pytest.raises(psycopg.NotSupportedError, match="single session"):
            in_pipeline(waiter, "SELECT 1", "SELECT 2")
        insert(holder, table, 2)
    assert count(waiter, table) == 2


def test_a_connection_that_vanishes_is_rolled_back(connect: Connect, table: sql.Identifier) -> None:
    other, gone = connect(), connect()
    gone.execute("BEGIN")
    insert(gone, table, 1)
    shut(gone)
    assert count(other, table) == 0


def test_a_pipeline_that_vanishes_before_its_end_is_rolled_back(connect: Connect, table: sql.Identifier) -> None:
    other, gone = connect(), connect()
    pipeline = gone.pipeline()
    pipeline.__enter__()  # it cannot be left once the line is cut
    cursor = gone.execute(sql.SQL("INSERT INTO {} VALUES (2) RETURNING n").format(table))
    assert cursor.fetchone() == (2,)  # the answer was asked for with a Flush: there was no Sync yet
    shut(gone)
    assert count(other, table) == 0


def test_a_connection_can_be_terminated_by_another(connect: Connect) -> None:
    one, other = connect(), connect()
    assert one.execute(f"SELECT pg_terminate_backend({other.info.backend_pid})").fetchone() == (True,)
    assert one.execute("SELECT pg_terminate_backend(7)").fetchone() == (False,)
    with pytest.raises(psycopg.OperationalError, match="administrator command"):
        other.execute("SELECT 1")


def test_a_pool_of_sqlalchemy_works(server: TimescaleServer) -> None:
    engine = make_engine(parse_url(server.url), pool_size=3)
    failures: list[Exception] = []

    def work() -> None:
        try:
            for n in range(20):
                with engine.begin() as connection:
                    assert connection.execute(text("SELECT :n + 1"), {"n": n}).scalar() == n + 1
        except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()
    assert failures == []


def test_a_cancel_request_does_no_harm(connect: Connect) -> None:
    connection = connect()
    connection.cancel()
    assert connection.execute("SELECT 1").fetchone() == (1,)
