"""Alerts: what a look costs, and how soon a crossing that fills a space is told to an open page."""

import http.client
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from statistics import median

import numpy as np
import psycopg
from sqlalchemy import Engine
from websockets.sync.client import ClientConnection, connect

from bench.databases import database
from bench.report import Result
from core.alert_conditions import Condition, Count, Geofence, Metric, Silence, State
from core.alerts import Rule
from core.occupancy import Hours
from db import spaces
from db.alert_rules import put_geofence, put_rule
from db.embedded import start_embedded
from db.watching import look
from tests.app.process import Waypost, wait_for
from tests.browser.doors import PASSWORD, TOKEN, Admin

DEVICES = (5_000, 50_000)
SPACES = 100
LOOKS = 15
TOLD = 60
PATIENCE_S = 20.0

# One device in a thousand is fast, low, silent, away or open: an alert each.
MAKE = """
INSERT INTO device (name, attributes, last_seen)
SELECT 'vehicle-' || n, '{}', now() - interval '1 day' FROM generate_series(1, %(devices)s) n;
INSERT INTO latest (device_id, ts, received_at, lat, lon, speed, measurements)
SELECT id, now(), now() + CASE WHEN id % 1000 = 1 THEN interval '-30 min' ELSE interval '1 day' END,
    48 + CASE WHEN id % 1000 = 2 THEN 10 ELSE 0 END, 11, CASE WHEN id % 1000 = 3 THEN 40 ELSE 10 END,
    jsonb_build_object('battery', jsonb_build_array(CASE WHEN id % 1000 = 4 THEN 5 ELSE 80 END, 1))
FROM device;
INSERT INTO device_state (device_id, machine, state, ts, received_at, event_id)
SELECT id, 'door', CASE WHEN id % 1000 = 5 THEN 'open' ELSE 'closed' END, now(), now(), id FROM device;
"""
RULES: dict[str, Condition] = {
    "how many are in each of 100 spaces": Count("at_least", 10.0),
    "speed": Metric(metric="speed", op="above", limit=30.0),
    "a measurement": Metric(metric="battery", op="below", limit=10.0),
    "silence": Silence(after_s=600.0),
    "outside of a geofence": Geofence(geofence="town", where="outside"),
    "a state": State(machine="door", state="open"),
}


def run() -> Result:
    """Look at invented fleets, and fill a space of a Waypost as it really runs."""
    result = Result("Alerts", ["what", *(f"{n:,} devices" for n in DEVICES)])
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        start_embedded(Path(directory) / "data") as servers,
    ):
        columns = []
        for devices in DEVICES:
            with database(servers, f"alerts_{devices}") as (engine, connection):
                columns.append(_looks(engine, connection, devices))
    result.rows = [[what, *(f"{column[what]:.1f}" for column in columns)] for what in columns[0]]
    p50, p99 = np.percentile(_told_after(), [50, 99])
    result.rows.append(["from a crossing that fills a space to the notice of an open page, p50 ms", f"{p50:.0f}", ""])
    result.rows.append(["the same, p99 ms", f"{p99:.0f}", ""])
    result.notes = [
        f"A look is one transaction, done each second: the median of {LOOKS}, in ms. Each rule but that of the spaces"
        " is about every device, and for one in a thousand of them an alert is open.",
        f"A space is filled and emptied {TOLD} times over HTTP at random moments; a WebSocket, as every page has one,"
        " is told how many alerts are open. Most of that time is waiting for the next look.",
    ]
    return result


def _looks(engine: Engine, connection: psycopg.Connection, devices: int) -> dict[str, float]:
    """Milliseconds of a look by the rules that there are: none, each alone, and 50 together."""
    statements = MAKE.replace("%(devices)s", str(devices)).split(";")
    for statement in filter(str.strip, statements):
        connection.execute(statement.encode())
    connection.execute("ANALYZE")
    with engine.begin() as made:
        put_geofence(made, "town", ((47.0, 10.0), (49.0, 10.0), (49.0, 12.0), (47.0, 12.0)), "bench")
        for n in range(SPACES):
            spaces.put_space(made, f"space-{n}", 50, Hours("UTC", None, None, None), "bench")
    found = {"a look without a rule, ms": _look(connection)}
    for name, condition in RULES.items():
        with engine.begin() as made:
            put_rule(made, Rule("only", condition), "bench")
        found[f"one rule: {name}"] = _look(connection)
    with engine.begin() as made:
        for n in range(50):
            put_rule(made, Rule(f"rule {n}", [*RULES.values()][n % len(RULES)]), "bench")
    found["50 rules of all kinds"] = _look(connection)
    return found


def _look(connection: psycopg.Connection) -> float:
    now = datetime.now(UTC)
    look(connection, now)  # opens what there is
    took = []
    for n in range(LOOKS):
        begin = time.perf_counter()
        look(connection, now + timedelta(seconds=n + 1))
        took.append((time.perf_counter() - begin) * 1000)
    return median(took)


def _told_after() -> list[float]:
    """Milliseconds from before a crossing is sent until a page has been told of the alert that it opens or closes."""
    with (
        tempfile.TemporaryDirectory(prefix="waypost-bench-", ignore_cleanup_errors=True) as directory,
        Waypost(Path(directory) / "data", SOURCES="", INGEST_TOKEN=TOKEN, ADMIN_PASSWORD=PASSWORD) as waypost,
    ):
        waypost.ready()
        posting = http.client.HTTPConnection("127.0.0.1", waypost.port, timeout=PATIENCE_S)
        _send(posting, 1)
        wait_for("the sensor", lambda: "device_id" in waypost.get("/api/v1/devices/door"))
        admin, since = Admin(waypost), "2026-01-01T00:00:00Z"
        admin.ask("PUT", "/api/v1/spaces/room", {"capacity": 2})
        admin.ask("PUT", "/api/v1/spaces/room/placements", [{"device_id": "door", "sign": 1, "from": since}])
        full = {"condition": {"kind": "count", "space": "room", "op": "at_least", "limit": 2}}
        admin.ask("PUT", "/api/v1/rules/full", full)
        with connect(f"ws://127.0.0.1:{waypost.port}/api/v1/notices") as notices:
            _hear(notices, 0)
            return _ages(posting, notices)


def _ages(posting: http.client.HTTPConnection, notices: ClientConnection) -> list[float]:
    draw, ages = Random(1), []  # noqa: S311 - the same pauses each time
    for before, after in pairwise(n % 2 for n in range(TOLD + 1)):
        time.sleep(draw.uniform(0.1, 1.1))  # at any moment between two looks
        begin = time.perf_counter()
        _send(posting, after - before)
        _hear(notices, after)
        ages.append((time.perf_counter() - begin) * 1000)
    return ages


def _send(posting: http.client.HTTPConnection, direction: int) -> None:
    message = {"device_id": "door", "ts": datetime.now(UTC).isoformat(), "direction": direction}
    posting.request("POST", "/api/v1/ingest", json.dumps(message), {"Authorization": f"Bearer {TOKEN}"})
    answer = posting.getresponse()
    answer.read()
    assert answer.status < 300, answer.status


def _hear(notices: ClientConnection, wanted: int) -> None:
    """Return once so many alerts are said to be open."""
    while True:
        told = json.loads(notices.recv(timeout=PATIENCE_S))
        if told["type"] == "alerts" and told["alerts"]["open"] == wanted:
            return
