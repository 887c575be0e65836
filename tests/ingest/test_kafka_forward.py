"""Forwarding: what is stored is passed on at least once, whatever Kafka does meanwhile, and never in storing's way."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.errors import StartupError
from db.database import conninfo
from db.engine import engine_of
from db.write import Writer
from ingest.decoders import decoder_for
from ingest.kafka.address import parse_kafka
from ingest.kafka.forward import Forwarder
from ingest.kafka.forwarding import make_forwarder
from tests.app.process import wait_for
from tests.fix_kafka import Broker
from tests.ingest.bench import LEDGER, T0, Bench, fix
from tests.ingest.kafka_members import Group, Member, payload

NOTHING_WAITS = {"behind": 0, "sent": 0, "lost_records": 0, "problem": None}


class Forwarding:
    """A forwarder of a bench, for a test to stop and to start again."""

    def __init__(self, bench: Bench, broker: Broker, topic: str) -> None:
        self._bench, self._url = bench, f"kafka://{broker.address}/{topic}"
        self.begin()

    def begin(self) -> None:
        """As after a start of the process."""
        self.forwarder = forwarder(self._bench.pipeline, self._url, self._bench.url, self._bench.engine)
        self.forwarder.start()

    def until(self, sent: int) -> None:
        """Wait until the database says that so many records were passed on."""
        for _ in range(3000):
            marked = self._bench.ask("SELECT position FROM checkpoint WHERE stream = 'forward:journal'")
            if marked == [(sent + 1,)]:
                return
            threading.Event().wait(0.02)
        raise AssertionError(f"not passed on: {self.forwarder.status}")


def forwarder(pipeline: object, url: str, database: URL, engine: Engine) -> Forwarder:
    """A forwarder beside a pipeline."""
    with engine.connect() as connection:
        storage = engine_of(connection)
    return make_forwarder(
        url,
        sources=[],
        lanes=pipeline.lanes,  # type: ignore[attr-defined]  # of a bench or a member
        writer=Writer(conninfo(database), storage),
        registry=pipeline.registry,  # type: ignore[attr-defined]
        decoders={"mph": decoder_for({"speed": "mph"}, max_ahead_s=10**9)},
        default_decoder=decoder_for({}, max_ahead_s=10**9),
        keep_days=0,
    )


@pytest.fixture
def forwarding(bench: Bench, own_broker: Broker) -> Iterator[Forwarding]:
    """Forwards what the bench's journal holds to the topic "out"."""
    own_broker.topic(name="out")
    made = Forwarding(bench, own_broker, "out")
    yield made
    made.forwarder.stop()


def test_what_is_accepted_is_passed_on_by_device_in_si_units(
    bench: Bench, forwarding: Forwarding, own_broker: Broker
) -> None:
    forwarding.until(0)
    bench.send(fix("a", 1, speed=10, battery=0.5, label="Bus"), {"lat": 1}, source="mph")
    bench.send(fix("b", 2, seq=7))
    bench.pipeline.tick()
    forwarding.until(2)
    found = [(key, json.loads(value or b"")) for key, value in own_broker.contents("out", 2)]
    assert found == [
        (
            b"a",
            {"device_id": "a", "ts": "2026-09-21T14:13:21Z", "lat": 30.001, "lon": -97.0, "speed": 4.4704}
            | {"battery": 0.5, "label": "Bus"},
        ),
        (b"b", {"device_id": "b", "ts": "2026-09-21T14:13:22Z", "lat": 30.002, "lon": -97.0, "seq": 7}),
    ]
    assert T0 == 1_790_000_000


def test_what_is_not_stored_is_not_passed_on(bench: Bench, forwarding: Forwarding, own_broker: Broker) -> None:
    forwarding.until(0)
    bench.pipeline._registry.max_devices = 1
    bench.send(fix("a", 1), fix("too many", 1))
    bench.pipeline.tick()
    bench.send(fix("a", 2))
    forwarding.until(1)
    bench.pipeline.tick()
    forwarding.until(2)
    assert [key for key, _ in own_broker.contents("out", 2)] == [b"a", b"a"]


def test_with_kafka_away_storing_goes_on_and_all_is_passed_on_later(
    bench: Bench, forwarding: Forwarding, own_broker: Broker
) -> None:
    forwarding.until(0)
    own_broker.pause()
    for second in range(300):
        bench.send(fix("a", second))
        bench.pipeline.tick()
    assert bench.ask(LEDGER) == [("test", 300, 300, 0, 0)]
    wait_for("it to be said", lambda: forwarding.forwarder.report()["problem"])
    assert forwarding.forwarder.report()["behind"] > 0
    own_broker.resume()
    forwarding.until(300)
    wait_for("it to be over", lambda: forwarding.forwarder.report() | {"sent": 0} == NOTHING_WAITS)
    found = {json.loads(value or b"")["ts"] for _, value in own_broker.contents("out", 300)}
    assert len(found) == 300


def test_after_a_restart_it_goes_on_where_the_brokers_had_it(
    bench: Bench, forwarding: Forwarding, own_broker: Broker
) -> None:
    forwarding.until(0)
    bench.send(fix("a", 1))
    bench.pipeline.tick()
    forwarding.until(1)
    forwarding.forwarder.stop()
    for second in range(2, 10):
        bench.send(fix("a", second))
        bench.pipeline.tick()
    bench.restart()
    forwarding.begin()
    forwarding.until(9)
    assert len(own_broker.contents("out", 9)) == 9


def test_what_comes_from_a_topic_is_passed_on_to_another(group: Group, broker: Broker, engine: Engine) -> None:
    source, target = broker.topic(2), broker.topic()
    member: Member = group.member(source)
    group.wait("the partitions", lambda: len(member.pipeline.lanes()) == 2)
    running = forwarder(member.pipeline, f"kafka://{broker.address}/{target}", group.database, engine)
    running.start()
    group.wait("it to begin", lambda: len(group.ask("SELECT 1 FROM checkpoint WHERE stream LIKE 'forward:%'")) == 2)
    broker.send(source, [payload("a", n) for n in range(200)], partition=0)
    broker.send(source, [payload("b", n) for n in range(100)], partition=1)
    group.wait("all of it", lambda: running.status.sent == 300)
    keys = [key for key, _ in broker.contents(target, 300)]
    assert (keys.count(b"a"), keys.count(b"b")) == (200, 100)
    running.stop()


def test_a_topic_that_is_read_as_well_is_refused(bench: Bench, tmp_path: Path) -> None:
    url = "kafka://a:9092/t"
    with pytest.raises(StartupError, match=r"WAYPOST_FORWARD is kafka://a:9092/t, which is a source as well"):
        make_forwarder(
            url,
            sources=[parse_kafka(url + "?group=x")],
            lanes=list,
            writer=Writer("", None),  # type: ignore[arg-type]  # it is refused before
            registry=bench.pipeline.registry,
            decoders={},
            default_decoder=decoder_for({}, max_ahead_s=1),
            keep_days=0,
        )
