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


def stop(process: psutil.Process) -> list[psutil.Process]:
    """Stop a server with all its processes, as a machine that swaps or a disk that hangs does."""
    family = [*process.children(recursive=True), process]
    for one in family:
        one.send_signal(signal.SIGSTOP)
    return family


def go_on(family: list[psutil.Process]) -> None:
    """Let them run again."""
    for one in family:
        one.send_signal(signal.SIGCONT)


def says(waypost: Waypost, part: str) -> bool:
    """Whether /readyz and the account that the Pipeline page shows both name the part that does not answer."""
    ready = waypost.get("/readyz")
    missing = [gap["part"] for gap in waypost.get("/api/v1/pipeline")["missing"]]
    return not ready["ready"] and ready["parts"][part] == "does not answer" and part in missing


def postgres(waypost: Waypost, sender: Sender) -> None:
    """PostgreSQL stops for twenty seconds, then it is killed; intake goes on both times, and what is away is said."""
    before = len(sender.acknowledged)
    until = time.monotonic() + 20
    family = stop(server(waypost, "postgres"))
    try:
        wait_for("it to be said", lambda: says(waypost, "database"))
        wait_for("intake to go on", lambda: sender.has_sent(before + 500))
        time.sleep(max(0.0, until - time.monotonic()))
    finally:
        go_on(family)
    wait_for("it to be back", lambda: waypost.get("/readyz")["ready"])
    before = len(sender.acknowledged)
    server(waypost, "postgres").kill()
    wait_for("it to be said", lambda: "PostgreSQL stopped; starting it again" in waypost.said())
    wait_for("intake to go on", lambda: sender.has_sent(before + 200))
    wait_for("it to be back", lambda: waypost.get("/readyz")["ready"])


def valkey(waypost: Waypost, sender: Sender) -> None:
    """Valkey stops, then it is killed; storing goes on both times, and live updates come back with all devices."""
    family = stop(server(waypost, "valkey-server"))
    try:
        wait_for("it to be said", lambda: says(waypost, "redis"))
        wait_for("why to be said", lambda: "Redis" in waypost.get("/readyz")["parts"]["ingest"])
        before = stored(waypost)
        wait_for("storing to go on", lambda: stored(waypost) > before + 300)
    finally:
        go_on(family)
    wait_for("it to be back", lambda: waypost.get("/readyz")["ready"])
    before = len(sender.acknowledged)
    server(waypost, "valkey-server").kill()
    wait_for("intake to go on", lambda: sender.has_sent(before + 500))
    wait_for("it to be back", lambda: waypost.get("/readyz")["ready"])
    wait_for("all devices to be live", lambda: len(waypost.get("/api/v1/latest")["devices"]) == 20)


@pytest.mark.parametrize("fault", [postgres, valkey])
def test_after_a_server_hung_and_was_killed_all_that_was_acknowledged_is_stored_exactly_once(
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


def account(waypost: Waypost) -> dict[str, Any]:
    """What became of the sender's messages."""
    found: dict[str, Any] = next(s for s in waypost.get("/api/v1/pipeline")["sources"] if s["source"] == "http")
    return found


def stored(waypost: Waypost) -> int:
    """How many of them are in the database."""
    return int(account(waypost)["stored"] or 0)  # unknown while the database keeps still


def balanced(waypost: Waypost, sender: Sender) -> None:
    """Every acknowledged message is stored once, and received is the sum of what became of it."""
    # What is in flight is told once a second: 0 may be a moment old.
    wait_for("everything to be stored", lambda: stored(waypost) >= len(sender.acknowledged))
    wait_for("nothing to be in flight", lambda: account(waypost)["in_flight"] == 0)
    wait_for(
        "rollups and rows to agree with the account",
        lambda: waypost.get("/api/v1/summary?metric=speed&from=2020-01-01T00:00:00Z")["n"] == stored(waypost),
    )
    found = account(waypost)
    assert found["received"] == found["stored"] + found["duplicate"] + found["quarantined"]
    assert found["quarantined"] == 0
    # What was not answered may have been taken all the same: then its second sending is the duplicate.
    at_most = len(sender.acknowledged) + 20
    assert len(sender.acknowledged) <= found["stored"] <= at_most
    assert found["duplicate"] <= sender.failures * 20
