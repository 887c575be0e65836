"""Whatever ends Waypost ends its servers; whatever ends a server, it comes back."""

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest
import redis

from core.errors import StartupError
from db.embedded import EmbeddedServers, start_embedded
from db.embedded.account import server_account
from db.embedded.child import Child, bound_log
from db.embedded.leftover import NO_PID, await_leftover
from db.embedded.server import Server
from tests.embedded.processes import Parent, processes_of, wait_for


def kept(conninfo: str) -> tuple[int, int]:
    """How many rows there are, and the number of the last."""
    with psycopg.connect(conninfo) as connection:
        row = connection.execute("SELECT count(*), max(n) FROM kept").fetchone()
    assert row is not None
    return row


def is_being_prepared(data_dir: Path) -> bool:
    """Whether initdb has begun; on a machine that stood still meanwhile it may be done."""
    return any((data_dir / name / "PG_VERSION").exists() for name in ("postgres.new", "postgres"))


def test_kill_9_leaves_no_process_and_loses_no_row(used_dir: Path) -> None:
    with Parent(used_dir) as parent:
        assert "dbname=waypost" in parent.line()
        parent.line()
        while int(parent.line()) < 200:
            pass
        assert len(processes_of(used_dir)) >= 4
        parent.process.send_signal(signal.SIGKILL)
        committed = int(parent.last_line())
    # At once: the lock is free, and the start waits for the server that is still going down.
    with start_embedded(used_dir) as servers:
        count, last = kept(servers.conninfo)
        assert count == last + 1
        assert last in (committed, committed + 1), "a committed row is missing"
    log = (used_dir / "postgres.log").read_text()
    assert log.count("received fast shutdown request") == 2
    assert "not properly shut down" not in log


def test_kill_9_takes_the_servers_along(used_dir: Path) -> None:
    with Parent(used_dir) as parent:
        assert parent.line()
        parent.process.send_signal(signal.SIGKILL)
        parent.process.wait()
        assert wait_for(lambda: not processes_of(used_dir)), processes_of(used_dir)


def test_kill_9_during_the_first_start_leaves_no_process(data_dir: Path) -> None:
    with Parent(data_dir) as parent:
        assert wait_for(lambda: is_being_prepared(data_dir))
        parent.process.send_signal(signal.SIGKILL)
        parent.process.wait()
        assert wait_for(lambda: not processes_of(data_dir)), processes_of(data_dir)
    with start_embedded(data_dir, valkey=False) as servers:
        psycopg.connect(servers.conninfo).close()


