"""Writes messages as the ingest does: rows to the database, live states to Redis."""

from collections.abc import Iterable

from sqlalchemy import Engine

from core.types import LiveState, Message
from db.batch import POSTGRES_EPOCH, Batch, Frontier
from db.database import conninfo
from db.engine import engine_of
from db.live import LiveWriter
from db.registry import Registry
from db.write import LatestRow, Writer

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
        self.states: dict[int, LiveState] = {}
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
        batch = Batch(self._frontier)
        for m in messages:
            device = self.registry.devices[m.device]
            self.states.setdefault(device, LiveState(m.ts, m.received_at)).advance(m)
            ts = m.ts - POSTGRES_EPOCH
            rows = [(ts, value, device, self.registry.metrics[name]) for name, value in (m.values or {}).items()]
            place = (ts, ts, m.lat, m.lon, device, m.altitude, m.speed, m.heading)
            batch.add(device, place, rows)
        self._writer.store(
            batch, [self._latest(self.registry.devices[m.device]) for m in {m.device: m for m in messages}.values()]
        )

    def publish(self, names: Iterable[str], *, instead: bool = False) -> None:
        """Write to Redis alone."""
        ids = [self.registry.devices[name] for name in names]
        states = [(device, self.states[device]) for device in ids]
        values = {device: {n: v for n, (v, _) in self.states[device].values.items()} for device in ids}
        (self.live.replace if instead else self.live.publish)(states, {d: v for d, v in values.items() if v})

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

    def _latest(self, device: int) -> LatestRow:
        s = self.states[device]
        measurements = {name: [value, float(ts)] for name, (value, ts) in s.values.items()}
        return LatestRow(
            device, s.ts, s.received_at, s.lat, s.lon, s.altitude, s.speed, s.heading, measurements or None
        )
