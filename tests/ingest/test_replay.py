"""Replay: a window decoded once more changes what the mapping changed, and nothing else, ever."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import StoreUnavailable, Superseded
from db import quarantine
from db.database import conninfo
from db.engine import engine_of
from db.live import LATEST, VALUES, LiveWriter, unpack
from db.live_forward import LiveForward
from db.quarantine import Quarantined
from db.records import RECORD
from db.registry import Registry
from db.write import Writer
from ingest.lake.place import Lake
from ingest.lake.task import Task
from ingest.lake.worker import perform
from ingest.mapping import Mapping
from ingest.replay import Outcome, Replay, Window
from ingest.replay.records import WindowRecords
from tests.ingest.bench import LEDGER, T0, Bench, fix
from tests.ingest.lakes import DAY, MIDNIGHT, Bay

EVER = Window(0, 2**55)
SPEEDS = "SELECT round(speed::numeric, 4)::float FROM position ORDER BY ts"
EVERYTHING = (
    "SELECT * FROM position ORDER BY device_id, ts",
    "SELECT * FROM measurement ORDER BY device_id, metric_id, ts",
    "SELECT * FROM latest ORDER BY device_id",
    "SELECT id, name, label, attributes FROM device ORDER BY id",
    "SELECT * FROM quarantine ORDER BY id",
    "SELECT stream, position FROM checkpoint",
    LEDGER,
)


def replaying(bench: Bench, options: str, *, max_devices: int = 100) -> Replay:
    """A replay beside the bench's pipeline, with `options` for its source."""
    with bench.engine.connect() as connection:
        storage = engine_of(connection)
    return Replay(
        mapping=Mapping([f"zmq://127.0.0.1:1?source=test{options}"], max_ahead_s=10**9),
        writer=Writer(conninfo(bench.url), storage),
        registry=Registry(max_devices, 10),
        live=LiveForward(bench.redis_url),
        announce=LiveWriter(bench.redis_url),
        batch_messages=50,
        pause_s=0.0,
    )


def replay(
    bench: Bench,
    options: str = "",
    window: Window = EVER,
    lake: Lake | None = None,
    told: Callable[[Outcome], object] = lambda _: None,
) -> tuple[Outcome, list[str]]:
    """Replay a window; what came of it, and the damage that was skipped."""
    running = replaying(bench, options)
    records = WindowRecords(window, bench.directory, running.start(), lake)
    running.take_from_quarantine(window)
    running.store_again(records.read(lambda _: None), told)
    running._writer.close()
    return running.outcome, records.damage()


def everything(bench: Bench) -> list[list[tuple[object, ...]]]:
    """All that the database holds of messages."""
    return [bench.ask(statement) for statement in EVERYTHING]


def test_a_window_gets_the_units_that_the_mapping_has_now_and_the_rest_keeps_its_own(bench: Bench) -> None:
    moments = []
    for second in range(6):
        bench.send(fix("a", second, speed=10, fuel=second))
        [*_, record] = bench.journal.read(second, 1)
        moments.append(record.received_at)
    bench.pipeline.tick()
    before = everything(bench)
    outcome, damage = replay(bench, "&speed=mph", Window(moments[2], moments[4]))
    assert bench.ask(SPEEDS) == [(10.0,), (10.0,), (4.4704,), (4.4704,), (10.0,), (10.0,)]
    assert (outcome.records, outcome.messages, outcome.changed, outcome.refused) == (2, 2, 2, 0)
    assert damage == []
    assert everything(bench)[1:] == before[1:], "but for the rows of the window nothing changes"


def test_a_replay_with_the_same_mapping_changes_nothing_however_often(bench: Bench) -> None:
    bench.send(*(fix(f"d{n % 3}", n, speed=n, fuel=n / 2, label="Bus") for n in range(120)), {"lat": 1})
    bench.send(fix("d0", 5, altitude=7), fix("d0", 5, altitude=None), source="other")
    bench.pipeline.tick()
    before, shown = everything(bench), bench.shown()
    for _ in range(2):
        outcome, _ = replay(bench)
        assert (outcome.messages, outcome.changed, outcome.refused, outcome.taken) == (122, 0, 1, 0)
        assert everything(bench) == before
        assert bench.shown() == shown


