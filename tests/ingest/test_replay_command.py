"""`python app.py replay`, as people run it: beside a Waypost, without one, interrupted, and mistyped."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psycopg
import pytest

from app import main
from db.embedded import running_servers, start_embedded
from tests.app.process import ROOT, Waypost, free_port, wait_for
from tests.app.test_crash import Publisher
from tests.ingest.bench import LEDGER, Bench, fix

FOR_EVER = ["replay", "--from", "2020-01-01", "--to", "2100-01-01"]


def start(data_dir: Path, *arguments: str, **settings_of: str) -> subprocess.Popen[str]:
    """Begin a command with settings of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WAYPOST_")}
    given = {"DATA_DIR": str(data_dir)} | settings_of
    return subprocess.Popen(
        [sys.executable, "app.py", *arguments],
        cwd=ROOT,
        env=clean | {f"WAYPOST_{name}": value for name, value in given.items()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code and what it said."""
    said, _ = process.communicate(timeout=100)
    return process.returncode, said


def test_it_finds_the_servers_of_a_waypost_that_runs_and_starts_them_where_none_does(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    source = f"zmq://127.0.0.1:{port}?source=fleet"
    with Publisher(port) as publisher:
        with Waypost(data, SOURCES=source, LAKE="true") as waypost:
            waypost.ready()
            wait_for("messages to arrive", partial(publisher.has_sent, publisher.sent + 3000))
            time.sleep(1)
            code, said = ended(start(data, *FOR_EVER, SOURCES=source + "&speed=mph"))
            assert code == 0, said
            assert "were new or changed a row" in said
            with psycopg.connect(running_servers(data).database_url.replace("+psycopg", "")) as connection:
                before = connection.execute("SELECT count(*) FROM position WHERE speed > 13").fetchone()
            assert before is not None
            assert before[0] > 0, "what came after is in metres per second"
        code, said = ended(start(data, *FOR_EVER, SOURCES=source + "&speed=mph"))
        assert code == 0, said
    with start_embedded(data, valkey=False) as servers, psycopg.connect(servers.conninfo) as connection:
        rows = connection.execute(
            "SELECT count(*), count(DISTINCT (device_id, ts)), max(speed) FROM position"
        ).fetchall()
        [(source_name, received, stored, duplicate, quarantined)] = connection.execute(LEDGER).fetchall()
    assert rows[0][0] == rows[0][1] == stored == received
    assert rows[0][2] < 13
    assert (source_name, duplicate, quarantined) == ("fleet", 0, 0)


def test_ctrl_c_ends_it_between_two_batches_and_the_next_one_does_the_rest(bench: Bench) -> None:
    for begin in range(0, 20_000, 100):
        bench.send(*(fix(f"d{n % 9}", n / 10, speed=10) for n in range(begin, begin + 100)))
    bench.pipeline.tick()
    with_these = {
        "DATABASE_URL": bench.url.render_as_string(hide_password=False),
        "REDIS_URL": bench.redis_url,
        "SOURCES": "zmq://127.0.0.1:1?source=test&speed=mph",
        "MAX_AHEAD_S": "31536000",
        "BATCH_MESSAGES": "100",
    }
    slow = "SELECT count(*) FROM position WHERE speed < 5"
    process = start(bench.directory.parent, *FOR_EVER, **with_these)
    wait_for("rows to change", lambda: bench.ask(slow) != [(0,)])
    process.send_signal(signal.SIGINT)
    code, said = ended(process)
    assert code == 130, said
    assert "which are stored; run it again" in said
    [(done,)] = bench.ask(slow)
    assert isinstance(done, int)
    assert 0 < done < 20_000
    assert done % 100 == 0
    code, said = ended(start(bench.directory.parent, *FOR_EVER, **with_these | {"BATCH_MESSAGES": "50000"}))
    assert code == 0
    assert (
        f"20,000 messages received from 2020-01-01T00:00:00.000Z to 2100-01-01T00:00:00.000Z: {20_000 - done:,}" in said
    )
    assert bench.ask(LEDGER) == [("test", 20_000, 20_000, 0, 0)]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "2026-01-02", "--to", "2026-01-01"], "--from must be before --to."),
        (["--from", "2020-01-01"], "set WAYPOST_DATA_DIR to where Waypost keeps its data"),
    ],
)
def test_what_cannot_begin_says_why_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYPOST_DATA_DIR", str(tmp_path / "nowhere"))
    assert main(["replay", *arguments]) == 2
    said = capsys.readouterr().err
    assert said.startswith("waypost: ")
    assert says in said
    assert not (tmp_path / "nowhere").exists()


def test_what_is_no_moment_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["replay", "--from", "yesterday"])
    assert "'yesterday' is no moment; write ISO 8601" in capsys.readouterr().err


def test_settings_for_other_servers_are_taken_and_said_where_they_do_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WAYPOST_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("WAYPOST_REDIS_URL", "redis://127.0.0.1:1/0")
    assert main(["replay", "--from", "2026-01-01"]) == 2
    assert "The database at postgresql+psycopg://nobody@127.0.0.1:1/none cannot be reached" in capsys.readouterr().err
