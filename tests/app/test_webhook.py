"""Waypost as a whole calls who is to be called of alerts, and tells the address to admins alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.process import Waypost, wait_for
from tests.ingest.receiver import Receiver

PASSWORD, TOKEN = "correct horse", "wp_of_the_tests"
WEBHOOK = "/api/v1/settings/alerts.webhook_url"
RULE = {"condition": {"kind": "metric", "metric": "speed", "op": "above", "limit": 25}}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Is called."""
    made = Receiver()
    yield made
    made.close()


def drive(waypost: Waypost, speed: float) -> None:
    message = f'{{"device_id": "bus", "lat": 50, "lon": 8, "speed": {speed}}}'
    assert waypost.post("/api/v1/ingest", message.encode(), TOKEN)["accepted"] == 1


def shown(client: httpx.Client) -> dict[str, Any]:
    """The setting as it is told to whoever asks."""
    answer = client.get("/api/v1/settings").json()["settings"]
    found: dict[str, Any] = next(one for one in answer if one["name"] == "alerts.webhook_url")
    return found


def follow(client: httpx.Client) -> str:
    """What the Settings page's callback answers that shows what other admins have changed."""
    name = {"part": "control", "setting": "alerts.webhook_url"}
    known = name | {"part": "known"}
    [output] = [
        one["output"]
        for one in client.get("/_dash-dependencies").json()
        if [each["id"] for each in one["inputs"]] == ["site"] and "control" in one["output"]
    ]
    body = {
        "output": output,
        "outputs": [[{"id": name, "property": "value"}], [{"id": known, "property": "data"}]],
        "inputs": [{"id": "site", "property": "data", "value": {}}],
        "changedPropIds": ["site.data"],
        "state": [
            [{"id": name, "property": "id", "value": name}],
            [{"id": name, "property": "value", "value": ""}],
            [{"id": name, "property": "error", "value": None}],
        ],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code in {200, 204}, answer.text
    return answer.text


def test_who_is_set_is_called_when_an_alert_opens_and_closes_and_nobody_else_learns_the_address(
    tmp_path: Path, receiver: Receiver
) -> None:
    settings = {"SOURCES": "", "ADMIN_PASSWORD": PASSWORD, "INGEST_TOKEN": TOKEN}
    with Waypost(tmp_path / "data", **settings) as waypost:
        waypost.ready()
        ours = {"Origin": waypost.url}
        with (
            httpx.Client(base_url=waypost.url, headers=ours, trust_env=False) as admin,
            httpx.Client(base_url=waypost.url, headers=ours, trust_env=False) as anyone,
        ):
            assert admin.post("/api/v1/session", json={"user": "admin", "password": PASSWORD}).status_code == 200
            drive(waypost, 30)
            wait_for("the bus", lambda: waypost.get("/api/v1/devices")["devices"])
            assert admin.put(WEBHOOK, json={"value": receiver.url}).status_code == 200
            assert admin.put("/api/v1/rules/Too%20fast", json=RULE).status_code == 201
            wait_for("a call", lambda: receiver.deliveries == ["1-opened"])
            drive(waypost, 5)
            wait_for("another", lambda: receiver.deliveries == ["1-opened", "1-closed"])
            told = receiver.calls[1].body["alert"]
            assert told == waypost.get("/api/v1/alerts/1")

            assert shown(admin)["value"] == receiver.url
            assert (shown(anyone)["value"], shown(anyone)["secret"]) == (None, True)
            assert "key=secret" in follow(admin)
            assert "key=secret" not in follow(anyone)
            for path in ("/settings", "/_dash-layout", "/api/v1/pipeline", "/api/v1/alerts?state=all"):
                assert "key=secret" not in anyone.get(path).text, path
            assert "key=secret" not in waypost.said()