def test_a_value_that_the_mapping_no_longer_gives_stays_as_it_was(bench: Bench) -> None:
    """The merge rule: a later value wins where there is one."""
    bench.send(fix("a", 0, speed=10, altitude=100))
    bench.pipeline.tick()
    bench.run("UPDATE position SET heading = 90, altitude = NULL")
    replay(bench, "&altitude=ft")
    assert bench.ask("SELECT speed, heading, round(altitude::numeric, 2)::float FROM position") == [(10, 90, 30.48)]


def test_of_one_source_alone_where_one_is_named(bench: Bench) -> None:
    bench.send(fix("a", 0, speed=10))
    bench.send(fix("b", 1, speed=10), source="other")
    bench.pipeline.tick()
    bench.run("UPDATE position SET speed = 1")
    outcome, _ = replay(bench, window=EVER._replace(source="other"))
    assert outcome.messages == 1
    assert bench.ask(SPEEDS) == [(1.0,), (10.0,)]


def test_what_can_be_used_now_leaves_the_quarantine_and_the_account_moves_once(bench: Bench) -> None:
    osmand = b"id=phone&timestamp=%d&lat=30.5&lon=-97.5&speed=10" % T0
    bench.journal.append("test", [osmand, b"never of use"])
    bench.journal.append("test", [osmand])
    bench.send({"lat": 1}, source="other")
    bench.pipeline.tick()
    assert bench.ask(LEDGER) == [("other", 1, 0, 0, 1), ("test", 3, 0, 0, 3)]
    for taken in (2, 0):
        outcome, _ = replay(bench, "&decode=osmand")
        assert outcome.taken == taken
        assert bench.ask(LEDGER) == [("other", 1, 0, 0, 1), ("test", 3, 1, 1, 1)]
        assert bench.ask("SELECT payload FROM quarantine ORDER BY id") == [(b"never of use",), (b'{"lat": 1}',)]
        assert bench.ask("SELECT name, lat FROM device JOIN position ON id = device_id") == [("phone", 30.5)]
    assert bench.shown()[1] == (round(T0 * 1e6), 30.5)


def test_rows_outside_the_window_stay_in_the_quarantine(bench: Bench) -> None:
    bench.max_devices = 0
    bench.restart()
    bench.send(fix("a", 0))
    bench.send(fix("b", 1))
    bench.pipeline.tick()
    [_, second] = bench.journal.read(0, 100)
    outcome, _ = replay(bench, window=Window(second.received_at, second.received_at + 1))
    assert outcome.taken == 1
    assert bench.ask(LEDGER) == [("test", 2, 1, 0, 1)]
    assert bench.ask("SELECT name FROM device") == [("b",)]


def test_a_row_that_another_took_meanwhile_is_not_accounted_for_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.max_devices = 0
    bench.restart()
    bench.send(fix("a", 0), fix("b", 1), fix("c", 2))
    bench.pipeline.tick()
    within = quarantine.within

    def then_trimmed(*args: object, **more: object) -> list[Quarantined]:
        rows = within(*args, **more)  # type: ignore[arg-type]  # passed on
        bench.run("DELETE FROM quarantine WHERE id = 2")
        return rows

    monkeypatch.setattr(quarantine, "within", then_trimmed)
    outcome, _ = replay(bench)
    assert outcome.taken == 2
    assert bench.ask(LEDGER) == [("test", 3, 2, 0, 1)]
    assert bench.ask("SELECT count(*) FROM quarantine") == [(0,)]
    with pytest.raises(Superseded), bench.engine.connect() as connection:
        quarantine.take(connection.connection.cursor(), [99])  # type: ignore[arg-type]  # psycopg's, behind SQLAlchemy


def test_what_is_not_stored_yet_is_left_to_the_ingest(bench: Bench) -> None:
    bench.send(fix("a", 0))
    bench.pipeline.tick()
    bench.send(fix("a", 1))
    outcome, _ = replay(bench)
    assert outcome.messages == 1
    bench.pipeline.tick()
    assert bench.ask(LEDGER) == [("test", 2, 2, 0, 0)]


def test_beside_a_running_ingest_every_message_is_stored_exactly_once(bench: Bench) -> None:
    sent = 0

    def more(_: object = None) -> None:
        nonlocal sent
        bench.send(*(fix(f"d{n % 5}", n, speed=10, fuel=n) for n in range(sent, sent + 40)))
        sent += 40
        bench.pipeline.tick()

    for _ in range(10):
        more()
    outcome, _ = replay(bench, "&speed=mph", told=more)
    assert outcome.messages == 400
    more()
    assert sent > 600
    assert bench.ask("SELECT count(*), count(DISTINCT (device_id, ts)) FROM position") == [(sent, sent)]
    assert bench.ask("SELECT count(*) FROM measurement") == [(sent,)]
    assert bench.ask(LEDGER) == [("test", sent, sent, 0, 0)]
    assert [speed for (speed,) in bench.ask(SPEEDS)] == [4.4704] * 400 + [10.0] * (sent - 400)
    assert {ts for ts, _ in bench.shown().values()} == {round((T0 + n) * 1e6) for n in range(sent - 5, sent)}
    assert bench.ask("SELECT max(ts) = (SELECT max(ts) FROM position) FROM latest") == [(True,)]


