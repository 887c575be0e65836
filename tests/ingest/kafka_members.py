"""Ingests that read a topic, as many as a test wants, each with connections and threads of its own."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.errors import StoreUnavailable
from db.database import conninfo
from db.engine import engine_of
from db.live import LiveWriter
from db.registry import Registry
from db.write import Writer
from ingest.collector import receivers
from ingest.decoders import decoder_for
from ingest.journal import Journal
from ingest.kafka.address import parse_kafka
from ingest.kafka.source import KafkaSource
from ingest.pipeline import Pipeline
from tests.fix_kafka import Broker

LEDGER = "SELECT source, received, stored, duplicate, quarantined FROM ledger WHERE received > 0 ORDER BY 1"
PATIENCE_S = 60.0


def payload(device: str, number: int, **more: object) -> bytes:
    """A message of a device, its `number`-th."""
    known = {"device_id": device, "ts": 1_790_000_000.0 + number, "lat": 30.0 + number / 10_000, "lon": -97.0}
    return json.dumps(known | more).encode()


class Member:
    """A source, a pipeline that follows it, and a thread that ticks."""

    def __init__(self, url: str, database: URL, engine: Engine, redis_url: str, journal: Journal) -> None:
        self.source = KafkaSource(parse_kafka(url))
        with engine.connect() as connection:
            storage = engine_of(connection)
        self.writer = Writer(conninfo(database), storage)
        self.live = LiveWriter(redis_url)
        self.pipeline = Pipeline(
            decoders=receivers(10**9) | {self.source.name: decoder_for({}, max_ahead_s=10**9)},
            default_decoder=decoder_for({}, max_ahead_s=10**9),
            writer=self.writer,
            live=self.live,
            registry=Registry(1000, 100),
            batch_messages=200,
        )
        self.pipeline.start()
        self.pipeline.follow(self.source)
        self.failed: Exception | None = None
        self.ticking = threading.Event()
        self.ticking.set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.source.start(journal)

    def _run(self) -> None:
        while not self._stopping.wait(0.02):
            if self.ticking.is_set():
                try:
                    self.pipeline.tick()
                except StoreUnavailable:
                    continue
                except Exception as error:  # noqa: BLE001 - the test shall say so
                    self.failed = error

    def partitions(self) -> list[int]:
        """Those that are this one's now."""
        return sorted(stream.partition for stream in self.source.streams())

    def stop(self) -> None:
        """Leave the group in order, and close everything."""
        self.source.stop()
        self._stopping.set()
        self._thread.join(20)
        self.pipeline.close()
        self.writer.close()
        self.live.close()
        if self.failed is not None:
            raise self.failed


class Group:
    """A topic, the members that read it, and eyes on the database."""

    def __init__(self, broker: Broker, database: URL, engine: Engine, redis_url: str, journal: Journal) -> None:
        self.broker, self.database = broker, database
        self._parts = (database, engine, redis_url, journal)
        self._members: list[Member] = []

    def member(self, topic: str, options: str | None = None) -> Member:
        """One more that reads `topic`, in a group of its own unless `options` say otherwise.

        The broker is one for many tests, and keeps a group waiting forever where one member leaves while another joins,
        as at the end of a test; seen with nothing but librdkafka, too.
        """
        options = f"source=test&group=of-{topic}" if options is None else options
        member = Member(f"kafka://{self.broker.address}/{topic}?session_s=3&{options}", *self._parts)
        self._members.append(member)
        return member

    def leave(self, member: Member) -> None:
        """This one stops in order."""
        self._members.remove(member)
        member.stop()

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Ask the database."""
        with psycopg.connect(conninfo(self.database), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def run(self, statement: str) -> None:
        """Run a statement without an answer."""
        with psycopg.connect(conninfo(self.database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def stored(self) -> int:
        """Rows in `position`."""
        return int(str(self.ask("SELECT count(*) FROM position")[0][0]))

    def wait(self, what: str, happened: Callable[[], object]) -> None:
        """Wait until it happened; fails where it does not, or where a member failed meanwhile."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if happened():
                return
            for member in self._members:
                assert member.failed is None, member.failed
            time.sleep(0.02)
        raise AssertionError(f"waited {PATIENCE_S:.0f} s for {what}: {self.ask(LEDGER)}")

    def close(self) -> None:
        """Stop all that still run."""
        for member in self._members:
            member.stop()


class Load:
    """Numbered messages of 20 devices into all partitions of a topic, until stopped; a device keeps to one."""

    def __init__(self, broker: Broker, topic: str, partitions: int) -> None:
        self.sent = 0
        self._partitions = partitions
        self._stopping = threading.Event()
        self._producer, self._topic = broker.producer(), topic
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more, and return when the broker has all."""
        self._stopping.set()
        self._thread.join()
        assert self._producer.flush(60) == 0

    def _run(self) -> None:
        while not self._stopping.wait(0.01):
            for _ in range(20):
                device = self.sent % 20
                where = device % self._partitions
                self._producer.produce(self._topic, payload(f"d{device}", self.sent), partition=where)
                self.sent += 1
            self._producer.poll(0)


@contextmanager
def group_on(broker: Broker, database: URL, engine: Engine, redis_url: str, journal: Journal) -> Iterator[Group]:
    """A group, closed at the end."""
    made = Group(broker, database, engine, redis_url, journal)
    try:
        yield made
    finally:
        made.close()
