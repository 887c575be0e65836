"""What pages ask of alerts beside the lists themselves, against a real database."""

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert

from core.alert_conditions import Count, Silence, to_json
from core.alerts import Rule
from core.types import from_micros
from db.alert_rules import put_rule
from db.queries.alerts import Filter, list_alerts, list_rules, open_of_spaces
from db.queries.latest import newest_places
from db.records import records_of
from db.tables import alert
from db.write import Latest
from tests.db.conftest import T0, Storing, message

NOW = from_micros(T0)
FULL, QUIET = Count("at_least", 9), Silence(after_s=60)


def opened(subject: str, rule: str, *, of_space: bool = False, **more: datetime | None) -> dict[str, Any]:
    """An alert as the watch writes it."""
    moments: dict[str, datetime | None] = {"opened_at": NOW, "closed_at": None}
    return {
        "rule": rule,
        "condition": to_json(FULL if of_space else QUIET),
        "severity": "warning",
        "subject_kind": "space" if of_space else "device",
        "subject_id": 1,
        "subject": subject,
        "since": NOW,
        "told_opened": True,
        "told_closed": False,
    } | (moments | more)


def test_alerts_are_searched_by_any_part_of_the_subject_and_signs_of_patterns_are_letters(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(alert), [opened(name, "r") for name in ("Bus-1", "minibus", "tram", "100%_bus")])

        def found(search: str) -> list[str]:
            return sorted(one.subject for one in list_alerts(connection, Filter(search=search)).items)

        assert found("BUS") == ["100%_bus", "Bus-1", "minibus"]
        assert found("%_") == ["100%_bus"]
        assert found("x") == []


def test_a_space_in_alert_has_the_rules_whose_alerts_are_open_now(engine: Engine) -> None:
    over, pending = {"closed_at": NOW}, {"opened_at": None}
    with engine.begin() as connection:
        rows = [
            opened("Hall", "too many", of_space=True),
            opened("Hall", "full", of_space=True),
            opened("Hall", "was full", of_space=True, **over),
            opened("Lab", "not yet", of_space=True, **pending),
            opened("Café", "silent"),
        ]
        connection.execute(insert(alert), rows)
        assert open_of_spaces(connection) == {"Hall": ("full", "too many")}


def test_alerts_of_a_rule_that_is_renamed_go_with_it(engine: Engine) -> None:
    with engine.begin() as connection:
        put_rule(connection, Rule("before", QUIET), "ann")
        rule_id = list_rules(connection)[0].id
        connection.execute(insert(alert), [opened("bus", "before") | {"rule_id": rule_id}])
        connection.execute(insert(alert), [opened("tram", "before") | {"rule_id": None}])
        put_rule(connection, Rule("after", QUIET), "ann", rename="before")
        found = {one.subject: one.rule for one in list_alerts(connection, Filter()).items}
    assert found == {"bus": "after", "tram": "before"}


def test_the_places_of_devices_are_those_heard_last(engine: Engine, storing: Storing) -> None:
    sent = [message("a", 0, lat=1.0, lon=2.0), message("b", 1, lat=3.0, lon=4.0), message("c", 2, lat=None, lon=None)]
    batch = storing.batch(sent)
    devices = storing.registry.devices
    storing.writer.store(batch, Latest(records_of(sent, [devices[one.device] for one in sent]), {}))
    with engine.connect() as connection:
        assert newest_places(connection, 9) == [(3.0, 4.0), (1.0, 2.0)]
        assert newest_places(connection, 1) == [(3.0, 4.0)]
