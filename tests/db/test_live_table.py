"""The live state moves forward in device time only, whatever order messages come in."""

from hypothesis import given
from hypothesis import strategies as st

from core.types import Message
from db.live_table import LiveTable
from db.records import records_of

FIELDS = ("lat", "lon", "altitude", "speed", "heading")


def advance(table: LiveTable, *messages: Message) -> tuple[set[int], set[int]]:
    return table.advance(records_of(messages, [int(m.device) for m in messages]), messages)


def fix(device: int, ts: int, **fields: float) -> Message:
    return Message(str(device), ts, ts, **({"lat": 1.0, "lon": 2.0} | fields))  # type: ignore[arg-type]  # test data


def known(table: LiveTable, device: int) -> dict[str, float]:
    record = table.records([device])[0]
    return {name: round(float(record[name]), 3) for name in ("ts", *FIELDS) if record[name] == record[name]}


def test_a_newer_place_replaces_place_speed_and_heading_together() -> None:
    table = LiveTable()
    advance(table, fix(1, 10, speed=5.0, heading=90.0))
    changed, valued = advance(table, fix(1, 20, lat=3.0))
    assert (changed, valued) == ({1}, set())
    assert known(table, 1) == {"ts": 20, "lat": 3.0, "lon": 2.0}


def test_a_message_without_a_place_fills_in_what_it_has() -> None:
    table = LiveTable()
    advance(table, fix(1, 10, speed=5.0), Message("1", 11, 11, heading=90.0))
    assert known(table, 1) == {"ts": 11, "lat": 1.0, "lon": 2.0, "speed": 5.0, "heading": 90.0}


def test_two_messages_of_one_moment_merge() -> None:
    for split in (False, True):
        table = LiveTable()
        first, second = fix(1, 10, speed=5.0), fix(1, 10, heading=90.0)
        if split:
            advance(table, first)
            advance(table, second)
        else:
            advance(table, first, second)
        assert known(table, 1) == {"ts": 10, "lat": 1.0, "lon": 2.0, "speed": 5.0, "heading": 90.0}


def test_an_older_message_changes_nothing_but_values_not_known_yet() -> None:
    table = LiveTable()
    advance(table, Message("1", 10, 10, 1.0, 2.0, values={"battery": 0.5}))
    late = Message("1", 5, 5, 9.0, 9.0, values={"battery": 0.9, "door": 1.0})
    assert advance(table, late) == ({1}, {1})
    assert known(table, 1) == {"ts": 10, "lat": 1.0, "lon": 2.0}
    assert table.values(1) == {"battery": (0.5, 10), "door": (1.0, 5)}
    assert advance(table, Message("1", 5, 5, 9.0, 9.0)) == (set(), set())


def test_a_device_that_was_never_located_has_a_state_all_the_same() -> None:
    table = LiveTable()
    advance(table, Message("7", 10, 10, values={"battery": 0.5}))
    assert known(table, 7) == {"ts": 10}
    assert table.plain_values() == {7: {"battery": 0.5}}
    assert len(table.records()) == 1


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 6), st.booleans(), st.integers(0, 9)), max_size=25),
    st.integers(1, 7),
)
def test_any_division_into_batches_gives_the_same_state(rows: list[tuple[int, int, bool, int]], size: int) -> None:
    messages = [
        fix(device, ts, speed=float(n)) if located else Message(str(device), ts, ts, heading=float(n))
        for device, ts, located, n in rows
    ]
    one_by_one, in_batches = LiveTable(), LiveTable()
    for message in messages:
        advance(one_by_one, message)
    for start in range(0, len(messages), size):
        advance(in_batches, *messages[start : start + size])
    for device in {row[0] for row in rows}:
        newest = max(ts for d, ts, *_ in rows if d == device)
        assert known(in_batches, device)["ts"] == newest == known(one_by_one, device)["ts"]


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 1)), min_size=1, max_size=12))
def test_in_whatever_order_values_come_the_newest_stays(readings: list[tuple[int, float]]) -> None:
    table = LiveTable()
    for ts, value in readings:
        advance(table, Message("1", ts, ts, values={"v": value}))
    newest = max(ts for ts, _ in readings)
    assert table.values(1)["v"] == ([v for ts, v in readings if ts == newest][-1], newest)
    assert known(table, 1)["ts"] == newest
