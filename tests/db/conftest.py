"""What storage tests share: a writer on an empty database, and a way to put messages in."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.types import Message, to_micros
from db.batch import POSTGRES_EPOCH, Batch, Frontier, Tally
from db.database import conninfo
from db.engine import engine_of
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

    def batch(self, messages: Sequence[Message], source: str = "test", quarantined: int = 0) -> Batch:
        """A batch of `messages`, its devices and metrics registered."""
        connection = self.writer.connection()
        self.registry.add_devices(connection, [m.device for m in messages])
        self.registry.add_metrics(connection, [name for m in messages for name in m.values or ()])
        batch = Batch(self.frontier)
        for m in messages:
            device = self.registry.devices[m.device]
            ts = m.ts - POSTGRES_EPOCH
            values = [(ts, value, device, self.registry.metrics[name]) for name, value in (m.values or {}).items()]
            placed = any(v is not None for v in (m.lat, m.speed, m.altitude, m.heading))
            received = m.received_at - POSTGRES_EPOCH
            row = (ts, received, m.lat, m.lon, device, m.altitude, m.speed, m.heading) if placed else None
            batch.add(device, row, values)
        batch.close_source(source, 0, quarantined)
        return batch

    def store(self, messages: Sequence[Message]) -> Tally:
        """Store `messages` in one transaction; what became of them."""
        batch = self.batch(messages)
        self.writer.store(batch)
        return batch.tallies()["test"]


@pytest.fixture
def storing(engine: Engine, database_url: URL) -> Iterator[Storing]:
    """A writer on an empty database."""
    with engine.connect() as connection:
        writer = Writer(conninfo(database_url), engine_of(connection))
    yield Storing(writer)
    writer.close()


@pytest.fixture
def rows(database_url: URL) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """Asks the database in SQL."""
    with psycopg.connect(conninfo(database_url), autocommit=True) as connection:
        yield lambda statement: connection.execute(statement.encode()).fetchall()


def message(device: str, second: float, **fields: object) -> Message:
    """A message `second` after T0, at a place unless told otherwise."""
    ts = T0 + round(second * SECOND)
    return Message(device, ts, ts + 250_000, **({"lat": 30.5, "lon": -97.5} | fields))  # type: ignore[arg-type]  # test data
