"""Alert rules by REST: made, changed, tried and removed; by whom; and what is refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.api.alarms import ADMIN, INGEST, SPEED, Alarm
from tests.api.conftest import Client, make_api

FENCE = {"type": "Polygon", "coordinates": [[[-98.0, 30.0], [-97.0, 30.0], [-97.0, 31.0], [-98.0, 30.0]]]}
EVERY_KIND: list[dict[str, Any]] = [
    {"kind": "count", "space": "Hall", "op": "at_least", "limit": 120.0},
    {"kind": "count", "op": "at_least", "limit": 100.0, "of_capacity": True},
    {"kind": "metric", "metric": "speed", "op": "above", "limit": 25.0, "fleet": "north"},
    {"kind": "silence", "after_s": 600.0, "device": "bus"},
    {"kind": "geofence", "geofence": "Depot", "is": "outside"},
    {"kind": "state", "machine": "door", "state": "open"},
]


@pytest.fixture
def alarm(engine: Engine, redis_url: str) -> Iterator[Alarm]:
    """An API of its own: it keeps tokens and who has signed in."""
    client = Client(make_api(engine, redis_url, cache_s=0))
    made = Alarm(client, engine)
    made.drive({"bus": 10.0})
    assert made.ask("PUT", "/geofences/Depot", FENCE, ADMIN).status_code == 201
    yield made
    client.close()


@pytest.mark.parametrize("condition", EVERY_KIND)
def test_a_condition_of_every_kind_is_kept_as_it_was_sent(alarm: Alarm, condition: dict[str, Any]) -> None:
    answer = alarm.ask("PUT", "/rules/r", {"condition": condition}, ADMIN)
    assert (answer.status_code, answer.json()["condition"]) == (201, condition)
    with alarm.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT condition FROM alert_rule").scalar_one() == condition
    assert alarm.client.get("/api/v1/rules/r").json() == answer.json()


def test_a_rule_is_made_changed_listed_and_removed(alarm: Alarm) -> None:
    path = "/rules/depot%2F7%20is%20fast"
    made = alarm.ask("PUT", path, {"condition": SPEED}, ADMIN)
    assert made.status_code == 201
    rule = made.json()
    moments = {name: rule.pop(name) for name in ("created_at", "updated_at")}
    assert rule == {
        "name": "depot/7 is fast",
        "text": "every device: Speed more than 25 m/s",
        "condition": SPEED | {"limit": 25.0},
        "for_s": 0.0,
        "clear_s": 0.0,
        "severity": "warning",
        "enabled": True,
        "author": "token",
        "problem": None,
        "open": 0,
    }
    assert all(moment.endswith("Z") for moment in moments.values())

    alarm.drive({"bus": 30.0})
    alarm.look()
    more = {"for_s": 30, "clear_s": 60.5, "severity": "critical", "enabled": True}
    changed = alarm.ask("PUT", path, {"condition": SPEED, **more}, ADMIN)
    assert (changed.status_code, changed.json()["open"]) == (200, 1)
    assert {name: changed.json()[name] for name in more} == more
    assert alarm.client.get("/api/v1/rules").json() == {"items": [changed.json()]}

    assert alarm.ask("DELETE", path, headers=ADMIN).status_code == 204
    assert alarm.ask("DELETE", path, headers=ADMIN).status_code == 404
    assert alarm.client.get("/api/v1/rules").json() == {"items": []}
    audit = [(e["what"], e["from"] is None, e["to"] is None) for e in _audit(alarm) if "rule" in e["what"]]
    assert audit == [
        ("alert rule depot/7 is fast", False, True),
        ("alert rule depot/7 is fast", False, False),
        ("alert rule depot/7 is fast", True, False),
    ]


def _audit(alarm: Alarm) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = alarm.ask("GET", "/audit", headers=ADMIN).json()["items"]
    return found


def test_analysts_change_and_remove_their_own_rules_and_admins_all(alarm: Alarm) -> None:
    alarm.sign_in("ann")
    assert alarm.ask("PUT", "/rules/r", {"condition": SPEED}).json()["author"] == "ann"
    assert alarm.ask("PUT", "/rules/r", {"condition": SPEED, "for_s": 5}).status_code == 200
    alarm.sign_in("bob")
    for method, body in (("PUT", {"condition": SPEED}), ("DELETE", None)):
        answer = alarm.ask(method, "/rules/r", body)
        assert (answer.status_code, answer.json()["detail"]) == (
            403, "It was made by ann: only they or an admin can change or remove it.",
        )  # fmt: skip
    alarm.sign_in("root")
    changed = alarm.ask("PUT", "/rules/r", {"condition": SPEED, "for_s": 7})
    assert (changed.status_code, changed.json()["author"], changed.json()["for_s"]) == (200, "ann", 7.0)
    alarm.sign_in("ann")
    assert alarm.ask("DELETE", "/rules/r").status_code == 204


def test_who_may_not_set_up_rules_is_told_so(alarm: Alarm) -> None:
    ways: list[tuple[str, str, Any]] = [
        ("PUT", "/rules/r", {"condition": SPEED}),
        ("DELETE", "/rules/r", None),
        ("POST", "/rules/preview", {"condition": SPEED}),
    ]
    for method, path, body in ways:
        for headers in ({}, INGEST):
            assert alarm.ask(method, path, body, headers).status_code == 401, (method, path)
    alarm.sign_in("vera")
    for method, path, body in ways:
        assert alarm.ask(method, path, body).status_code == 403, (method, path)
    alarm.sign_in("ann")
    for method, path, body in ways:  # the cookie alone does not say that one of our pages asks
        assert alarm.ask(method, path, body, {}).status_code == 403, (method, path)
    assert alarm.client.get("/api/v1/rules").json() == {"items": []}


def test_what_a_rule_names_must_be_there_when_it_is_set_up_and_may_go_later(alarm: Alarm) -> None:
    for condition, said in (
        (SPEED | {"metric": "sped"}, "no metric is called 'sped'; GET /api/v1/metrics"),
        (SPEED | {"device": "buss"}, "no device is called 'buss'; GET /api/v1/devices"),
        ({"kind": "count", "space": "Hal", "op": "above", "limit": 1}, "no space is called 'Hal'"),
        ({"kind": "geofence", "geofence": "Depott", "is": "inside"}, "no geofence is called 'Depott'"),
        ({"kind": "silence", "after_s": 60, "device": "buss"}, "no device is called 'buss'"),
        ({"kind": "state", "machine": "dor", "state": "open"}, "no state machine is called 'dor'; there are door,"),
        ({"kind": "state", "machine": "door", "state": "Open"}, "door has no state 'Open'; it has closed, open"),
    ):
        answer = alarm.ask("PUT", "/rules/r", {"condition": condition}, ADMIN)
        assert (answer.status_code, said in answer.json()["detail"]) == (404, True), answer.text
    assert alarm.client.get("/api/v1/rules").json() == {"items": []}

    hall = {"kind": "count", "space": "Hall", "op": "above", "limit": 1}
    assert alarm.ask("PUT", "/rules/r", {"condition": hall}, ADMIN).status_code == 201
    assert alarm.ask("DELETE", "/spaces/Hall", headers=ADMIN).status_code == 204
    off = alarm.ask("PUT", "/rules/r", {"condition": hall, "enabled": False}, ADMIN)
    assert (off.status_code, off.json()["enabled"]) == (200, False), "it can still be switched off"
    assert alarm.ask("PUT", "/rules/r", {"condition": hall | {"limit": 2}}, ADMIN).status_code == 404


def test_a_condition_is_tried_before_there_is_a_rule(alarm: Alarm) -> None:
    alarm.drive({f"bus {n:03}": 30.0 for n in range(120)})
    alarm.sign_in("ann")
    found = alarm.ask("POST", "/rules/preview", {"condition": SPEED}).json()
    assert (found["holds"], len(found["subjects"]), found["problem"]) == (120, 100, None)
    assert found["subjects"][0] == {"subject": "bus 000", "value": 30.0, "since": None}
    silent = {"kind": "silence", "after_s": 10, "device": "bus"}
    with alarm.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE latest SET received_at = '2026-01-01T00:00:00Z'")
        connection.exec_driver_sql("UPDATE device SET last_seen = '2026-01-01T00:00:00Z'")
    [subject] = alarm.ask("POST", "/rules/preview", {"condition": silent}).json()["subjects"]
    assert (subject["subject"], subject["since"]) == ("bus", "2026-01-01T00:00:10.000Z")
    nobody = alarm.ask("POST", "/rules/preview", {"condition": SPEED | {"device": "buss"}}).json()
    assert nobody == {"holds": 0, "subjects": [], "problem": "There is no device called buss."}
    assert alarm.client.get("/api/v1/rules").json() == {"items": []}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "body.condition: Field required"),
    ({"condition": None}, "body.condition"),
    ({"condition": {}}, "Unable to extract tag using discriminator 'kind'"),
    ({"condition": {"kind": "luck"}}, "does not match any of the expected tags"),
    ({"condition": {"kind": ["metric"]}}, "body.condition"),
    ({"condition": SPEED | {"limit": "25"}}, "limit: Input should be a valid number"),
    ({"condition": SPEED | {"limit": True}}, "limit: Input should be a valid number"),
    ({"condition": SPEED | {"limit": None}}, "limit: Input should be a valid number"),
    ({"condition": SPEED | {"op": "over"}}, "'at_least', 'above', 'at_most' or 'below'"),
    ({"condition": SPEED | {"speed": 1}}, "Extra inputs are not permitted"),
    ({"condition": SPEED | {"metric": "a\0b"}}, "a name holds no NUL character"),
    ({"condition": SPEED | {"device": "a\0b"}}, "a name holds no NUL character"),
    ({"condition": SPEED | {"metric": " "}}, "Say which metric: a name has 1 to 200 characters."),
    ({"condition": SPEED | {"metric": "x" * 201}}, "Say which metric: a name has 1 to 200 characters."),
    ({"condition": SPEED | {"device": "bus", "fleet": "north"}}, "Choose a device or a fleet, not both."),
    ({"condition": {"kind": "silence", "after_s": 9}}, "Silence is measured from 10 s to a year."),
    ({"condition": {"kind": "silence", "after_s": 1e308}}, "Silence is measured from 10 s to a year."),
    ({"condition": {"kind": "count", "op": "below", "limit": -1}}, "A space never holds less than 0 people."),
    ({"condition": {"kind": "count", "op": "below", "limit": 1, "of_capacity": 1}}, "valid boolean"),
    ({"condition": {"kind": "geofence", "geofence": "Depot", "where": "inside"}}, "is: Field required"),
    ({"condition": {"kind": "geofence", "geofence": "Depot", "is": "near"}}, "'inside' or 'outside'"),
    ({"condition": SPEED, "for_s": -1}, "How long it must hold is from 0 s to a day."),
    ({"condition": SPEED, "clear_s": 86_401}, "How long it must be over is from 0 s to a day."),
    ({"condition": SPEED, "for_s": "1"}, "for_s: Input should be a valid number"),
    ({"condition": SPEED, "severity": "bad"}, "'warning' or 'critical'"),
    ({"condition": SPEED, "enabled": "yes"}, "enabled: Input should be a valid boolean"),
    ({"condition": SPEED, "author": "me"}, "Extra inputs are not permitted"),
]


def test_what_cannot_be_kept_is_refused_with_what_to_do(alarm: Alarm) -> None:
    for body, said in REFUSED:
        answer = alarm.ask("PUT", "/rules/r", body, ADMIN)
        assert (answer.status_code, said in answer.text) == (422, True), (body, answer.text[:300])
        if body.keys() == {"condition"}:
            tried = alarm.ask("POST", "/rules/preview", body, ADMIN)
            assert (tried.status_code, said in tried.text) == (422, True), (body, tried.text[:300])
    assert alarm.client.get("/api/v1/rules").json() == {"items": []}


@pytest.mark.parametrize("limit", ["NaN", "Infinity", "-Infinity", "1e999", "1" + "0" * 400, "9" * 5000, "[" * 5000])
def test_numbers_that_are_none_are_refused(alarm: Alarm, limit: str) -> None:
    body = b'{"condition": {"kind": "metric", "metric": "speed", "op": "above", "limit": %s}}' % limit.encode()
    for method, path in (("PUT", "/rules/r"), ("POST", "/rules/preview")):
        answer = alarm.send(path, body, method)
        assert answer.status_code in {400, 422}, answer.text[:300]
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"5", b'{"condition": "\xff"}', b'{"condition": {"kind": "\\ud800"}}']
)
def test_bodies_that_are_none_are_refused(alarm: Alarm, body: bytes) -> None:
    for method, path in (("PUT", "/rules/r"), ("POST", "/rules/preview")):
        answer = alarm.send(path, body, method)
        assert answer.status_code in {400, 422}, answer.text[:300]
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", ["%00", "a%00b", "%20", "a%09b", "x" * 201])
def test_names_that_are_none_are_refused(alarm: Alarm, name: str) -> None:
    answer = alarm.ask("PUT", f"/rules/{name}", {"condition": SPEED}, ADMIN)
    assert answer.status_code == 422, answer.text
    if "%00" in name:
        assert alarm.ask("GET", f"/rules/{name}").status_code == 422
        assert alarm.ask("DELETE", f"/rules/{name}", headers=ADMIN).status_code == 422


def test_a_rule_that_there_is_not_is_404(alarm: Alarm) -> None:
    for method in ("GET", "DELETE"):
        answer = alarm.ask(method, "/rules/none", headers=ADMIN)
        assert (answer.status_code, "no rule is called 'none'" in answer.text) == (404, True)


def test_a_rule_may_be_called_as_a_way_is(alarm: Alarm) -> None:
    assert alarm.ask("PUT", "/rules/preview", {"condition": SPEED}, ADMIN).status_code == 201
    assert alarm.client.get("/api/v1/rules/preview").json()["name"] == "preview"


def test_two_who_make_the_same_rule_at_once_make_one(alarm: Alarm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.alert_rules.get_rule", lambda *_: None)  # what the slower of the two has seen
    assert alarm.ask("PUT", "/rules/r", {"condition": SPEED}, ADMIN).status_code == 201
    answer = alarm.ask("PUT", "/rules/r", {"condition": SPEED}, ADMIN)
    assert (answer.status_code, "has made a rule called r just now" in answer.text) == (422, True)


def test_openapi_shows_each_kind_of_condition(shared_api: Client) -> None:
    schemas = shared_api.get("/api/openapi.json").json()["components"]["schemas"]
    condition = schemas["RuleIn"]["properties"]["condition"]
    kinds = {"count", "metric", "silence", "geofence", "state"}
    assert condition["discriminator"]["mapping"].keys() == kinds
    for reference in condition["discriminator"]["mapping"].values():
        assert schemas[reference.rpartition("/")[2]]["description"], reference
