"""A journal and a pipeline on real servers, for tests to send through and to look at."""

import json
from pathlib import Path

import psycopg
import redis
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.timelines import DEFAULT_RULES
from db.database import conninfo
from db.engine import engine_of
from db.live import LATEST, LiveWriter, unpack
from db.registry import Registry
from db.write import Writer
from ingest.database import PATIENCE_S
from ingest.decoders import decoder_for
from ingest.journal import Journal
from ingest.pipeline import Pipeline
from tests.app.process import wait_for

T0 = 1_790_000_000.0


LEDGER = "SELECT source, received, stored, duplicate, quarantined FROM ledger ORDER BY 1"


class Bench:
    """A journal, a pipeline on real servers, and eyes on both."""

    def __init__(self, directory: Path, url: URL, engine: Engine, redis_url: str) -> None:
        self.directory, self.url, self.engine, self.redis_url = directory, url, engine, redis_url
        self.now = 100.0
        self.max_devices = 100
        self.max_metrics = 10
        self.patience_s = PATIENCE_S
        self.options: dict[str, str] = {}
        self.rules = DEFAULT_RULES
        self.open()

    def open(self) -> None:
        """As after a start of the process."""
        self.journal = Journal(self.directory, segment_bytes=1 << 20, max_bytes=1 << 24)
        with self.engine.connect() as connection:
            storage = engine_of(connection)
        self.writer = Writer(conninfo(self.url), storage)
        self.pipeline = Pipeline(
            decoders={"test": decoder_for(self.options, max_ahead_s=10**9)},
            default_decoder=decoder_for({}, max_ahead_s=10**9),
            writer=self.writer,
            live=LiveWriter(self.redis_url),
            registry=Registry(self.max_devices, self.max_metrics),
            batch_messages=50,
            rules=lambda: self.rules,
            clock=lambda: self.now,
            patience_s=self.patience_s,
        )
        self.pipeline.start()
        self.journal.take_up(self.pipeline.add(self.journal))

    def restart(self, options: dict[str, str] | None = None) -> None:
        """As after a kill: nothing was closed in order, and memory is gone."""
        self.pipeline.close()
        self.journal.close()
        self.options = options or {}
        self.open()

    def send(self, *messages: dict[str, object], source: str = "test") -> None:
        """Put a record of these messages into the journal."""
        self.journal.append(source, [json.dumps(m).encode() for m in messages])

    def tick_until_live(self) -> None:
        """Tick until Redis is found to be back: it is tried beside the ticks."""

        def is_live() -> bool:
            self.now += 1
            self.pipeline.tick()
            return not self.away()[1]

        wait_for("live updates to go on", is_live)

    def away(self) -> tuple[bool, bool]:
        """Whether the pipeline says that the database, and that Redis, is away."""
        pipeline = self.pipeline
        return pipeline.status.database_problem is not None, pipeline.live_state.problem is not None

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Ask the database."""
        with psycopg.connect(conninfo(self.url), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()

    def run(self, statement: str) -> None:
        """Run a statement without an answer."""
        with psycopg.connect(conninfo(self.url), autocommit=True) as connection:
            connection.execute(statement.encode())

    def shown(self) -> dict[int, tuple[int, float]]:
        """What Redis shows: device id to (ts, lat)."""
        with redis.Redis.from_url(self.redis_url) as client:
            records = unpack(b"".join(client.hvals(LATEST)))
        return {int(r["id"]): (int(r["ts"]), float(r["lat"])) for r in records}


def fix(device: str, second: float, **more: object) -> dict[str, object]:
    """A message `second` after T0."""
    return {"device_id": device, "ts": T0 + second, "lat": 30.0 + second / 1000, "lon": -97.0, **more}
