"""Alerts by REST: what is open and what was, page by page and as tables; acknowledging; what is refused."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine

from core.alert_conditions import Metric, Silence
from core.alerts import Rule, Severity
from tests.api.alarms import ADMIN, INGEST, SPEED, Alarm
from tests.api.conftest import Client, make_api
from tests.api.served import wait_until

FAST = Rule("Too fast", Metric(metric="speed", op="above", limit=25.0), severity=Severity.CRITICAL)
SLOW = Rule("Too slow", Metric(metric="speed", op="below", limit=1.0, device="slow"))
T0 = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)


@pytest.fixture
def alarm(engine: Engine, redis_url: str) -> Iterator[Alarm]:
    """An API of its own: it keeps tokens and who has signed in."""
    client = Client(make_api(engine, redis_url, cache_s=0))
    yield Alarm(client, engine)
    client.close()


def at(minute: float) -> datetime:
    return T0 + timedelta(minutes=minute)


def iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def listed(alarm: Alarm, **asked: Any) -> list[str]:
    """The subjects of alerts."""
    answer = alarm.client.get("/api/v1/alerts", **asked)
    assert answer.status_code == 200, answer.text
    return [one["subject"] for one in answer.json()["items"]]


def happen(alarm: Alarm) -> None:
    """b is too fast from minute 0 to 10, a from minute 5 on, slow too slow from minute 5 on."""
    alarm.rules([FAST, SLOW])
    alarm.drive({"b": 30.0, "slow": 5.0})
    alarm.look(at(0))
    alarm.drive({"a": 27.1, "slow": 0.5})
    alarm.look(at(5))
    alarm.drive({"a": 31.25, "b": 2.0})
    alarm.look(at(10))


def test_an_alert_says_all_that_is_known_of_it(alarm: Alarm) -> None:
    happen(alarm)
    answer = alarm.client.get("/api/v1/alerts", subject="a").json()
    [found] = answer["items"]
    assert found == {
        "id": found["id"],
        "rule": "Too fast",
        "severity": "critical",
        "subject_kind": "device",
        "subject": "a",
        "text": "Speed 27.1 m/s (limit: more than 25 m/s)",
        "condition": {"kind": "metric", "metric": "speed", "op": "above", "limit": 25.0},
        "since": iso(at(5)),
        "opened_at": iso(at(5)),
        "closed_at": None,
        "value": 27.1,
        "worst": 31.25,
        "unit": "m/s",
        "acked_at": None,
        "acked_by": None,
        "ack_note": None,
    }
    assert answer["next"] is None
    assert answer["watching"] == {"turned_at": iso(at(10)), "every_s": 1.0}
    assert alarm.client.get(f"/api/v1/alerts/{found['id']}").json() == found


def test_it_is_told_whether_anybody_watches(alarm: Alarm) -> None:
    assert alarm.client.get("/api/v1/alerts").json() == {"items": [], "next": None, "watching": None}


def test_alerts_are_found_by_how_they_stand_and_of_what(alarm: Alarm) -> None:
    happen(alarm)
    assert sorted(listed(alarm)) == ["a", "slow"]
    assert listed(alarm, state="closed") == ["b"]
    assert sorted(listed(alarm, state="all")) == ["a", "b", "slow"]
    assert listed(alarm, rule="Too slow") == ["slow"]
    assert listed(alarm, severity="critical") == ["a"]
    assert sorted(listed(alarm, state="all", to=iso(at(5)))) == ["b"]
    assert sorted(listed(alarm, state="all", **{"from": iso(at(11))})) == ["a", "slow"]
    assert listed(alarm, state="closed", **{"from": iso(at(2)), "to": iso(at(3))}) == ["b"], "it was open then"


def test_pages_follow_each_other_without_a_gap(alarm: Alarm) -> None:
    alarm.rules([FAST])
    for n in range(7):
        alarm.drive({f"bus {n}": 30.0})
        alarm.look(at(n // 3))  # three at a time open at the same moment
    pages, cursor = [], None
    while True:
        asked = {"limit": 2} | ({} if cursor is None else {"cursor": cursor})
        page = alarm.client.get("/api/v1/alerts", **asked).json()
        pages.append([one["subject"] for one in page["items"]])
        cursor = page["next"]
        if cursor is None:
            break
    assert pages == [["bus 6", "bus 5"], ["bus 4", "bus 3"], ["bus 2", "bus 1"], ["bus 0"]]


def test_alerts_are_a_table_too(alarm: Alarm) -> None:
    happen(alarm)
    answer = alarm.client.get("/api/v1/alerts", state="all", format="csv", limit=2)
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["closed_at"] for row in rows] == ["", ""]
    assert {row["condition"] for row in rows if row["rule"] == "Too fast"} == {
        '{"kind":"metric","metric":"speed","op":"above","limit":25.0}'
    }
    behind = alarm.client.get("/api/v1/alerts", state="all", format="parquet", cursor=answer.headers["x-next"])
    table = pq.read_table(io.BytesIO(behind.content))
    assert "x-next" not in behind.headers
    assert table.column_names == list(rows[0])
    assert table["subject"].to_pylist() == ["b"]
    assert table["closed_at"].to_pylist() == [at(10)]


def test_the_first_who_acknowledges_counts(alarm: Alarm) -> None:
    happen(alarm)
    [one] = [one for one in alarm.client.get("/api/v1/alerts").json()["items"] if one["subject"] == "a"]
    path = f"/alerts/{one['id']}/acknowledge"
    alarm.sign_in("ann")
    first = alarm.ask("POST", path, {"note": "  Called the driver "})
    assert first.status_code == 200
    seen = first.json()
    assert (seen["acked_by"], seen["ack_note"]) == ("ann", "Called the driver")
    assert seen["acked_at"] is not None
    assert alarm.ask("POST", path, {"note": "again"}, ADMIN).json() == seen
    assert alarm.client.get(f"/api/v1/alerts/{one['id']}").json() == seen
    entries = alarm.ask("GET", "/audit", headers=ADMIN).json()["items"]
    assert [(e["who"], e["to"]["note"]) for e in entries if e["what"] == f"alert {one['id']} acknowledged"] == [
        ("ann", "Called the driver")
    ]


def test_an_acknowledgement_needs_no_note(alarm: Alarm) -> None:
    happen(alarm)
    for alert_id, body in ((1, None), (2, {"note": None}), (3, {"note": "  "})):
        answer = alarm.ask("POST", f"/alerts/{alert_id}/acknowledge", body, ADMIN)
        assert (answer.status_code, answer.json()["ack_note"], answer.json()["acked_by"]) == (200, None, "token")


def test_who_may_not_acknowledge_is_told_so(alarm: Alarm) -> None:
    happen(alarm)
    for headers in ({}, INGEST):
        assert alarm.ask("POST", "/alerts/1/acknowledge", {}, headers).status_code == 401
    alarm.sign_in("vera")
    answer = alarm.ask("POST", "/alerts/1/acknowledge", {})
    assert (answer.status_code, answer.json()["detail"]) == (403, "vera is no analyst.")
    alarm.sign_in("ann")
    assert alarm.ask("POST", "/alerts/1/acknowledge", {}, {"origin": "http://evil.example"}).status_code == 403
    assert alarm.client.get("/api/v1/alerts/1").json()["acked_at"] is None


def test_what_is_pending_is_no_alert_yet(alarm: Alarm) -> None:
    alarm.rules([Rule("later", Silence(after_s=60.0, device="a"), for_s=86_400.0)])
    alarm.drive({"a": 1.0})
    alarm.look(datetime.now(UTC) + timedelta(minutes=5))
    with alarm.engine.connect() as connection:
        [pending] = connection.exec_driver_sql("SELECT id FROM alert").scalars()
    assert listed(alarm, state="all") == []
    assert alarm.client.get(f"/api/v1/alerts/{pending}").status_code == 404
    assert alarm.ask("POST", f"/alerts/{pending}/acknowledge", {}, ADMIN).status_code == 404


REFUSED: list[tuple[str, Any, int, str]] = [
    ("GET /alerts?state=shut", None, 422, "'open', 'closed' or 'all'"),
    ("GET /alerts?severity=bad", None, 422, "'warning' or 'critical'"),
    ("GET /alerts?limit=0", None, 422, "greater than or equal to 1"),
    ("GET /alerts?limit=501", None, 422, "less than or equal to 500"),
    ("GET /alerts?limit=1e400", None, 422, "limit"),
    ("GET /alerts?rule=a%00b", None, 422, "a name holds no NUL character"),
    ("GET /alerts?subject=%00", None, 422, "a name holds no NUL character"),
    ("GET /alerts?from=2026-01-01T10:00:00", None, 422, "from has no time zone; send it with Z"),
    ("GET /alerts?to=2026-01-01T10:00:00", None, 422, "to has no time zone; send it with Z"),
    ("GET /alerts?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", None, 422, "from must be before to"),
    ("GET /alerts?from=0001-01-01T00:00:00Z", None, 422, "a calendar has"),
    ("GET /alerts?from=1e300", None, 422, "from"),
    ("GET /alerts?cursor=x", None, 422, "cursor is none that a page has given"),
    ("GET /alerts?cursor=1-", None, 422, "cursor is none that a page has given"),
    ("GET /alerts?cursor=-1-1", None, 422, "cursor is none that a page has given"),
    ("GET /alerts?cursor=1-9223372036854775808", None, 422, "cursor is none that a page has given"),
    ("GET /alerts?cursor=99999999999999999999-1", None, 422, "cursor is none that a page has given"),
    (f"GET /alerts?cursor={'9' * 5000}-1", None, 422, "cursor is none that a page has given"),
    ("GET /alerts?cursor=%D9%A1-%D9%A1", None, 422, "cursor is none that a page has given"),
    ("GET /alerts?format=xls", None, 422, "format"),
    ("GET /alerts/0", None, 422, "greater than or equal to 1"),
    ("GET /alerts/x", None, 422, "valid integer"),
    ("GET /alerts/9223372036854775808", None, 422, "less than or equal to 9223372036854775807"),
    (f"GET /alerts/{'9' * 5000}", None, 422, "alert_id"),
    ("GET /alerts/9223372036854775807", None, 404, "There is no alert 9223372036854775807"),
    ("POST /alerts/77/acknowledge", {}, 404, "There is no alert 77"),
    ("POST /alerts/0/acknowledge", {}, 422, "greater than or equal to 1"),
    ("POST /alerts/1/acknowledge", {"note": "x" * 501}, 422, "at most 500 characters"),
    ("POST /alerts/1/acknowledge", {"note": "a\0b"}, 422, "no NUL character"),
    ("POST /alerts/1/acknowledge", {"note": 5}, 422, "valid string"),
    ("POST /alerts/1/acknowledge", {"notes": "x"}, 422, "Extra inputs are not permitted"),
    ("POST /alerts/1/acknowledge", [], 422, "valid dictionary"),
]


def test_what_cannot_be_used_is_refused_with_what_to_do(alarm: Alarm) -> None:
    happen(alarm)
    for asked, body, status, said in REFUSED:
        method, path = asked.split(" ", 1)
        answer = alarm.ask(method, path, body, ADMIN)
        assert (answer.status_code, said in answer.text) == (status, True), (asked[:80], answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_page_that_follows_alerts_is_told_of_an_acknowledgement(engine: Engine, redis_url: str) -> None:
    client = Client(make_api(engine, redis_url, cache_s=0))
    try:
        alarm = Alarm(client, engine)
        happen(alarm)
        alerts = client.app.state.store.alerts
        wait_until(lambda: alerts.current.unseen == 2)
        alarm.ask("POST", "/alerts/2/acknowledge", {}, ADMIN)
        wait_until(lambda: alerts.current.unseen == 1)
    finally:
        client.close()


def test_the_condition_comes_as_it_may_be_sent(alarm: Alarm) -> None:
    happen(alarm)
    condition = alarm.client.get("/api/v1/alerts/1").json()["condition"]
    assert condition == SPEED
    assert alarm.ask("POST", "/rules/preview", {"condition": condition}, ADMIN).status_code == 200
