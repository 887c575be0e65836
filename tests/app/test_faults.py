"""Whatever dies or hangs meanwhile: what was acknowledged is stored exactly once, and the account balances."""

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.app.process import Waypost, wait_for
from tests.app.sender import Sender

TOKEN = "wp_fault"


def server(waypost: Waypost, name: str) -> psutil.Process:
    """The embedded server of this name."""
    for process in psutil.Process(waypost.process.pid).children(recursive=True):
        if process.name() == name and process.ppid() != 1:
            parent = process.parent()
            if parent is None or parent.name() != name:
                return process
    raise AssertionError(f"no {name} among the processes")


def hang_postgres(waypost: Waypost, sender: Sender) -> None:
    """PostgreSQL stops for twelve seconds, with all its processes; intake goes on."""
    postgres = server(waypost, "postgres")
    family = [*postgres.children(recursive=True), postgres]
    for process in family:
        process.send_signal(signal.SIGSTOP)
    before = len(sender.acknowledged)
    time.sleep(12)
    for process in family:
        process.send_signal(signal.SIGCONT)
    assert len(sender.acknowledged) > before + 500, "intake does not need the database"


def kill_postgres(waypost: Waypost, sender: Sender) -> None:
    """PostgreSQL is killed; meanwhile it is said, intake goes on, and it comes back by itself."""
    before = len(sender.acknowledged)
    server(waypost, "postgres").kill()
    wait_for("it to be said", lambda: not waypost.get("/readyz")["ready"])
    wait_for("intake to go on", lambda: sender.has_sent(before + 200))
    wait_for("it to be back", lambda: waypost.get("/readyz")["ready"])


def kill_valkey(waypost: Waypost, sender: Sender) -> None:
    """Valkey is killed; live updates pause, and come back by themselves with all devices."""
    server(waypost, "valkey-server").kill()
    before = len(sender.acknowledged)
    wait_for("intake to go on", lambda: sender.has_sent(before + 500))
    wait_for("it to be back", lambda: waypost.get("/readyz")["ready"])
    wait_for("all devices to be live", lambda: len(waypost.get("/api/v1/latest")["devices"]) == 20)


@pytest.mark.parametrize("fault", [hang_postgres, kill_postgres, kill_valkey])
def test_after_the_fault_all_that_was_acknowledged_is_stored_exactly_once(
    tmp_path: Path, fault: Callable[[Waypost, Sender], None]
) -> None:
    with Sender(TOKEN) as sender, Waypost(tmp_path / "data", SOURCES="", INGEST_TOKEN=TOKEN) as waypost:
        sender.waypost = waypost.ready()
        wait_for("messages to be stored", lambda: sender.has_sent(500))
        fault(waypost, sender)
        enough = len(sender.acknowledged) + 500
        wait_for("more to be acknowledged", lambda: sender.has_sent(enough))
        sender.stop()
        balanced(waypost, sender)


def test_after_kills_of_waypost_itself_all_that_was_acknowledged_is_stored_exactly_once(tmp_path: Path) -> None:
    with Sender(TOKEN) as sender:
        for _ in range(2):
            with Waypost(tmp_path / "data", SOURCES="", INGEST_TOKEN=TOKEN) as waypost:
                sender.waypost = waypost.ready()
                enough = len(sender.acknowledged) + 1500
                wait_for("messages to be acknowledged", lambda: sender.has_sent(enough))  # noqa: B023 - called at once
                waypost.kill(signal.SIGKILL)
                waypost.process.wait()
                sender.waypost = None
        sender.stop()
        with Waypost(tmp_path / "data", SOURCES="", INGEST_TOKEN=TOKEN) as waypost:
            balanced(waypost.ready(), sender)


def balanced(waypost: Waypost, sender: Sender) -> None:
    """Every acknowledged message is stored once, and received is the sum of what became of it."""

    def account() -> dict[str, Any]:
        found: dict[str, Any] = next(s for s in waypost.get("/api/v1/pipeline")["sources"] if s["source"] == "http")
        return found

    # What is in flight is told once a second: 0 may be a moment old.
    wait_for("everything to be stored", lambda: account()["stored"] >= len(sender.acknowledged))
    wait_for("nothing to be in flight", lambda: account()["in_flight"] == 0)
    wait_for(
        "rollups and rows to agree with the account",
        lambda: waypost.get("/api/v1/summary?metric=speed&from=2020-01-01T00:00:00Z")["n"] == account()["stored"],
    )
    found = account()
    assert found["received"] == found["stored"] + found["duplicate"] + found["quarantined"]
    assert found["quarantined"] == 0
    # What was not answered may have been taken all the same: then its second sending is the duplicate.
    at_most = len(sender.acknowledged) + 20
    assert len(sender.acknowledged) <= found["stored"] <= at_most
    assert found["duplicate"] <= sender.failures * 20
