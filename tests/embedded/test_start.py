"""Starting, stopping, and what is refused."""

import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
import sqlalchemy

from core.errors import StartupError
from db.embedded import DataDirectory, EmbeddedServers, start_embedded
from db.embedded.account import own_name, server_account
from tests.embedded.processes import processes_of


def test_the_second_start_finds_the_data(data_dir: Path) -> None:
    said: list[str] = []
    with start_embedded(data_dir, say=said.append) as servers:
        engine = sqlalchemy.create_engine(servers.database_url)
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("CREATE TABLE kept AS SELECT 42 AS n"))
        engine.dispose()
        cache = redis.Redis.from_url(servers.redis_url)
        assert cache.set("k", "v")
        cache.close()
        assert [each.name for each in servers.check()] == ["PostgreSQL", "Valkey"]
        assert all(each.pid and each.restarts == 0 and each.error is None for each in servers.check())
    assert said == [f"Preparing PostgreSQL 18 in {data_dir}/postgres (first start only)"]
    assert not processes_of(data_dir)

    said.clear()
    with start_embedded(data_dir, valkey=False, say=said.append) as servers:
        with psycopg.connect(servers.conninfo) as connection_2:
            assert connection_2.execute("SELECT n FROM kept").fetchone() == (42,)
        with pytest.raises(LookupError):
            _ = servers.redis_url
        servers.stop()
        servers.stop()
    assert said == []
    log = (data_dir / "postgres.log").read_text()
    assert log.count("received fast shutdown request") == 2
    assert "not properly shut down" not in log


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, EmbeddedServers]]:
    """Servers for tests that change nothing, and their data directory: below one that is closed to others."""
    closed = tmp_path_factory.mktemp("closed")
    closed.chmod(0o700)
    data_dir = closed / "deep" / "data"
    before = {path: path.stat().st_mode for path in (closed, *closed.parents)}
    with start_embedded(data_dir) as servers:
        yield data_dir, servers
    assert before == {path: path.stat().st_mode for path in before}, "a directory of somebody was opened"


def test_the_database_is_durable_and_sorts_by_code_point(running: tuple[Path, EmbeddedServers]) -> None:
    with psycopg.connect(running[1].conninfo) as connection:
        settings: dict[str, str] = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
        assert settings["synchronous_commit"] == settings["fsync"] == settings["data_checksums"] == "on"
        assert settings["listen_addresses"] == ""
        assert settings["TimeZone"] == "UTC"
        assert settings["server_encoding"] == "UTF8"
        row = connection.execute("SELECT 'Z' < 'a', lower('ÄÖ'), datlocale FROM pg_database WHERE datname = 'waypost'")
        assert row.fetchone() == (True, "äö", "C.UTF-8")


