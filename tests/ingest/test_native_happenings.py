"""Events and crossings of native messages, and the whole way of them through a pipeline that is killed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.decoders.happenings import MAX_COUNT, MAX_DATA, MAX_TYPE
from ingest.decoders.native import NativeDecoder
from ingest.work import native
from tests.ingest.bench import LEDGER, T0, Bench, fix

NOW = 1_795_382_400_000_000


def decoded(**fields: Any) -> Any:
    """What a message with these fields becomes: a message or a refusal."""
    found = NativeDecoder().decode([json.dumps({"device_id": "door-3", "ts": NOW / 1e6} | fields).encode()], NOW)
    (one,) = found.messages or found.refused
    return one


def test_an_event_has_a_type_and_its_data_with_sorted_names() -> None:
    m = decoded(event="door_open", data={"z": [1, {"b": 2, "a": "ü"}], "by": "badge"}, battery=0.5, lat=1, lon=2)
    assert (m.event, m.data) == ("door_open", '{"by":"badge","z":[1,{"a":"ü","b":2}]}'.encode())
    assert (m.values, m.texts, m.lat, m.crossing) == ({"battery": 0.5}, None, 1, None)
    assert decoded(event="door_open").data is None
    assert decoded(data={"by": "badge"}, speed=1).data is None


@pytest.mark.parametrize(
    ("fields", "counts"),
    [
        ({"direction": 1}, (1, 0)),
        ({"direction": -1}, (0, 1)),
        ({"direction": "in"}, (1, 0)),
        ({"direction": "out", "count": 4}, (0, 4)),
        ({"in": 3, "out": 2}, (3, 2)),
        ({"in": 3.0}, (3, 0)),
        ({"out": 0}, (0, 0)),
        ({"in": None, "out": 2}, (0, 2)),
    ],
)
def test_a_crossing_is_a_direction_or_the_counts_of_an_interval(
    fields: dict[str, Any], counts: tuple[int, int]
) -> None:
    m = decoded(**fields)
    assert (m.crossing, m.values) == (counts, None)


@pytest.mark.parametrize(
    ("fields", "reason", "detail"),
    [
        ({"event": 5}, "event is not a name", "5"),
        ({"event": ""}, "event is not a name", "''"),
        ({"event": "x" * (MAX_TYPE + 1)}, "event is not a name", "at most 64"),
        ({"event": "a\nb"}, "event is not a name", r"a\nb"),
        ({"event": "x", "data": [1]}, "data of the event is not an object", "list"),
        ({"event": "x", "data": {"a": "b" * MAX_DATA}}, "data of the event is too large", "at most 8192"),
        ({"event": "x", "data": {"a": "\x00"}}, "data of the event cannot be kept", "NUL"),
        ({"direction": 2}, "direction not understood", "2; send 1, -1, 'in' or 'out'"),
        ({"direction": True}, "direction not understood", "True"),
        ({"direction": [1]}, "direction not understood", "[1]"),
        ({"direction": 1, "in": 1}, "crossing said twice", "not both"),
        ({"direction": 1, "count": -1}, "count is not a count", "-1; send a whole number"),
        ({"in": 1.5}, "in is not a count", "1.5"),
        ({"out": "3"}, "out is not a count", "'3'"),
        ({"in": MAX_COUNT + 1}, "in is not a count", "0 to 1000000"),
        ({"in": False}, "in is not a count", "False"),
    ],
)
def test_what_is_no_event_and_no_crossing_is_refused_with_the_reason(
    fields: dict[str, Any], reason: str, detail: str
) -> None:
    refused = decoded(**fields, speed=1)
    assert refused.reason == reason
    assert detail in refused.detail


def test_a_backslash_before_u0000_is_no_nul() -> None:
    assert decoded(event="x", data={"a": "\\u0000"}).data == b'{"a":"\\\\u0000"}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("event", "data", "direction", "count", "in", "out"), json_values))
)
def test_whatever_stands_in_these_fields_decodes_or_is_refused_and_goes_round(fields: dict[str, Any]) -> None:
    for payload in (json.dumps({"device_id": "d", "ts": NOW / 1e6, "speed": 1} | fields).encode(),):
        found = NativeDecoder().decode([payload], NOW)
        assert len(found.messages) + len(found.refused) == 1
        for m in found.messages:
            assert NativeDecoder().decode([native(m)], NOW).messages == [m]


def test_events_and_crossings_are_stored_once_though_the_process_is_killed(bench: Bench) -> None:
    at = {"device_id": "door-3", "ts": T0}
    sent: list[dict[str, object]] = [
        at | {"event": "door_open", "data": {"by": "badge"}},
        at | {"ts": T0 + 1, "direction": 1},
        at | {"ts": T0 - 90_000, "in": 5, "out": 3},
        fix("van", 1, event="ignition_on"),
    ]
    bench.send(*sent, at | {"direction": 7})
    bench.pipeline.tick()
    bench.send(*sent)
    bench.restart()
    bench.pipeline.tick()
    bench.run("UPDATE checkpoint SET position = 0")
    bench.restart()
    bench.pipeline.tick()
    assert bench.ask("SELECT type, data FROM event ORDER BY ts") == [
        ("door_open", {"by": "badge"}),
        ("ignition_on", None),
    ]
    assert bench.ask("SELECT direction, count FROM crossing ORDER BY ts, direction") == [(-1, 3), (1, 5), (1, 1)]
    # All of it was received a second time, as the checkpoint was set back.
    assert bench.ask(LEDGER) == [("test", 18, 4, 12, 2)]
    assert bench.ask("SELECT DISTINCT reason FROM quarantine") == [("direction not understood",)]