def test_live_states_move_forward_only_also_where_the_ingest_has_gone_on(bench: Bench) -> None:
    bench.send(fix("a", 0, speed=10, fuel=1), fix("b", 0, speed=10, fuel=1))
    bench.pipeline.tick()
    running = replaying(bench, "&speed=mph")
    records = WindowRecords(EVER, bench.directory, running.start(), None)
    bench.send(fix("a", 5, speed=10, fuel=5))
    bench.pipeline.tick()
    running.store_again(records.read(lambda _: None), lambda _: None)
    running._writer.close()
    with redis.Redis.from_url(bench.redis_url) as client:
        shown = unpack(b"".join(client.hmget(LATEST, ["1", "2"])))
        values = client.hmget(VALUES, ["1", "2"])
    assert shown["speed"].tolist() == pytest.approx([10, 4.4704])
    assert values == [b'{"fuel":5.0}', b'{"fuel":1.0}']
    latest = bench.ask("SELECT round(speed::numeric, 4)::float, measurements -> 'fuel' ->> 0 FROM latest ORDER BY 1")
    assert latest == [(4.4704, "1.0"), (10.0, "5.0")]


def test_an_old_text_does_not_replace_what_is_known_and_a_missing_one_is_filled_in(bench: Bench) -> None:
    bench.send(fix("a", 0, label="old", depot="north"))
    bench.send(fix("a", 1, label="new"))
    bench.pipeline.tick()
    bench.run("UPDATE device SET attributes = '{}'")
    replay(bench)
    assert bench.ask("SELECT label, attributes FROM device") == [("new", {"depot": "north"})]


def test_the_window_is_marked_to_be_rolled_up_again(bench: Bench) -> None:
    bench.send(fix("a", 0, speed=10))
    bench.pipeline.tick()
    bench.run("DELETE FROM dirty_bucket")
    replay(bench, "&speed=mph")
    assert {rollup for (rollup,) in bench.ask("SELECT rollup FROM dirty_bucket")} >= {"position_1m"}


def test_what_was_cut_off_in_the_middle_is_done_again(bench: Bench) -> None:
    for begin in range(0, 200, 20):
        bench.send(*(fix("a", n, speed=10) for n in range(begin, begin + 20)))
    bench.pipeline.tick()

    def interrupted(so_far: Outcome) -> None:
        if so_far.messages >= 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(bench, "&speed=mph", told=interrupted)
    done = bench.ask("SELECT count(*) FROM position WHERE speed < 5")[0][0]
    assert done == 120, "whole batches"
    outcome, _ = replay(bench, "&speed=mph")
    assert outcome.changed == 80
    assert bench.ask("SELECT count(*), count(*) FILTER (WHERE speed < 5) FROM position") == [(200, 200)]
    assert bench.ask(LEDGER) == [("test", 200, 200, 0, 0)]


