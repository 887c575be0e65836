"""Who is called of alerts: told once of each, in order, whatever the receiver does and whoever is killed."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
import structlog

from db.queries.alert_json import alert_json
from db.queries.alerts import get_alert
from db.queries.metrics import get_metric
from tests.ingest.caller import Caller, Receive
from tests.ingest.receiver import Receiver


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
