"""What ingest tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from ingest.journal import Journal
from tests.fix_kafka import Broker
from tests.ingest.bench import Bench
from tests.ingest.kafka_members import Group, group_on


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