@pytest.mark.parametrize(
    ("options", "number", "code"),
    [(("orderly",), signal.SIGTERM, 130), ((), signal.SIGINT, 130), ((), signal.SIGTERM, -15)],
)
def test_signals_to_the_whole_group_stop_in_order(
    used_dir: Path, options: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    with Parent(used_dir, *options) as parent:
        assert parent.line()
        assert parent.line()
        assert parent.line() == "0"
        os.killpg(parent.process.pid, number)  # what Ctrl-C in a terminal does
        assert parent.process.wait(60) == code
        if code > 0:  # it stopped the servers itself, and waited for them
            assert not processes_of(used_dir)
            assert parent.last_line() == "wrote to the end"
        assert wait_for(lambda: not processes_of(used_dir)), processes_of(used_dir)
    log = (used_dir / "postgres.log").read_text()
    assert log.count("received fast shutdown request") == 1
    assert "database system is shut down" in log


def test_ctrl_c_during_the_first_start(data_dir: Path) -> None:
    with Parent(data_dir) as parent:
        assert wait_for(lambda: is_being_prepared(data_dir))
        os.killpg(parent.process.pid, signal.SIGINT)
        assert parent.process.wait(60) == 130
        assert not processes_of(data_dir)


def pid_of(servers: EmbeddedServers, name: str) -> int | None:
    return next(each.pid for each in servers.check() if each.name == name)


def answers(conninfo: str) -> bool:
    try:
        with psycopg.connect(conninfo) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def test_killed_servers_are_reachable_again_at_the_same_address(used_dir: Path) -> None:
    with start_embedded(used_dir) as servers:
        conninfo, cache = servers.conninfo, redis.Redis.from_url(servers.redis_url)
        with psycopg.connect(conninfo) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 0 AS n")
        for repeat in range(2):
            for name in ("PostgreSQL", "Valkey"):
                pid = pid_of(servers, name)
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                assert wait_for(lambda name=name, pid=pid: pid_of(servers, name) not in (None, pid))  # type: ignore[misc]
            assert wait_for(lambda: answers(conninfo))
            assert wait_for(lambda: _pings(cache))
            assert kept(conninfo) == (1, 0)
            valkey = next(each for each in servers.check() if each.name == "Valkey")
            assert valkey.restarts == repeat + 1
            assert valkey.error is not None
            assert "code -9" in valkey.error
        cache.close()


def _pings(cache: "redis.Redis") -> bool:
    try:
        return bool(cache.ping())
    except redis.ConnectionError:
        return False


class Broken(Server):
    """Ends as soon as it is started."""

    name = "Broken"
    began: tuple[float, ...] = ()
    ready_timeout_s = 1.0
    stop_signals = ((signal.SIGTERM, 1.0),)

    def prepare(self) -> None:
        """Nothing."""

    def spawn(self) -> Child:
        """Ends with code 3."""
        self.began = (*self.began, time.monotonic())
        return Child.start(["/bin/sh", "-c", "echo worn out; exit 3"], log=self.log, death_signal=signal.SIGKILL)

    def is_ready(self) -> bool:
        """So it says."""
        return True


def test_a_server_that_keeps_failing_is_started_less_and_less_often(tmp_path: Path) -> None:
    broken = Broken(tmp_path / "log")
    servers = EmbeddedServers([broken], postgres=None, valkey=None, stopping=threading.Event())
    servers.start()
    assert wait_for(lambda: servers.check()[0].restarts >= 4)
    (status,) = servers.check()
    servers.stop()
    between = [later - earlier for earlier, later in pairwise(broken.began)]
    assert all(seconds >= 0.1 * 2**n for n, seconds in enumerate(between)), between
    assert status.error == "ended with code 3: worn out"


def test_a_process_with_the_pid_of_the_last_run_is_not_in_the_way(used_dir: Path) -> None:
    account = server_account(used_dir / "postgres")
    # Of the same user: only then does PostgreSQL take it for its predecessor.
    other = subprocess.Popen(["/bin/sleep", "60"], user=account.uid if account else None, cwd="/")
    try:
        (used_dir / "postgres/postmaster.pid").write_text(f"{other.pid}\n{used_dir}/postgres\n1\n5432\n\n\n 1 1\n")
        (used_dir / "run/postgres/.s.PGSQL.5432.lock").write_text(f"{other.pid}\n")
        if account:
            os.chown(used_dir / "postgres/postmaster.pid", account.uid, account.gid)
        with start_embedded(used_dir, valkey=False) as servers:
            assert answers(servers.conninfo)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_server_that_does_not_go_is_named(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    stand_in = subprocess.Popen(["postgres", "-c", "read line", "-D", str(data)], executable="/bin/sh", stdin=-1)
    try:
        assert wait_for(lambda: Path(f"/proc/{stand_in.pid}/cmdline").read_text() != "")  # just executed: still empty
        (data / "postmaster.pid").write_text(f"{stand_in.pid}\n")
        with pytest.raises(StartupError, match=rf"process {stand_in.pid}\).*kill -INT {stand_in.pid}"):
            await_leftover(data, threading.Event(), timeout_s=0.2)
        (data / "postmaster.pid").write_text(f"{NO_PID}\n")
        await_leftover(data, threading.Event(), timeout_s=0.2)
    finally:
        stand_in.communicate(timeout=5)


WATCHED = """
import signal, sys, time
from pathlib import Path
from db.embedded.child import Child
child = Child.start(["/bin/sleep", "61"], log=Path(sys.argv[1]), death_signal=signal.SIGTERM, watch=True)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_where_the_kernel_does_not_tell_a_watcher_does(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", WATCHED, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    watcher = int(parent.stdout.readline())
    children = Path(f"/proc/{watcher}/task/{watcher}/children")
    assert wait_for(lambda: children.read_text().split() != [])
    server = int(children.read_text())
    parent.kill()
    parent.communicate()
    for pid in (watcher, server):
        assert wait_for(lambda pid=pid: not Path(f"/proc/{pid}/stat").exists())  # type: ignore[misc]


@pytest.mark.parametrize("watch", [False, True])
def test_signals_reach_a_child_and_its_output_is_kept(tmp_path: Path, watch: bool) -> None:
    command = ["/bin/sh", "-c", "echo ready; read x || sleep 60"]
    child = Child.start(command, log=tmp_path / "log", death_signal=signal.SIGKILL, watch=watch)
    assert wait_for(lambda: child.output() == "ready")
    assert child.exit_code() is None
    child.send(signal.SIGKILL)
    assert child.wait(60.0)
    assert child.exit_code() == -9


def test_a_program_that_cannot_be_run_says_so(tmp_path: Path) -> None:
    child = Child.start(["/no/such/program"], log=tmp_path / "log", death_signal=signal.SIGKILL)
    assert child.wait(60.0)
    assert "No such file" in child.output()


def test_a_log_is_bounded_while_it_is_written(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 2000)
        bound_log(log, most_bytes=1000)
        writer.write(b"b")
    assert log.read_bytes() == b"b"
    assert (tmp_path / "log.1").stat().st_size == 2000


def test_stopping_takes_no_longer_than_it_must(used_dir: Path) -> None:
    servers = start_embedded(used_dir)
    connection = psycopg.connect(servers.conninfo)
    connection.execute("SELECT 1")  # a session in a transaction does not hold it up
    servers.stop()
    connection.close()
    log = (used_dir / "postgres.log").read_text()
    assert "received fast shutdown request" in log
    assert "immediate shutdown" not in log
