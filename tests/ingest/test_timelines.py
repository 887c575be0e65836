"""Events on their whole way: judged by what is stored, with the last states in Redis for who shows them."""

import json
from typing import Any

import redis

from core.machines import machine
from core.timelines import Rules
from db.live_states import STATES, StateMirror
from tests.ingest.bench import LEDGER, T0, Bench

MARKS = "SELECT type, marks FROM event ORDER BY ts, id"


def event(second: float, kind: str, device: str = "door-3", **more: object) -> dict[str, object]:
    """An event of a door, without a place."""
    return {"device_id": device, "ts": T0 + second, "event": kind, **more}


def mirrored(bench: Bench) -> dict[str, Any]:
    """What Redis has of states, by device id."""
    with redis.Redis.from_url(bench.redis_url) as client:
        return {key.decode(): json.loads(packed) for key, packed in client.hgetall(STATES).items()}


def door(state: str, second: float) -> dict[str, Any]:
    """The mirror where there is one device with one machine."""
    return {"whole": 1, "1": {"door": [state, round((T0 + second) * 1e6)]}}


def flush(bench: Bench) -> None:
    """As a Redis that was killed and comes back empty."""
    with redis.Redis.from_url(bench.redis_url) as client:
        client.flushall()


def test_last_states_are_in_redis_and_come_back_from_the_database_when_it_lost_them(bench: Bench) -> None:
    bench.send(event(1, "door_open"))
    bench.pipeline.tick()
    assert mirrored(bench) == door("open", 1)
    flush(bench)
    bench.restart()
    assert mirrored(bench) == door("open", 1), "before the first event is judged"
    flush(bench)
    bench.send(event(2, "door_open"))
    bench.pipeline.tick()
    bench.now += 1
    bench.pipeline.tick()
    assert mirrored(bench) == door("open", 2)
    flush(bench)
    bench.now += 1
    bench.pipeline.tick()
    assert mirrored(bench) == door("open", 2), "though nothing happened"
    good = bench.pipeline.mirror
    bench.pipeline.mirror = StateMirror("redis://127.0.0.1:1/0", good._read, good._clock)  # nobody listens there
    bench.pipeline.mirror.is_stale = False
    bench.send(event(3, "door_close"), event(4, "door_close"))
    bench.pipeline.tick()
    bench.pipeline.mirror = good
    good.is_stale = True
    bench.now += 1
    bench.pipeline.tick()
    assert mirrored(bench) == door("closed", 4)
    assert bench.ask(MARKS) == [
        ("door_open", []),
        ("door_open", ["repeat"]),
        ("door_close", []),
        ("door_close", ["repeat"]),
    ]
    bench.send(event(2.5, "door_close"))
    bench.pipeline.tick()
    assert mirrored(bench) == door("closed", 4)
    assert bench.ask(MARKS)[3:] == [("door_close", ["repeat"]), ("door_close", ["repeat"])]


def test_by_rule_an_impossible_order_and_a_clock_that_jumps_go_to_quarantine(bench: Bench) -> None:
    bench.rules = Rules(impossible="quarantine", clock_jump="quarantine")
    now = T0 + 100_000
    kinds = ((0, "ignition_off"), (90_000, "ignition_on"), (90_001, "ignition_on"), (10, "ignition_on"), (200_000, "x"))
    for number, (at, kind) in enumerate(kinds):
        bench.journal.append("test", [json.dumps(event(at, kind)).encode()], received_at=round((now + number) * 1e6))
    bench.pipeline.tick()
    assert bench.ask(MARKS) == [("ignition_off", []), ("ignition_on", []), ("ignition_on", ["repeat"])]
    assert bench.ask("SELECT reason, count(*) FROM quarantine GROUP BY 1") == [("clock of the device has jumped", 2)]
    assert bench.ask(LEDGER) == [("test", 5, 3, 0, 2)]
    bench.run("UPDATE quarantine SET again = true")
    bench.now += 5
    bench.pipeline.tick()
    assert bench.ask("SELECT type, marks FROM event WHERE 'clock_jump' = ANY(marks) ORDER BY ts") == [
        ("ignition_on", ["clock_jump"]),
        ("x", ["clock_jump"]),
    ]
    assert bench.ask(LEDGER) == [("test", 5, 5, 0, 0)]


def test_what_cannot_follow_waits_in_quarantine_and_is_taken_when_an_admin_says_so(bench: Bench) -> None:
    bench.rules = Rules(
        (machine("lock", lock=("locked", "unlocked", None), unlock=("unlocked", "locked")),), impossible="quarantine"
    )
    bench.send(event(1, "unlock"), event(2, "lock"), event(3, "lock", lat=1, lon=2), event(4, "alarm"))
    bench.pipeline.tick()
    assert bench.ask(MARKS) == [("lock", []), ("lock", ["repeat"]), ("alarm", [])]
    assert bench.ask("SELECT reason, detail FROM quarantine") == [
        ("impossible order of states", "unlock while lock is not known")
    ]
    assert bench.ask(LEDGER) == [("test", 4, 3, 0, 1)]
    bench.run("UPDATE quarantine SET again = true")
    bench.now += 5
    bench.pipeline.tick()
    assert bench.ask(MARKS)[0] == ("unlock", ["out_of_order_state"])
    assert bench.ask(LEDGER) == [("test", 4, 4, 0, 0)]
