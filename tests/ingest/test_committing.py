"""While one batch is on its way into the database, the next is made ready: whatever becomes of the first."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Event

import psycopg
import pytest

from core.errors import StoreUnavailable
from db.batch import Batch
from db.database import conninfo
from db.write import Advance, Latest, Writer
from ingest.database import DatabaseThread, Hanging
from tests.app.process import wait_for
from tests.ingest.bench import LEDGER, Bench, fix

BATCHES = 5
EACH = 50  # a batch of the bench
ALL = [("test", BATCHES * EACH, BATCHES * EACH, 0, 0)]


def send_backlog(bench: Bench) -> None:
    """Several whole batches, so that each is prepared while the one before is stored."""
    for batch in range(BATCHES):
        bench.send(*(fix(f"d{n % 7}", batch * EACH + n, battery=n / 10) for n in range(EACH)))


def storing(bench: Bench, monkeypatch: pytest.MonkeyPatch, before: Callable[[int], None]) -> None:
    """Call `before` with the number of each transaction, from 1."""
    store, count = Writer.store, iter(range(1, 1000))

    def counted(
        writer: Writer,
        batch: Batch,
        latest: Latest | None = None,
        advances: Sequence[Advance] = (),
        *,
        rehearse: bool = False,
    ) -> None:
        before(next(count))
        store(writer, batch, latest, advances, rehearse=rehearse)

    monkeypatch.setattr(Writer, "store", counted)


def kept(bench: Bench) -> list[tuple[object, ...]]:
    """What `latest` holds beside the newest rows of both tables: equal where nothing was forgotten."""
    return bench.ask(
        "SELECT l.device_id, l.ts = p.ts, (l.measurements->'battery'->>0)::float8 = m.value FROM latest l"
        " JOIN LATERAL (SELECT ts FROM position WHERE device_id = l.device_id ORDER BY ts DESC LIMIT 1) p ON true"
        " JOIN LATERAL (SELECT value FROM measurement WHERE device_id = l.device_id ORDER BY ts DESC LIMIT 1) m ON true"
        " ORDER BY 1"
    )


@pytest.mark.parametrize("failing", range(1, BATCHES + 1))
def test_a_batch_that_fails_is_tried_again_with_the_one_prepared_behind_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    def fail(number: int) -> None:
        if number == failing:
            raise StoreUnavailable("gone for a moment")

    storing(bench, monkeypatch, fail)
    send_backlog(bench)
    bench.pipeline.tick()
    assert bench.away() == (True, False)
    assert bench.ask("SELECT count(*) FROM position") == [((failing - 1) * EACH,)]
    bench.now += 5
    bench.pipeline.tick()
    assert bench.away() == (False, False)
    assert bench.ask("SELECT count(*) FROM position") == [(BATCHES * EACH,)]
    assert bench.ask(LEDGER) == ALL
    assert kept(bench) == [(device, True, True) for device in range(1, 8)]


def test_a_batch_that_fails_for_a_reason_nobody_thought_of_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(number: int) -> None:
        if number == 2:
            raise RuntimeError("nobody thought of this")

    storing(bench, monkeypatch, fail)
    send_backlog(bench)
    with pytest.raises(RuntimeError, match="nobody thought"):
        bench.pipeline.tick()
    bench.pipeline.tick()
    assert bench.ask(LEDGER) == ALL
    assert kept(bench) == [(device, True, True) for device in range(1, 8)]


def test_numbers_that_are_missing_are_counted_once_though_the_batch_is_tried_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(number: int) -> None:
        if number in {1, 2, 4}:
            raise StoreUnavailable("gone for a moment")

    storing(bench, monkeypatch, fail)
    for batch in range(3):
        bench.send(*(fix("a", batch * 100 + n, seq=batch * 60 + n) for n in range(EACH)))
    for _ in range(8):
        bench.pipeline.tick()
        bench.now += 5
    assert bench.ask("SELECT gaps, stored FROM ledger WHERE source = 'test'") == [(2 * (60 - EACH), 3 * EACH)]


def test_what_the_database_refuses_in_one_batch_takes_nothing_from_its_neighbours(bench: Bench) -> None:
    bench.run("ALTER TABLE position ADD CHECK (lat NOT BETWEEN 30.0705 AND 30.0735)")  # of the second batch
    send_backlog(bench)
    bench.pipeline.tick()
    assert bench.ask("SELECT count(*) FROM position") == [(BATCHES * EACH - 3,)]
    assert bench.ask(LEDGER) == [("test", BATCHES * EACH, BATCHES * EACH - 3, 0, 3)]


def test_repeats_in_the_batch_behind_are_found_before_the_first_is_stored(bench: Bench) -> None:
    for _ in range(2):
        bench.send(*(fix("a", second) for second in range(EACH)))
    bench.pipeline.tick()
    assert bench.ask(LEDGER) == [("test", 2 * EACH, EACH, EACH, 0)]


@contextmanager
def hanging(bench: Bench) -> Iterator[None]:
    """The database takes calls and answers none that writes positions: somebody holds the table."""
    with psycopg.connect(conninfo(bench.url)) as connection:
        connection.execute("LOCK TABLE position IN ACCESS EXCLUSIVE MODE")
        yield


def test_with_a_database_that_hangs_the_map_stays_live_and_the_backlog_is_stored_later(bench: Bench) -> None:
    bench.send(fix("a", 0))
    bench.pipeline.tick()
    bench.pipeline._database._patience_s = 0.2
    with hanging(bench):
        for second in range(1, 200):
            bench.send(fix("a", second))
            bench.pipeline.tick()
            bench.now += 0.1
            assert bench.shown()[1][1] == pytest.approx(30 + second / 1000), "each is shown at once"
        assert bench.away() == (True, False)

    def is_stored() -> bool:
        bench.now += 5
        bench.pipeline.tick()
        return bench.away() == (False, False)

    wait_for("the database to be found back", is_stored)
    assert bench.ask("SELECT count(*) FROM position") == [(200,)]
    assert bench.ask(LEDGER) == [("test", 200, 200, 0, 0)]
    assert bench.ask("SELECT lat FROM latest") == [(pytest.approx(30.199),)]


class OverAtTheLastMoment(Future[str]):
    """Done after it was waited for in vain, and before anybody looks."""

    def result(self, timeout: float | None = None) -> str:
        """What it was done with; in vain where there is a limit."""
        if timeout is not None and not self.done():
            self.set_result("stored")
            raise TimeoutError
        return super().result(timeout)


def test_a_call_that_is_over_as_the_patience_ends_is_not_taken_for_failed() -> None:
    thread = DatabaseThread(Writer("unused", None))  # type: ignore[arg-type]  # it is not asked
    assert thread.wait(OverAtTheLastMoment()) == "stored"
    thread.close()


def test_a_call_that_hangs_is_waited_for_once_and_taken_when_it_is_over() -> None:
    let_go = Event()
    thread = DatabaseThread(Writer("unused", None), patience_s=0.05)  # type: ignore[arg-type]  # it is not asked
    begun = thread.begin(lambda _: let_go.wait(20))
    with pytest.raises(Hanging, match="not answered for"):
        thread.wait(begun)
    assert thread.is_hanging
    with pytest.raises(Hanging):
        thread.begin(lambda _: None)
    let_go.set()
    wait_for("the call to be over", lambda: not thread.is_hanging)
    assert thread.wait(begun)
    thread._patience_s = 60.0
    assert thread.wait(thread.begin(lambda _: "next")) == "next"
    thread.close()
