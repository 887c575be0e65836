"""Starting and ending: what the terminal says, what is left behind, and what is refused in one line."""

import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

import app
from tests.app.process import Waypost, alive, family_of, wait_for

NO_REDIS = "redis://127.0.0.1:1/0"


def test_the_demo_shows_a_hundred_moving_buses_and_ends_without_leaving_anything(tmp_path: Path) -> None:
    with Waypost(tmp_path / "data") as waypost:
        waypost.ready()
        said = waypost.said()
        assert "Preparing PostgreSQL 18" in said
        assert re.search(r"Admin password: +\S{12,}", said)
        assert re.search(r"Collector token: +wp_\S{20,}", said)
        parts = {"database": "ok", "redis": "ok", "ingest": "ok"}
        assert waypost.get("/readyz") == {"ready": True, "parts": parts, "metrics_refused": 0}
        wait_for("100 moving buses", lambda: len(waypost.moving()) >= 100, 150)
        summary = waypost.get("/api/v1/summary?metric=speed")
        assert 0.5 < summary["mean"] < 30, "metres a second: the recording is in miles an hour"
        bus = waypost.get("/api/v1/devices?search=bus-&limit=1")["devices"][0]
        assert (bus["kind"], bus["fleet"]) == ("bus", "Capital Metro")
        family = family_of(waypost.process.pid)
        assert len(family) > 5, "PostgreSQL, Valkey and the publisher are processes of their own"
        waypost.kill(signal.SIGTERM)
        code, said = waypost.ended()
        assert (code, "Traceback" in said) == (0, False), said
        wait_for("its processes to end", lambda: not any(map(alive, family)))

    with Waypost(tmp_path / "data", SOURCES="") as again:
        again.ready()
        said = again.said()
        assert "Admin password" not in said.rpartition("Waypost 0")[2], "shown once"
        assert again.get("/api/v1/summary?metric=speed")["n"] >= summary["n"], "what was stored is still there"
        family = family_of(again.process.pid)
        again.kill(signal.SIGKILL)
        wait_for("its processes to end", lambda: not any(map(alive, family)))


def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    with Waypost(tmp_path / "data", SOURCES="") as waypost:
        waypost.ready()
        family = family_of(waypost.process.pid)
        waypost.kill(signal.SIGINT)
        code, said = waypost.ended()
        assert (code, "Traceback" in said) == (0, False), said
        wait_for("its processes to end", lambda: not any(map(alive, family)))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Waypost]:
    """One with secrets of its own, and a setting that is misspelt."""
    secrets = {"ADMIN_PASSWORD": "of my own", "INGEST_TOKEN": "mine-too"}
    with Waypost(tmp_path_factory.mktemp("running") / "data", SOURCES="", PROT="1", **secrets) as waypost:
        yield waypost.ready()


def test_secrets_of_the_first_start_can_be_set(running: Waypost) -> None:
    said = running.said()
    assert "as WAYPOST_ADMIN_PASSWORD says" in said
    assert "as WAYPOST_INGEST_TOKEN says" in said
    assert "of my own" not in said
    assert "mine-too" not in said
    body = b'{"device_id":"a","lat":1,"lon":2}'
    assert running.post("/api/v1/ingest", body, token="mine-too") == {"accepted": 1, "rejected": []}


def test_a_misspelt_setting_is_pointed_out(running: Waypost) -> None:
    assert "WAYPOST_PROT is set, but is no setting" in running.said()


def test_a_second_waypost_on_the_same_data_is_refused(running: Waypost) -> None:
    with Waypost(running.data_dir, SOURCES="") as second:
        code, said = second.ended()
        assert f"Another Waypost (process {running.process.pid})" in one_line(code, said)
    assert running.get("/healthz") == {"status": "ok"}


def one_line(code: int, said: str) -> str:
    """What it said on the way out, which must be one line and no traceback."""
    assert code == 2
    lines = [line for line in said.splitlines() if line.startswith("waypost: ")]
    assert len(lines) == 1, said
    assert "Traceback" not in said
    return lines[0]


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Callable[..., str]]:
    """Starts Waypost in this process, which it must refuse, and gives the line that says why: a process for each takes
    seconds, and the one above shows that the exit code is that of `main`."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run_refused(*arguments: str, **settings: str) -> str:
        for name, value in ({"DATA_DIR": str(tmp_path / "data"), "PORT": "0"} | settings).items():
            monkeypatch.setenv(f"WAYPOST_{name}", value)
        code = app.main(list(arguments))
        return one_line(code, capsys.readouterr().err)

    yield run_refused
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_port_in_use_is_said_in_one_line(run: Callable[..., str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = run(PORT=str(port))
    assert f"Port {port} of 127.0.0.1 cannot be used" in line
    assert "WAYPOST_PORT" in line


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATA_DIR": "/proc/waypost"}, "WAYPOST_DATA_DIR"),
        ({"DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none", "REDIS_URL": NO_REDIS}, "cannot be reached"),
        ({"DATABASE_URL": "mysql://127.0.0.1/x", "REDIS_URL": NO_REDIS}, "Waypost needs PostgreSQL"),
        ({"PORT": "99999"}, "WAYPOST_PORT is not usable"),
        ({"TICK_MS": "soon"}, "WAYPOST_TICK_MS is not usable"),
        ({"SOURCES": "ftp://example.com:1"}, "WAYPOST_SOURCES has ftp://example.com:1"),
        ({"SOURCES": "zmq://127.0.0.1"}, "lacks host or port"),
        ({"SOURCES": "zmq://127.0.0.1:5556?speed=furlongs"}, "furlongs"),
        ({"SOURCES": "zmq://127.0.0.1:5556 zmq://127.0.0.1:5556?speed=mph"}, "twice"),
        ({"SOURCES": "zmq://127.0.0.1:5556?source=http"}, "take another name"),
        ({"HOST": "0.0.0.0"}, "WAYPOST_ALLOW_ANONYMOUS"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(run: Callable[..., str], settings: dict[str, str], said: str) -> None:
    line = run(**settings)
    assert said in line
    assert "secret" not in line


def test_a_redis_that_cannot_be_reached_is_said_in_one_line(run: Callable[..., str], engine: Engine) -> None:
    url = engine.url.render_as_string(hide_password=False)
    assert "WAYPOST_REDIS_URL" in run(DATABASE_URL=url, REDIS_URL=NO_REDIS)


def test_web_and_ingest_apart_need_servers_of_ones_own(run: Callable[..., str]) -> None:
    assert "WAYPOST_DATABASE_URL and WAYPOST_REDIS_URL" in run("web")