def test_only_this_user_gets_in(running: tuple[Path, EmbeddedServers]) -> None:
    data_dir, servers = running
    postgres = Path(str(psycopg.conninfo.conninfo_to_dict(servers.conninfo)["host"])) / ".s.PGSQL.5432"
    valkey = Path(servers.redis_url.removeprefix("unix://").partition("?")[0])
    for path in (postgres, postgres.parent, valkey, valkey.parent, data_dir, data_dir / "postgres"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    with psycopg.connect(servers.conninfo) as connection:
        rules = connection.execute("SELECT type, auth_method, options FROM pg_hba_file_rules").fetchall()
        assert rules == [("local", "peer", ["map=waypost"])]
        names = connection.execute("SELECT sys_name, pg_username FROM pg_ident_file_mappings").fetchall()
        assert names == [(own_name(), "postgres")]
    if os.geteuid() == 0:  # only root can become somebody else
        assert b"Permission denied" in _connect_as(65534, postgres.parent)
        assert b"Peer authentication failed" in _connect_as(postgres.stat().st_uid, postgres.parent)


def test_a_path_too_long_for_a_socket_gets_a_short_private_one(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 30) / "with,comma"
    hosts = []
    for _ in range(2):
        with start_embedded(data_dir) as servers:
            with psycopg.connect(servers.conninfo) as connection:
                host = Path(connection.info.host)
            with sqlalchemy.create_engine(servers.database_url).connect():
                pass
            assert redis.Redis.from_url(servers.redis_url).ping()
            assert stat.S_IMODE(host.parent.stat().st_mode) == 0o700
            assert not host.is_relative_to(tmp_path)
            hosts.append(host)
    assert hosts[0] == hosts[1], "a directory was left behind"
    host.rmdir()
    host.parent.rmdir()


def test_a_short_directory_that_others_could_write_is_not_used_again(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long" * 30)
    with start_embedded(data_dir, postgres=False) as servers:
        first = Path(servers.redis_url.removeprefix("unix://").partition("?")[0]).parent
    first.chmod(0o777)
    with start_embedded(data_dir, postgres=False) as servers:
        second = Path(servers.redis_url.removeprefix("unix://").partition("?")[0]).parent
    assert second != first
    first.rmdir()
    second.rmdir()


def test_it_runs_below_a_closed_directory_without_being_root(running: tuple[Path, EmbeddedServers]) -> None:
    data_dir, servers = running
    pid = next(each.pid for each in servers.check() if each.name == "PostgreSQL")
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert int(status["Uid"].split()[0]) == (data_dir / "postgres").stat().st_uid != 0
    if os.geteuid() == 0:
        assert int(status["CapEff"], 16) in (1 << 1, 1 << 2), "more than one capability was kept"
        assert int(status["CapPrm"], 16) == int(status["CapEff"], 16)
        assert status["Groups"].strip() == ""


def test_a_second_instance_is_refused(running: tuple[Path, EmbeddedServers]) -> None:
    data_dir, servers = running
    with pytest.raises(StartupError) as refused:
        start_embedded(data_dir)
    assert str(refused.value) == (
        f"Another Waypost (process {os.getpid()}) is using {data_dir}. "
        "Stop it, or set WAYPOST_DATA_DIR to another directory."
    )
    psycopg.connect(servers.conninfo).close()


def test_another_start_is_possible_once_it_stopped(data_dir: Path) -> None:
    start_embedded(data_dir, postgres=False).stop()
    start_embedded(data_dir, postgres=False).stop()


def test_a_lock_opened_outside_stays_its_openers(data_dir: Path) -> None:
    with DataDirectory.open(data_dir) as directory:
        start_embedded(directory, postgres=False).stop()
        with pytest.raises(StartupError, match="Another Waypost"):
            DataDirectory.open(data_dir)
    DataDirectory.open(data_dir).close()


def test_a_forked_child_does_not_hold_the_lock(data_dir: Path) -> None:
    directory = DataDirectory.open(data_dir)
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        ours.close()
        theirs.send(b"forked")
        theirs.recv(1)  # until the test is over
        os._exit(0)
    theirs.close()
    try:
        assert ours.recv(6) == b"forked"
        directory.close()
        DataDirectory.open(data_dir).close()
    finally:
        ours.close()
        os.waitpid(child, 0)


@pytest.mark.parametrize("where", ["file", "file/data", "/proc/waypost"])
def test_a_directory_that_cannot_be_written_is_one_line(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StartupError) as refused:
        start_embedded(tmp_path / where)
    assert str(tmp_path / where) in str(refused.value)
    assert "WAYPOST_DATA_DIR" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_data_of_another_version_is_refused_and_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres/PG_VERSION").write_text("17\n")
    with pytest.raises(StartupError, match="was made by PostgreSQL 17, and this Waypost brings PostgreSQL 18"):
        start_embedded(data_dir)
    assert not processes_of(data_dir)
    DataDirectory.open(data_dir).close()
    assert [each.name for each in (data_dir / "postgres").iterdir()] == ["PG_VERSION"]


def test_files_that_are_no_database_are_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(parents=True)
    (data_dir / "postgres/letter.txt").write_text("dear")
    with pytest.raises(StartupError, match="holds files, but no PostgreSQL data"):
        start_embedded(data_dir)
    assert (data_dir / "postgres/letter.txt").read_text() == "dear"


def test_why_a_server_did_not_start_is_in_the_error(used_dir: Path) -> None:
    with (used_dir / "postgres/postgresql.conf").open("a") as config:
        config.write("no_such_setting = 1\n")
    with pytest.raises(StartupError, match=r"PostgreSQL ended with code 1: .*no_such_setting") as refused:
        start_embedded(used_dir)
    assert "\n" not in str(refused.value)
    assert str(used_dir / "postgres.log") in str(refused.value)


def test_an_unfinished_first_start_is_begun_anew(data_dir: Path) -> None:
    (data_dir / "postgres.new/base").mkdir(parents=True)
    (data_dir / "postgres.new/PG_VERSION").write_text("18\n")
    with start_embedded(data_dir, valkey=False) as servers:
        psycopg.connect(servers.conninfo).close()
    assert not (data_dir / "postgres.new").exists()


def test_the_user_of_the_data_is_kept(tmp_path: Path) -> None:
    account = server_account(tmp_path / "missing")
    assert (account is None) == (os.geteuid() != 0)
    if account is not None:
        os.chown(tmp_path, 12345, 12345)
        kept = server_account(tmp_path)
        assert kept is not None
        assert (kept.uid, kept.gid) == (12345, 12345)


def test_a_directory_that_moved_to_a_longer_path_still_works(tmp_path: Path) -> None:
    start_embedded(tmp_path / "data", postgres=False).stop()
    longer = tmp_path / ("long" * 30)
    (tmp_path / "data").rename(longer)
    with start_embedded(longer, postgres=False) as servers:
        assert redis.Redis.from_url(servers.redis_url).ping()
    shutil.rmtree((longer / "run").readlink())


def _connect_as(uid: int, sockets: Path) -> bytes:
    """What a process of `uid` hears that connects to PostgreSQL, even if it stands beside the socket already."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        os.chdir(sockets)
        os.setgroups([])
        os.setuid(uid)
        try:
            psycopg.connect("host=/proc/self/cwd user=postgres dbname=waypost")
            theirs.send(b"connected")
        except psycopg.Error as error:
            theirs.send(str(error).encode()[:2000])
        os._exit(0)
    theirs.close()
    heard = ours.recv(4000)
    ours.close()
    os.waitpid(child, 0)
    return heard
