"""What ingest tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from ingest.journal import Journal
from tests.fix_kafka import Broker
from tests.ingest.bench import Bench
from tests.ingest.caller import Answers, Caller, Receive
from tests.ingest.kafka_members import Group, group_on
from tests.ingest.receiver import Receiver


@pytest.fixture
def bench(tmp_path: Path, database_url: URL, engine: Engine, redis_url: str) -> Iterator[Bench]:
    """A bench on an empty database."""
    made = Bench(tmp_path / "journal", database_url, engine, redis_url)
    yield made
    made.pipeline.close()
    made.journal.close()


@pytest.fixture
def group(broker: Broker, database_url: URL, engine: Engine, redis_url: str, tmp_path: Path) -> Iterator[Group]:
    """A consumer group on the session's broker, without members yet."""
    journal = Journal(tmp_path / "unused", segment_bytes=1 << 20, max_bytes=1 << 24)
    with group_on(broker, database_url, engine, redis_url, journal) as made:
        yield made
    journal.close()


@pytest.fixture
def straight_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever proxy the machine has."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def caller(engine: Engine, database_url: URL) -> Iterator[Caller]:
    """One who tells of a device that is too fast, to nobody yet."""
    made = Caller(engine, database_url)
    made.drive("a")
    made.rule()
    yield made
    for telling in made.tellings:
        telling.stop()
        telling.close()


@pytest.fixture
def receive(straight_to_loopback: None) -> Iterator[Receive]:
    """Be called."""
    made: list[Receiver] = []

    def start(answers: Answers = lambda _: 204, port: int = 0) -> Receiver:
        made.append(Receiver(answers, port))
        return made[-1]

    yield start
    for receiver in made:
        receiver.close()
