"""What pages ask of events: pages by cursor, states before a span and now, types; on both engines."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine

from core.types import from_micros
from db.queries.cursor import Cursor
from db.queries.events import Event, Filter, list_events, list_states, list_types, moved_events, states_before
from tests.db.conftest import SECOND, T0, Storing
from tests.db.test_happenings import event


def at(second: float) -> datetime:
    """So many seconds after T0."""
    return from_micros(T0 + round(second * SECOND))


def test_a_span_has_the_states_before_it_and_what_moved_them_within(storing: Storing, engine: Engine) -> None:
    day = 86_400
    storing.store([event("a", 0, "ignition_on"), event("a", 5, "door_open"), event("a", 2 * day, "alarm")])
    storing.store([event("a", 3 * day, "door_close"), event("a", 3 * day + 9, "door_open"), event("b", 1, "door_open")])
    device = storing.registry.devices["a"]
    with engine.connect() as connection:
        before = states_before(connection, device, at(3 * day + 1))
        assert [(one.machine, one.state, one.since) for one in before] == [
            ("door", "closed", at(3 * day)),
            ("ignition", "on", at(0)),
        ]
        assert [one.state for one in states_before(connection, device, at(2 * day))] == ["open", "on"]
        assert states_before(connection, device, at(0)) == []
        moved = moved_events(connection, device, at(5), at(4 * day), limit=10)
        assert [(one.type, one.state) for one in moved] == [
            ("door_open", "open"),
            ("door_close", "closed"),
            ("door_open", "open"),
        ]
        assert [one.type for one in moved_events(connection, device, at(0), at(4 * day), limit=2)] == [
            "door_close",
            "door_open",
        ]
        assert [(one.machine, one.since) for one in list_states(connection, device)] == [
            ("door", at(3 * day + 9)),
            ("ignition", at(0)),
        ]
        assert list_types(connection) == ["alarm", "door_close", "door_open", "ignition_on"]


def test_a_state_whose_event_is_no_more_stands_before_every_later_span(storing: Storing, engine: Engine) -> None:
    storing.store([event("a", 5, "door_open")])
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM event")
        device = storing.registry.devices["a"]
        assert [one.since for one in states_before(connection, device, at(6))] == [at(5)]
        assert states_before(connection, device, at(5)) == []
        assert list_types(connection) == []


def test_pages_by_cursor_go_over_days_and_equal_moments(storing: Storing, engine: Engine) -> None:
    storing.store([event("a", n // 3 * 20_000, "x", b'{"n":%d}' % n) for n in range(30)])
    with engine.connect() as connection:
        whole = list_events(connection, Filter(device="a"), limit=100)
        assert (len(whole.items), whole.next) == (30, None)
        found: list[Event] = []
        after: Cursor | None = None
        while True:
            page = list_events(connection, Filter(), limit=7, after=after)
            found += page.items
            after = page.next
            if after is None:
                break
            assert Cursor.parse(str(after)) == after
        assert found == list(whole.items)
        assert [one.ts for one in found] == sorted((one.ts for one in found), reverse=True)
        span = Filter(start=at(20_000).astimezone(UTC), end=at(20_000) + timedelta(microseconds=1))
        assert len(list_events(connection, span, limit=10).items) == 3
