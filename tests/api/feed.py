"""Writes messages as the ingest does: rows to the database, live states to Redis."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Engine

from core.types import Message
from db.batch import Batch
from db.database import conninfo
from db.engine import engine_of
from db.frontier import Frontier
from db.live import LiveWriter
from db.live_table import LiveTable
from db.records import Records, records_of
from db.registry import Registry
from db.write import Latest, Writer

SECOND = 1_000_000


def message(
    device: str,
    ts: int,
    lat: float | None = 30.25,
    lon: float | None = -97.75,
    *,
    altitude: float | None = None,
    speed: float | None = None,
    heading: float | None = None,
    values: dict[str, float] | None = None,
    texts: dict[str, str] | None = None,
) -> Message:
    """A message received at its own moment."""
    lat, lon, altitude, speed, heading = (
        None if number is None else float(number) for number in (lat, lon, altitude, speed, heading)
    )
    return Message(device, ts, ts, lat, lon, altitude, speed, heading, values, texts)


class Feed:
    """Give it messages; close it at the end."""

    def __init__(self, engine: Engine, redis_url: str) -> None:
        with engine.connect() as connection:
            storage = engine_of(connection)
        self._writer = Writer(conninfo(engine.url), storage)
        self.live = LiveWriter(redis_url)
        self.registry = Registry(100_000, 500)
        self.states = LiveTable()
        self._frontier = Frontier()

    def __call__(self, *messages: Message) -> None:
        """Store and publish."""
        self.store(messages)
        self.publish(dict.fromkeys(m.device for m in messages))

    def store(self, messages: Iterable[Message]) -> None:
        """Write to the database alone."""
        messages = list(messages)
        connection = self._writer.connection()
        self.registry.load(connection)
        self.registry.add_devices(connection, (m.device for m in messages))
        self.registry.add_metrics(connection, (name for m in messages for name in m.values or {}))
        changes = {self.registry.devices[m.device]: m.texts for m in messages if m.texts}
        if changes:
            self.registry.describe(connection, changes)
        records, changed = self.advance(messages)
        metrics = self.registry.metrics
        batch = Batch(self._frontier)
        values = [{metrics[n]: v for n, v in (m.values or {}).items()} for m in messages]
        batch.add("test", records, values, 0, messages)
        batch.sort()
        devices = sorted(changed)
        latest = Latest(self.states.records(devices), {device: self.states.values(device) for device in devices})
        self._writer.store(batch, latest)

    def advance(self, messages: Sequence[Message]) -> tuple[Records, set[int]]:
        """Move the live states forward, and tell nobody; the messages by column, and the devices that changed."""
        records = records_of(messages, [self.registry.devices[m.device] for m in messages])
        return records, self.states.advance(records, messages)[0]

    def publish(self, names: Iterable[str], *, instead: bool = False) -> None:
        """Write to Redis alone."""
        ids = [self.registry.devices[name] for name in names]
        values = {device: found for device, found in self.states.plain_values(ids).items() if found}
        (self.live.replace if instead else self.live.publish)(self.states.records(ids), values)

    def register(self, *names: str) -> list[int]:
        """Devices without any message; their ids."""
        self.registry.add_devices(self._writer.connection(), names)
        return [self.registry.devices[name] for name in names]

    def describe(self, name: str, **texts: str) -> None:
        """Describe a device anew, and say so."""
        device = self.registry.devices[name]
        self.registry.describe(self._writer.connection(), {device: texts})
        self.live.announce_devices([device])

    def close(self) -> None:
        """Close the connections."""
        self._writer.close()
        self.live.close()