def test_a_try_that_failed_loses_no_live_state(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.send(fix("a", 0, speed=10))
    bench.pipeline.tick()
    store, tries = Writer.store, [0]

    def fails_once(self: Writer, *args: object, **more: object) -> None:
        tries[0] += 1
        if tries[0] == 1:
            raise StoreUnavailable("deadlock detected")
        store(self, *args, **more)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(Writer, "store", fails_once)
    outcome, _ = replay(bench, "&speed=mph")
    assert (outcome.messages, outcome.changed) == (1, 1)
    assert bench.ask("SELECT round(speed::numeric, 4)::float FROM latest") == [(4.4704,)]


def test_with_redis_away_it_stores_all_the_same_and_says_so(bench: Bench) -> None:
    bench.send(fix("a", 0, speed=10))
    bench.pipeline.tick()
    running = replaying(bench, "&speed=mph")
    running._live = LiveForward("redis://127.0.0.1:1/0")  # nobody listens there
    running.store_again(WindowRecords(EVER, bench.directory, running.start(), None).read(lambda _: None), print)
    running._writer.close()
    assert bench.ask(SPEEDS) == [(4.4704,)]
    assert "Redis does not answer" in str(running.outcome.live_problem)


def test_damage_in_the_journal_is_skipped_and_said(bench: Bench) -> None:
    for second in range(3):
        bench.send(fix("a", second, speed=10))
    bench.pipeline.tick()
    bench.restart()
    path = min(bench.directory.glob("*.journal"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    outcome, damage = replay(bench, "&speed=mph")
    assert outcome.messages == 2
    assert [said.startswith(f"{path.name} of the journal: a record whose checksum") for said in damage] == [True]
    assert bench.ask(SPEEDS) == [(4.4704,), (10.0,), (4.4704,)]


def test_what_the_journal_no_longer_has_comes_from_the_lake(bench: Bench, tmp_path: Path) -> None:
    lake = Lake(str(tmp_path / "lake"))
    for second in range(6):
        bench.send(fix("a", second, speed=10), fix("b", second, speed=10))
        bench.send({"lat": 1}, fix("c", second, speed=10), source="other/one")
        if second in {1, 3}:
            bench.journal.close_segment()
    bench.pipeline.tick()
    for segment in bench.journal.closed_segments():
        perform(Task(lake.root, str(tmp_path), [], 10**9, str(segment.path), segment.size))
    bench.journal.closed_segments()[0].path.unlink()
    bench.run("UPDATE position SET speed = 1")
    outcome, damage = replay(bench, "&speed=mph", lake=lake)
    assert (outcome.records, outcome.messages, outcome.refused, damage) == (12, 18, 6, [])
    assert bench.ask("SELECT DISTINCT round(speed::numeric, 4)::float FROM position ORDER BY 1") == [(4.4704,), (10.0,)]
    assert bench.ask(LEDGER) == [("other/one", 12, 6, 0, 6), ("test", 12, 12, 0, 0)]
    next(iter(sorted((tmp_path / "lake").rglob("*.parquet")))).write_bytes(b"no parquet at all")
    outcome, damage = replay(bench, lake=lake, window=EVER._replace(source="other/one"))
    assert outcome.records + (2 if damage else 0) == 6
    assert len(damage) == 1
    assert damage[0].endswith("of the lake")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_split_between_lake_and_journal_gives_every_record_once_in_order(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bay = Bay(tmp_path_factory.mktemp("bay"))
    last = data.draw(st.integers(1, 25))
    for number in range(1, last + 1):
        source = data.draw(st.sampled_from(["a", "b/c", "é"]))
        bay.put(*[b"%d" % number] * data.draw(st.integers(1, 3)), source=source, at=MIDNIGHT + number * DAY // 10)
        if data.draw(st.booleans()):
            bay.journal.close_segment()
    closed = bay.journal.closed_segments()
    for segment in closed:
        perform(Task(bay.lake.root, str(bay.directory), [], 300, str(segment.path), segment.size))
    for segment in closed[: data.draw(st.integers(0, len(closed)))]:
        segment.path.unlink()
    begin, end = sorted(data.draw(st.tuples(st.integers(0, 30), st.integers(0, 30))))
    window = Window(MIDNIGHT + begin * DAY // 10, MIDNIGHT + end * DAY // 10 + 1)
    found = list(WindowRecords(window, bay.directory / "journal", last, bay.lake).read(lambda _: None))
    wanted = [n for n in range(1, last + 1) if begin <= n <= end]
    assert [record.sequence for record in found] == wanted
    assert all(set(record.payloads) == {b"%d" % record.sequence} for record in found)
    bay.close()


def test_forward_in_redis_a_newer_state_stays_and_an_equal_one_is_replaced(redis_url: str) -> None:
    def state(ts: int, speed: float) -> np.ndarray:
        made = np.zeros(1, dtype=RECORD)
        made["id"], made["ts"], made["speed"] = 7, ts, speed
        return made

    forward = LiveForward(redis_url)
    moments = [(1_790_000_000_000_001, 1), (1_790_000_000_000_001, 1), (1_790_000_000_000_000, 0)]
    assert [forward.publish(state(ts, n), {7: {"n": n}}) for n, (ts, _) in enumerate(moments)] == [
        m for _, m in moments
    ]
    with redis.Redis.from_url(redis_url) as client:
        assert unpack(client.hget(LATEST, "7") or b"")["speed"].tolist() == [1.0]
        assert client.hget(VALUES, "7") == b'{"n":1}'
    forward.close()
