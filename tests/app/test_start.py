"""Starting and ending: what the terminal says, what is left behind, and what is refused in one line."""

import re
import signal
import socket
from pathlib import Path

import pytest

from tests.app.process import Waypost, alive, family_of, free_port, wait_for


def test_the_demo_shows_a_hundred_moving_buses_and_ends_without_leaving_anything(tmp_path: Path) -> None:
    with Waypost(tmp_path / "data") as waypost:
        waypost.ready()
        said = waypost.said()
        assert "Preparing PostgreSQL 18" in said
        assert re.search(r"Admin password: +\S{12,}", said)
        assert re.search(r"Collector token: +wp_\S{20,}", said)
        parts = {"database": "ok", "redis": "ok", "ingest": "ok"}
        assert waypost.get("/readyz") == {"ready": True, "parts": parts, "metrics_refused": 0}

        def moving() -> int:
            devices = waypost.get("/api/v1/latest")["devices"]
            return sum((d["speed"] or 0) >= 0.5 and d["age_s"] < 10 for d in devices)

        wait_for("100 moving buses", lambda: moving() >= 100)
        summary = waypost.get("/api/v1/summary?metric=speed")
        assert 0.5 < summary["mean"] < 30, "metres a second: the recording is in miles an hour"
        bus = waypost.get("/api/v1/devices?search=bus-&limit=1")["devices"][0]
        assert (bus["kind"], bus["fleet"]) == ("bus", "Capital Metro")
        family = family_of(waypost.process.pid)
        assert len(family) > 5, "PostgreSQL, Valkey and the publisher are processes of their own"
        waypost.kill(signal.SIGTERM)
        code, said = waypost.ended()
        assert (code, "Traceback" in said) == (0, False), said
        wait_for("its processes to end", lambda: not any(map(alive, family)), 10)

    with Waypost(tmp_path / "data", SOURCES="") as again:
        again.ready()
        said = again.said()
        assert "Admin password" not in said.rpartition("Waypost 0")[2], "shown once"
        assert again.get("/api/v1/summary?metric=speed")["n"] >= summary["n"], "what was stored is still there"
        family = family_of(again.process.pid)
        again.kill(signal.SIGKILL)
        wait_for("its processes to end", lambda: not any(map(alive, family)), 15)


def test_ctrl_c_ends_it_in_order(tmp_path: Path) -> None:
    with Waypost(tmp_path / "data", SOURCES="") as waypost:
        waypost.ready()
        family = family_of(waypost.process.pid)
        waypost.kill(signal.SIGINT)
        code, said = waypost.ended()
        assert (code, "Traceback" in said) == (0, False), said
        wait_for("its processes to end", lambda: not any(map(alive, family)), 10)


def test_secrets_of_the_first_start_can_be_set(tmp_path: Path) -> None:
    with Waypost(tmp_path / "data", SOURCES="", ADMIN_PASSWORD="of my own", INGEST_TOKEN="mine-too") as waypost:
        said = waypost.ready().said()
        assert "as WAYPOST_ADMIN_PASSWORD says" in said
        assert "as WAYPOST_INGEST_TOKEN says" in said
        assert "of my own" not in said
        assert "mine-too" not in said
        body = b'{"device_id":"a","lat":1,"lon":2}'
        assert waypost.post("/api/v1/ingest", body, token="mine-too") == {"accepted": 1, "rejected": []}


def one_line(waypost: Waypost) -> str:
    """What it said on the way out, which must be one line and no traceback."""
    code, said = waypost.ended()
    assert code == 2
    lines = [line for line in said.splitlines() if line.startswith("waypost: ")]
    assert len(lines) == 1, said
    assert "Traceback" not in said
    return lines[0]


def test_a_port_in_use_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with Waypost(tmp_path / "data", PORT=str(port)) as waypost:
            assert f"Port {port} of 127.0.0.1 cannot be used" in (line := one_line(waypost))
            assert "WAYPOST_PORT" in line


def test_a_second_waypost_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with Waypost(tmp_path / "data", SOURCES="") as first, Waypost(tmp_path / "other", SOURCES=""):
        first.ready()
        with Waypost(tmp_path / "data", SOURCES="") as second:
            assert f"Another Waypost (process {first.process.pid})" in one_line(second)
        assert first.get("/healthz") == {"status": "ok"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"DATA_DIR": "/proc/waypost"}, "WAYPOST_DATA_DIR"),
        ({"DATABASE_URL": "postgresql://nobody:secret@127.0.0.1:1/none"}, "cannot be reached"),
        ({"DATABASE_URL": "mysql://127.0.0.1/x"}, "Waypost needs PostgreSQL"),
        ({"REDIS_URL": "redis://127.0.0.1:1/0"}, "WAYPOST_REDIS_URL"),
        ({"PORT": "99999"}, "WAYPOST_PORT is not usable"),
        ({"TICK_MS": "soon"}, "WAYPOST_TICK_MS is not usable"),
        ({"SOURCES": "ftp://example.com:1"}, "WAYPOST_SOURCES has ftp://example.com:1"),
        ({"SOURCES": "zmq://127.0.0.1"}, "lacks host or port"),
        ({"SOURCES": "zmq://127.0.0.1:5556?speed=furlongs"}, "furlongs"),
        ({"SOURCES": "zmq://127.0.0.1:5556 zmq://127.0.0.1:5556?speed=mph"}, "twice"),
        ({"HOST": "0.0.0.0"}, "WAYPOST_ALLOW_ANONYMOUS"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(tmp_path: Path, settings: dict[str, str], said: str) -> None:
    with Waypost(tmp_path / "data", **settings) as waypost:
        line = one_line(waypost)
        assert said in line
        assert "secret" not in line


def test_web_and_ingest_apart_need_servers_of_ones_own(tmp_path: Path) -> None:
    with Waypost(tmp_path / "data", "web") as waypost:
        assert "WAYPOST_DATABASE_URL and WAYPOST_REDIS_URL" in one_line(waypost)


def test_a_misspelt_setting_is_pointed_out(tmp_path: Path) -> None:
    with Waypost(tmp_path / "data", SOURCES="", PROT="1", PORT=str(free_port())) as waypost:
        assert "WAYPOST_PROT is set, but is no setting" in waypost.ready().said()
