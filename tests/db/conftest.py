"""What storage tests share: a writer on an empty database, and a way to put messages in."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import numpy as np
import psycopg
import pytest
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL

from core.timelines import DEFAULT_RULES
from core.types import Message, to_micros
from db.batch import Batch, Tally
from db.database import conninfo, make_engine
from db.engine import engine_of
from db.frontier import Frontier
from db.queries.metrics import get_metric
from db.queries.rows import Metric
from db.records import RECORD, VALUE_FIELDS, Records, records_of
from db.registry import Registry
from db.write import Writer

T0 = to_micros(datetime(2026, 1, 31, 23, 59, 0, tzinfo=UTC))
SECOND = 1_000_000


class Storing:
    """A writer with its registry and frontier, as the pipeline holds them."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.registry = Registry(max_devices=1000, max_metrics=50)
        self.frontier = Frontier()
        self.rules = DEFAULT_RULES

    def batch(self, messages: Sequence[Message], source: str = "test", quarantined: int = 0) -> Batch:
        """A batch of `messages`, its devices and metrics registered."""
        connection = self.writer.connection()
        self.registry.add_devices(connection, [m.device for m in messages])
        self.registry.add_metrics(connection, [name for m in messages for name in m.values or ()])
        batch = Batch(self.frontier)
        metrics = self.registry.metrics
        values = [{metrics[name]: value for name, value in (m.values or {}).items()} for m in messages]
        records = records_of(messages, [self.registry.devices[m.device] for m in messages])
        batch.add(source, records, values, quarantined, messages)
        batch.rules = self.rules
        batch.sort()
        return batch

    def store(self, messages: Sequence[Message]) -> Tally:
        """Store `messages` in one transaction; what became of them."""
        batch = self.batch(messages)
        self.writer.store(batch)
        return batch.tallies(batch.is_stored())["test"]


@pytest.fixture
def database_url(storage_database: URL) -> URL:
    """Every storage test runs on both engines."""
    return storage_database


@pytest.fixture
def storing(database_url: URL) -> Iterator[Storing]:
    """A writer on a database of its own."""
    with storing_in(database_url) as (made, _):
        yield made


@contextmanager
def storing_in(url: URL) -> Iterator[tuple[Storing, Engine]]:
    """A writer on a database, and a pool to read with."""
    engine = make_engine(url, pool_size=2)
    with engine.connect() as connection:
        writer = Writer(conninfo(url), engine_of(connection))
    yield Storing(writer), engine
    writer.close()
    engine.dispose()


@pytest.fixture
def rows(database_url: URL) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """Asks the database in SQL."""
    with psycopg.connect(conninfo(database_url), autocommit=True) as connection:
        yield lambda statement: connection.execute(statement.encode()).fetchall()


def message(device: str, second: float, **fields: object) -> Message:
    """A message `second` after T0, at a place unless told otherwise."""
    ts = T0 + round(second * SECOND)
    return Message(device, ts, ts + 250_000, **({"lat": 30.5, "lon": -97.5} | fields))  # type: ignore[arg-type]  # test data


def metric_of(connection: Connection, name: str) -> Metric:
    """The metric of this name, which there is."""
    found = get_metric(connection, name)
    assert found is not None
    return found


def state(device_id: int, ts: int, **fields: float) -> Records:
    """The live state of one device, as a RECORD; what is not named is not known."""
    made = np.empty(1, dtype=RECORD)
    for name in VALUE_FIELDS:
        made[name] = fields.get(name, np.nan)
    made["id"], made["ts"], made["received_at"] = device_id, ts, fields.get("received_at", ts)
    return made
