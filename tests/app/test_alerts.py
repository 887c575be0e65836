"""A space that fills, as Waypost really runs: the alert, whom it calls, and a kill -9 while it is open."""

import json
import signal
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.app.process import Waypost, wait_for
from tests.browser.doors import PASSWORD, TOKEN, Admin
from tests.ingest.receiver import Receiver

FULL = {"condition": {"kind": "count", "space": "room", "op": "at_least", "limit": 2}, "severity": "critical"}


def notices(waypost: Waypost) -> ClientConnection:
    """What an open page is told."""
    return connect(f"ws://127.0.0.1:{waypost.port}/api/v1/notices")


def hear(page: ClientConnection, open_: int) -> dict[str, Any]:
    """The notice that says that so many alerts are open."""
    while True:
        told = json.loads(page.recv(timeout=60))
        if told["type"] == "alerts" and told["alerts"]["open"] == open_:
            found: dict[str, Any] = told["alerts"]
            return found


def pass_by(admin: Admin, direction: int) -> None:
    """Somebody goes through the door."""
    message = {"device_id": "door", "ts": datetime.now(UTC).isoformat(), "direction": direction}
    admin.ask("POST", "/api/v1/ingest", message)


def alerts(waypost: Waypost) -> list[dict[str, Any]]:
    """All that have opened."""
    found: list[dict[str, Any]] = waypost.get("/api/v1/alerts?state=all")["items"]
    return found


def test_a_full_space_is_told_to_pages_and_to_whom_is_called_and_a_kill_repeats_nothing(tmp_path: Path) -> None:
    settings = {"SOURCES": "", "INGEST_TOKEN": TOKEN, "ADMIN_PASSWORD": PASSWORD}
    with closing(Receiver()) as receiver:
        with Waypost(tmp_path / "data", **settings) as waypost:
            admin = Admin(waypost.ready())
            admin.ask("PUT", "/api/v1/settings/alerts.webhook_url", {"value": receiver.url})
            pass_by(admin, 1)
            wait_for("the sensor", lambda: "device_id" in waypost.get("/api/v1/devices/door"))
            admin.ask("PUT", "/api/v1/spaces/room", {"capacity": 2})
            placed = {"device_id": "door", "sign": 1, "from": "2026-01-01T00:00:00Z"}
            admin.ask("PUT", "/api/v1/spaces/room/placements", [placed])
            admin.ask("PUT", "/api/v1/rules/full", FULL)
            with notices(waypost) as page:
                hear(page, 0)
                pass_by(admin, 1)
                told = hear(page, 1)
            assert told["spaces"] == ["room"]
            assert told["newest"]["subject"] == "room"
            assert told["newest"]["text"] == "2 people inside (limit: at least 2)"
            wait_for("the call", lambda: receiver.deliveries)
            waypost.kill(signal.SIGKILL)
            waypost.process.wait()

        with Waypost(tmp_path / "data", **settings) as waypost:
            admin = Admin(waypost.ready())
            with notices(waypost) as page:
                hear(page, 1)
                (found,) = alerts(waypost)
                assert found["closed_at"] is None
                pass_by(admin, -1)
                hear(page, 0)
            wait_for("the second call", lambda: len(receiver.deliveries) > 1)
            (found,) = alerts(waypost)
            assert found["closed_at"] is not None
        assert receiver.deliveries == [f"{found['id']}-opened", f"{found['id']}-closed"]
        assert [call.body["event"] for call in receiver.calls] == ["opened", "closed"]
