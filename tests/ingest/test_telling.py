"""Who is called of alerts: told once of each, in order, whatever the receiver does and whoever is killed."""

import json
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.alert_conditions import Metric
from core.alerts import Rule
from core.settings import Settings
from core.site import Calling
from db.alert_rules import put_rule, remove_rule
from db.database import conninfo
from db.engine import engine_of
from db.queries.alert_json import alert_json
from db.queries.alerts import get_alert
from db.queries.metrics import get_metric
from db.telling import Outbox
from db.watching import look
from ingest.service import Ingest
from ingest.telling import NotTaken, Telling
from tests.app.process import ROOT, wait_for
from tests.ingest.receiver import Call, Receiver

PATIENCE_S = 60.0
FAST = Rule("fast", Metric(metric="speed", op="above", limit=25.0))


class Caller:
    """A database with devices that are too fast, and who tells of that, by a clock of the test."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self.engine, self.url = engine, url
        self.now = 100.0
        self.webhook: str | None = None
        self.tellings: list[Telling] = []
        self.telling = self.another()

    def another(self, timeout_s: float = PATIENCE_S) -> Telling:
        """One more who tells, as another process would."""
        made = Telling(
            Outbox(conninfo(self.url)), lambda: Calling(self.webhook, 365), clock=lambda: self.now, timeout_s=timeout_s
        )
        self.tellings.append(made)
        return made

    def look(self, at: datetime | None = None) -> None:
        """What the watch does at each turn."""
        with psycopg.connect(conninfo(self.url), autocommit=True, options="-c timezone=UTC") as connection:
            look(connection, at or datetime.now(UTC), tells=self.webhook is not None)

    def rule(self) -> None:
        """Watch for them."""
        with self.engine.begin() as connection:
            put_rule(connection, FAST, "ann")

    def end(self) -> None:
        """Every alert closes."""
        with self.engine.begin() as connection:
            remove_rule(connection, FAST.name, "ann")

    def drive(self, *names: str) -> None:
        """Devices that are too fast."""
        with self.engine.begin() as connection:
            for name in names:
                connection.exec_driver_sql(
                    "WITH d AS (INSERT INTO device (name, attributes) VALUES (%s, '{}') RETURNING id)"
                    " INSERT INTO latest (device_id, ts, received_at, speed, measurements)"
                    " SELECT id, now(), now(), 30, '{}' FROM d",
                    (name,),
                )

    def problem(self) -> str | None:
        """What a turn says is wrong."""
        try:
            self.telling.turn()
        except NotTaken as error:
            return str(error)
        return None

    def untold(self) -> list[tuple[int, bool, bool]]:
        """Alerts that nobody was told of: id, whether that it opened, whether that it closed."""
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT id, NOT told_opened, NOT told_closed FROM alert WHERE NOT told_opened OR NOT told_closed"
                " ORDER BY id"
            )
            return [tuple(row) for row in found]


@pytest.fixture(autouse=True)
def _straight_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy the machine has."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def caller(engine: Engine, database_url: URL) -> Iterator[Caller]:
    made = Caller(engine, database_url)
    made.drive("a")
    made.rule()
    yield made
    for telling in made.tellings:
        telling.stop()
        telling.close()


Answers = Callable[[Call], int | None]


@pytest.fixture
def receive() -> Iterator[Callable[..., Receiver]]:
    """Be called."""
    made: list[Receiver] = []

    def start(answers: Answers = lambda _: 204, port: int = 0) -> Receiver:
        made.append(Receiver(answers, port))
        return made[-1]

    yield start
    for receiver in made:
        receiver.close()


Receive = Callable[..., Receiver]


def test_an_alert_is_told_once_when_it_opens_and_once_when_it_closes(caller: Caller, receive: Receive) -> None:
    receiver = receive()
    caller.webhook = receiver.url
    caller.look()
    for _ in range(3):
        assert caller.problem() is None
    assert receiver.deliveries == ["1-opened"]

    caller.end()
    caller.look()
    for _ in range(3):
        assert caller.problem() is None
    assert receiver.deliveries == ["1-opened", "1-closed"]
    assert (caller.untold(), caller.telling.taken) == ([], 2)

    opened, closed = receiver.calls
    assert (opened.path, opened.headers["user-agent"], opened.headers["content-type"]) == (
        "/hook?key=secret", "Waypost", "application/json",
    )  # fmt: skip
    assert (opened.body["waypost"], opened.body["event"], closed.body["event"]) == ("alert", "opened", "closed")
    assert opened.body["alert"]["text"] == "Speed 30 m/s (limit: more than 25 m/s)"
    assert (opened.body["alert"]["closed_at"], opened.body["alert"]["unit"]) == (None, "m/s")
    with caller.engine.connect() as connection:
        alert, metric = get_alert(connection, 1), get_metric(connection, "speed")
    assert alert is not None
    assert closed.body["alert"] == json.loads(json.dumps(alert_json(alert, metric))), "as the API has it"


def test_what_was_refused_is_told_again_after_waits_that_double_up_to_five_minutes(
    caller: Caller, receive: Receive
) -> None:
    receiver = receive(lambda _: 500)
    caller.webhook = receiver.url
    caller.look()
    waits, begun = [], caller.now
    while len(receiver.calls) < 12:
        before = len(receiver.calls)
        problem = caller.problem()
        assert problem is not None
        assert "127.0.0.1 has not taken 1 alert: it answered 500" in problem
        assert "secret" not in problem
        if len(receiver.calls) > before:
            waits.append(caller.now - begun)
            begun = caller.now
        caller.now += 1.0
    assert waits[1:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]

    receiver.answers = lambda _: 200
    caller.now += 300
    assert caller.problem() is None
    assert set(receiver.deliveries) == {"1-opened"}
    assert (len(receiver.calls), caller.untold()) == (13, [])


def test_an_alert_that_is_refused_holds_up_no_other(caller: Caller, receive: Receive) -> None:
    receiver = receive(lambda call: 500 if call.body["alert"]["subject"] == "a" else 200)
    caller.webhook = receiver.url
    caller.drive(*(f"b{n}" for n in range(20)))
    caller.look()
    assert caller.problem() is not None
    assert sorted(receiver.deliveries) == sorted(f"{n}-opened" for n in range(1, 22))
    assert [(f"{alert_id}-opened", opened) for alert_id, opened, _ in caller.untold()] == [
        (call.delivery, True) for call in receiver.calls if call.body["alert"]["subject"] == "a"
    ]


def test_that_it_closed_is_told_after_that_it_opened_though_that_takes_long(caller: Caller, receive: Receive) -> None:
    receiver: Receiver = receive(lambda _: 503 if len(receiver.calls) < 2 else 200)
    caller.webhook = receiver.url
    caller.look()
    caller.end()
    caller.look()
    for _ in range(10):
        caller.problem()
        caller.now += 1.0
    assert receiver.deliveries == ["1-opened", "1-opened", "1-opened", "1-closed"]


def test_a_receiver_that_hangs_is_left_and_asked_again(caller: Caller, receive: Receive) -> None:
    receiver = receive(lambda _: None)
    caller.webhook = receiver.url
    caller.telling = caller.another(timeout_s=0.3)
    caller.drive(*(f"b{n}" for n in range(20)))
    caller.look()
    problem = caller.problem()
    assert problem is not None
    assert "has not taken 8 alerts: it has not answered within 0.3 s" in problem, "more are not tried where it is away"
    receiver.answers = lambda _: 200
    caller.telling.close()
    caller.telling = caller.another()
    assert caller.problem() is None
    assert caller.untold() == []


def test_a_receiver_that_was_away_is_told_when_it_is_back(caller: Caller, receive: Receive) -> None:
    receiver = receive()
    receiver.close()
    caller.webhook = receiver.url
    caller.look()
    problem = caller.problem()
    assert problem is not None
    assert "cannot be reached" in problem
    assert "secret" not in problem
    assert len(caller.untold()) == 1
    back = receive(port=receiver.port)
    caller.now += 1.0
    assert caller.problem() is None
    assert back.deliveries == ["1-opened"]


def test_redirects_are_not_followed(caller: Caller, receive: Receive) -> None:
    receiver = receive(lambda _: 307)
    caller.webhook = receiver.url
    caller.look()
    problem = caller.problem()
    assert problem is not None
    assert "it answered 307, and redirects are not followed" in problem
    assert (receiver.deliveries, receiver.others) == (["1-opened"], [])


def test_a_name_and_a_password_in_the_address_are_sent_as_such(caller: Caller, receive: Receive) -> None:
    receiver = receive()
    caller.webhook = receiver.url.replace("http://", "http://ann:pass%20word@")
    caller.look()
    assert caller.problem() is None
    [call] = receiver.calls
    assert call.headers["authorization"] == "Basic " + b64encode(b"ann:pass word").decode()
    assert call.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize("url", ["http://[::1%25x]:1/", "http://xn--zzzzzz--/", f"http://127.0.0.1:1/{'é' * 100}"])
def test_an_address_that_cannot_be_called_is_said_and_ends_nothing(caller: Caller, url: str) -> None:
    caller.webhook = url
    caller.look()
    problem = caller.problem()
    assert problem is not None
    assert "has not taken 1 alert" in problem


def test_another_receiver_is_told_at_once_what_the_one_before_did_not_take(caller: Caller, receive: Receive) -> None:
    caller.webhook = receive(lambda _: 500).url
    caller.look()
    for _ in range(5):
        assert caller.problem() is not None
    other = receive()
    caller.webhook = other.url
    assert caller.problem() is None
    assert other.deliveries == ["1-opened"]


def test_after_a_day_it_is_given_up_and_counted_and_logged_without_the_address(
    caller: Caller, receive: Receive
) -> None:
    receiver = receive(lambda _: 500)
    caller.webhook = receiver.url
    caller.look(datetime.now(UTC) - timedelta(hours=20))
    with structlog.testing.capture_logs() as logs:
        assert caller.problem() is not None
        with caller.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alert SET opened_at = opened_at - interval '5 h'")
        caller.now += 1.0
        assert caller.problem() is None
        caller.now += 500.0
        assert caller.problem() is None
    assert (len(receiver.calls), caller.untold(), caller.telling.given_up) == (2, [], 1)
    assert [(log["event"], log["host"]) for log in logs] == [
        ("alerts are not taken by who is called; they are told again", "127.0.0.1"),
        ("alerts were not taken for a day and are given up", "127.0.0.1"),
    ]
    assert "secret" not in str(logs)


def test_alerts_of_a_time_when_nobody_was_to_be_called_are_never_told(caller: Caller, receive: Receive) -> None:
    caller.look()
    assert caller.problem() is None
    receiver = receive()
    caller.webhook = receiver.url
    assert caller.problem() is None
    assert receiver.calls == []

    receiver.answers = lambda _: 500
    caller.drive("b")
    caller.look()
    assert caller.problem() is not None
    caller.webhook = None  # and what was not taken by then is not either
    with caller.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alert SET opened_at = opened_at - interval '1 min'")
    assert caller.problem() is None
    receiver.answers = lambda _: 200
    caller.webhook = receiver.url
    caller.now += 500.0
    assert caller.problem() is None
    assert receiver.deliveries == ["2-opened"]


def after_a_turn(telling: Telling) -> Telling:
    telling.turn()
    return telling


def test_of_two_processes_one_tells_until_it_is_gone(caller: Caller, receive: Receive) -> None:
    receiver = receive()
    caller.webhook = receiver.url
    caller.drive(*(f"b{n}" for n in range(30)))
    caller.look()
    other = caller.another()
    together = threading.Barrier(2)

    def tell(telling: Telling) -> None:
        together.wait()
        for _ in range(5):
            telling.turn()

    threads = [threading.Thread(target=tell, args=(telling,)) for telling in (caller.telling, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(receiver.deliveries) == sorted(f"{n}-opened" for n in range(1, 32))
    assert {caller.telling.taken, other.taken} == {0, 31}

    (gone, stays) = (caller.telling, other) if caller.telling.taken else (other, caller.telling)
    caller.drive("later")
    caller.look()
    stays.turn()
    assert len(receiver.calls) == 31
    gone.close()
    wait_for("the other to tell", lambda: after_a_turn(stays).taken)
    assert receiver.deliveries[31:] == ["32-opened"]


KILLED = """
import sys
from core.site import Calling
from db.telling import Outbox
from ingest.telling import Telling
Telling(Outbox(sys.argv[1]), lambda: Calling(sys.argv[2], 365), timeout_s=60.0).turn()
"""


def test_one_who_is_killed_before_it_was_marked_is_followed_by_one_who_tells_it_again(
    caller: Caller, receive: Receive
) -> None:
    receiver = receive(lambda _: None)
    caller.webhook = receiver.url
    caller.look()
    process = subprocess.Popen([sys.executable, "-c", KILLED, conninfo(caller.url), receiver.url], cwd=ROOT)
    wait_for("a call", lambda: receiver.calls)
    caller.telling.turn()
    assert len(receiver.calls) == 1, "another tells"
    process.send_signal(signal.SIGKILL)
    process.wait()
    receiver.answers = lambda _: 200
    wait_for("the next to tell", lambda: after_a_turn(caller.telling).taken)
    assert receiver.deliveries == ["1-opened", "1-opened"]
    assert receiver.calls[0].body == receiver.calls[1].body


def test_one_who_is_told_to_stop_begins_nothing_more(caller: Caller, receive: Receive) -> None:
    receiver = receive()
    caller.webhook = receiver.url
    caller.look()
    caller.telling.stop()
    caller.telling.turn()
    assert receiver.calls == []


def test_an_ingest_tells_and_shows_as_the_problem_of_its_job_that_nobody_takes_it(
    caller: Caller, receive: Receive, tmp_path: Path, redis_url: str
) -> None:
    receiver = receive(lambda _: 500)
    caller.webhook = receiver.url
    with caller.engine.connect() as connection:
        storage = engine_of(connection)
    settings = Settings.model_construct(**(Settings.model_construct().model_dump() | {"data_dir": str(tmp_path)}))
    ingest = Ingest(
        settings,
        [],
        conninfo=conninfo(caller.url),
        engine=storage,
        redis_url=redis_url,
        calling=lambda: Calling(caller.webhook, 365),
    )
    ingest.start()
    try:
        job: dict[str, Any] = wait_for(
            "a problem", lambda: (one := ingest.status()["jobs"].get("tell of alerts")) and one["problem"] and one
        )
        assert job["problem"].startswith("127.0.0.1 has not taken 1 alert: it answered 500. Tried again in ")
        receiver.answers = lambda _: 200
        wait_for("it is taken", lambda: ingest.status()["alerts_told"])
        wait_for("no problem", lambda: ingest.status()["jobs"]["tell of alerts"]["problem"] is None)
    finally:
        ingest.stop()
    assert set(receiver.deliveries) == {"1-opened"}
    assert caller.untold() == []
