"""What open pages are told of alerts: at once, in every worker, in the units of the site."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from websockets.sync.client import ClientConnection, connect

from api.notices import Board
from core.alert_conditions import Condition, Metric, Silence
from core.alerts import Rule, Severity
from core.errors import StoreUnavailable
from db.alert_rules import acknowledge, put_rule, remove_rule
from db.database import conninfo
from db.live_alerts import Announcer
from db.store import Store
from db.watching import look
from tests.api.conftest import Serve
from tests.api.feed import Feed, message
from tests.api.served import TIMEOUT_S, Served, wait_until

NOW = datetime.now(UTC)
TS = time.time_ns() // 1000
FAST = Metric(metric="speed", op="above", limit=25.0)
NOTHING: dict[str, Any] = {"open": 0, "critical": 0, "unseen": 0, "newest": None, "devices": [], "spaces": []}

Watching = Callable[[float], None]


@pytest.fixture
def watch(engine: Engine, redis_url: str) -> Watching:
    """Look at the rules, so many seconds from now, and announce what was found as the ingest does."""

    def watch(after_s: float) -> None:
        with psycopg.connect(conninfo(engine.url), autocommit=True, options="-c timezone=UTC") as connection:
            turn = look(connection, NOW + timedelta(seconds=after_s))
        announcer = Announcer(redis_url)
        announcer.announce(turn.opened, turn.closed)
        announcer.close()

    return watch


def rule(engine: Engine, condition: Condition, name: str = "rule", severity: Severity = Severity.WARNING) -> None:
    with engine.begin() as connection:
        put_rule(connection, Rule(name, condition, severity=severity), "ann")


def follow(server: Served) -> ClientConnection:
    return connect(server.url.replace("http", "ws") + "/api/v1/notices", close_timeout=0.3)


def heard(socket: ClientConnection) -> dict[str, Any]:
    """What the next notice says of alerts."""
    while True:
        notice = json.loads(socket.recv(TIMEOUT_S))
        if notice["type"] == "alerts":
            found: dict[str, Any] = notice["alerts"]
            return found


def test_a_page_hears_at_once_what_is_set_and_what_is_open(serve: Serve) -> None:
    with follow(serve()) as page:
        first = [json.loads(page.recv(TIMEOUT_S)) for _ in range(2)]
    assert {one["type"]: set(one) for one in first} == {
        "settings": {"type", "settings"},
        "alerts": {"type", "alerts"},
    }
    assert first[1]["alerts"] == NOTHING


def test_an_alert_that_opens_is_told_to_the_pages_of_every_worker_until_it_closes(
    serve: Serve, engine: Engine, feed: Feed, watch: Watching
) -> None:
    feed(message("bus/1", TS, speed=30.0), message("bus-2", TS, speed=3.0))
    with follow(serve()) as near, follow(serve()) as far:
        assert [heard(near), heard(far)] == [NOTHING, NOTHING]
        rule(engine, FAST, severity=Severity.CRITICAL)
        watch(0)
        told = heard(near)
        assert heard(far) == told
        assert (told["open"], told["critical"], told["unseen"]) == (1, 1, 1)
        assert (told["devices"], told["spaces"]) == (["bus/1"], [])
        newest = told["newest"]
        alert_id = newest.pop("id")
        assert datetime.fromisoformat(newest.pop("opened_at")) - NOW < timedelta(milliseconds=1)
        assert newest == {
            "rule": "rule",
            "subject": "bus/1",
            "subject_kind": "device",
            "severity": "critical",
            "text": "Speed 108 km/h (limit: more than 90 km/h)",
        }
        with engine.begin() as connection:
            assert acknowledge(connection, alert_id, "ann")
        assert heard(near)["unseen"] == 0
        with engine.begin() as connection:
            remove_rule(connection, "rule", "ann")
        watch(1)
        assert heard(near) == NOTHING


def test_what_was_found_is_told_in_the_units_of_the_site(
    serve: Serve, engine: Engine, feed: Feed, watch: Watching
) -> None:
    server = serve()
    feed(message("bus", TS, speed=30.0, values={"battery_level": 9.0}))
    rule(engine, FAST)
    watch(0)
    with follow(server) as page:
        wait_until(lambda: heard(page)["open"] == 1)
        server.app.state.store.site.change("units.speed", "m/s", "ann")
        assert heard(page)["newest"]["text"] == "Speed 30 m/s (limit: more than 25 m/s)"
        with engine.begin() as connection:
            connection.execute(text("UPDATE metric SET unit = 'percent' WHERE name = 'battery_level'"))
        rule(engine, Metric(metric="battery_level", op="below", limit=10.0), "flat")
        watch(1)
        assert heard(page)["newest"]["text"] == "Battery level 9 % (limit: less than 10 %)"
        rule(engine, Silence(after_s=60.0), "quiet")
        watch(120)
        assert heard(page)["newest"]["text"] == "Nothing sent for 1 min"


def test_a_page_that_is_slow_hears_the_newest_of_each_kind_and_nothing_twice(store: Store, engine: Engine) -> None:
    async def run() -> list[str | None]:
        board = Board(store)
        await board.begin()
        told: dict[str, str] = {}
        heard = [board.next(told), board.next(told), board.next(told)]
        with board.joined() as wake:
            for interval in (2, 3):
                await asyncio.to_thread(store.site.change, "summary.interval_s", interval, "ann")
                await wake.wait()
            heard += [board.next(told), board.next(told)]
        board.end()
        return heard

    first, second, nothing, changed, again = asyncio.run(run())
    assert first is not None
    assert second is not None
    assert changed is not None
    assert ('"type":"settings"' in first, '"type":"alerts"' in second) == (True, True)
    assert json.loads(changed)["settings"]["pages"]["summary"]["interval_s"] == 3
    assert (nothing, again) == (None, None)


def test_after_the_end_nothing_is_listened_to(store: Store, engine: Engine) -> None:
    async def run() -> str | None:
        board = Board(store)
        await board.begin()
        told: dict[str, str] = {}
        while board.next(told) is not None:
            pass
        board.end()
        await asyncio.to_thread(store.site.change, "summary.interval_s", 2, "ann")
        store.alerts.tell()
        await asyncio.sleep(0)
        return board.next(told)

    assert asyncio.run(run()) is None


def test_while_the_database_is_away_the_value_is_told_without_its_unit(
    store: Store, engine: Engine, feed: Feed, watch: Watching, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(message("bus", TS, speed=30.0))
    rule(engine, FAST)
    watch(0)
    store.alerts.refresh()

    def away() -> None:
        raise StoreUnavailable("The database does not answer.")

    async def texts() -> list[str]:
        board = Board(store)
        found = []
        for cut in (True, False):
            with monkeypatch.context() as patch:
                if cut:
                    patch.setattr(store, "connect", away)
                await board.begin()
            told: dict[str, str] = {}
            said = [board.next(told), board.next(told)]
            found.append(json.loads(said[1] or "")["alerts"]["newest"]["text"])
            board.end()
        return found

    assert asyncio.run(texts()) == [
        "Speed 30 (limit: more than 25)",
        "Speed 108 km/h (limit: more than 90 km/h)",
    ]


def test_a_space_that_is_full_is_told_as_one(serve: Serve, engine: Engine, watch: Watching) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO alert (rule, condition, severity, subject_kind, subject_id, subject, since, opened_at,"
                " value, told_opened, told_closed)"
                " VALUES ('full', :condition, 'warning', 'space', 1, 'Hall', now(), now(), 131, true, true)"
            ),
            {"condition": json.dumps({"kind": "count", "op": "at_least", "limit": 120})},
        )
    with follow(serve()) as page:
        told = heard(page)
    assert (told["devices"], told["spaces"], told["newest"]["subject_kind"]) == ([], ["Hall"], "space")
    assert told["newest"]["text"] == "131 people inside (limit: at least 120)"
