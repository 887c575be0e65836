"""The server as a process: it is made empty, survives a crash, and never outlives whoever started it."""

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psycopg
import pytest

from db.database import conninfo, parse_url
from tests.timescaledb.conftest import Connect
from tests.timescaledb.server import TimescaleServer, start_timescaledb


def is_alive(pid: int) -> bool:
    """Whether this process runs; one that ended and was not waited for does not."""
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout
    return status.strip() not in {"", "Z"}


def test_a_reset_ends_connections_and_leaves_nothing(server: TimescaleServer, connect: Connect) -> None:
    before = connect()
    before.execute("CREATE SCHEMA extra; CREATE TABLE extra.t (n int); CREATE ROLE guest; BEGIN", prepare=False)
    server.reset()
    with pytest.raises(psycopg.OperationalError, match="reset"):
        before.execute("SELECT 1")
    after = connect()
    assert after.execute("SELECT to_regclass('extra.t'), to_regrole('guest')").fetchone() == (None, None)
    assert after.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall() == [("plpgsql",), ("timescaledb",)]


def test_the_last_one_to_leave_takes_its_settings_along(server: TimescaleServer) -> None:
    server.reset()
    with psycopg.connect(conninfo(parse_url(server.url)), autocommit=True) as connection:
        connection.execute("SET search_path = nowhere")
        connection.execute("CREATE TEMPORARY TABLE passing (n int)")
        connection.execute("LISTEN news")
    with psycopg.connect(conninfo(parse_url(server.url)), autocommit=True) as connection:
        assert connection.execute("SHOW search_path").fetchone() == ('"$user", public',)
        assert connection.execute("SELECT to_regclass('passing')").fetchone() == (None,)
        connection.execute("NOTIFY news")
        assert list(connection.notifies(timeout=0.1)) == []


def test_a_crash_of_the_database_is_said_and_survived(connect: Connect) -> None:
    connection = connect()
    connection.execute("CREATE FUNCTION deeper(int) RETURNS int LANGUAGE sql AS 'SELECT deeper($1 + 1)'")
    connection.execute("SET max_stack_depth = '100kB'")
    with pytest.raises(psycopg.OperationalError, match="server crashed"):
        connection.execute("SELECT deeper(1)")
    assert connect().execute("SELECT to_regproc('deeper')").fetchone() == (None,)


def test_the_server_ends_with_its_input(tmp_path: Path, server: TimescaleServer) -> None:
    with start_timescaledb(tmp_path) as other:
        assert other.process.poll() is None
        assert other.url != server.url
    assert other.process.returncode == 0


def test_the_server_ends_with_a_killed_parent(tmp_path: Path) -> None:
    program = f"""
        import pathlib, time
        from tests.timescaledb.server import start_timescaledb
        with start_timescaledb(pathlib.Path({str(tmp_path)!r})) as server:
            print(server.process.pid, flush=True)
            time.sleep(60)
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.send_signal(signal.SIGKILL)
    end = time.monotonic() + 5
    while is_alive(pid):
        assert time.monotonic() < end, "the server outlived its parent"
        time.sleep(0.05)


@pytest.mark.parametrize("missing", ["node", "npm"])
def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None if name == missing else f"/usr/bin/{name}")
    with pytest.raises(RuntimeError, match=f"{missing} is missing"), start_timescaledb(tmp_path):
        pass
