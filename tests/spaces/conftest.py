"""What tests of spaces share: doors that people pass, stored by the real writer, and a plain recomputation."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import floor

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.occupancy import Hours, LiveCount
from core.types import Message, to_micros
from db import spaces
from db.batch import Batch
from db.database import conninfo
from db.engine import engine_of
from db.queries.occupancy import Counted, count_at
from db.queries.spaces import Space, get_space, live_counts
from db.reconcile import reconcile
from db.spaces import Placing
from db.write import Writer
from tests.db.conftest import Storing

DAY0 = datetime(2026, 1, 5, tzinfo=UTC)
NOW = datetime(2026, 1, 12, 12, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Passage:
    """So many people through a door, in (1) or out (-1)."""

    ts: datetime
    device: str
    direction: int
    count: int = 1

    def message(self) -> Message:
        """As a sensor sends it."""
        ts = to_micros(self.ts)
        both = (self.count, 0) if self.direction > 0 else (0, self.count)
        return Message(self.device, ts, ts + 250_000, crossing=both)


@dataclass
class Plain:
    """The count of a space by adding everything up, with none of the code under test."""

    passages: set[Passage] = field(default_factory=set)
    placings: Sequence[Placing] = ()
    known: dict[datetime, int] = field(default_factory=dict)
    empty_hour: int | None = None

    def steps(self) -> list[tuple[datetime, int, int]]:
        """Moment, signed change and passages of what counts."""
        return sorted(
            (p.ts, where.sign * p.direction * p.count, p.count)
            for p in self.passages
            for where in self.placings
            if where.device == p.device
            and where.valid_from <= p.ts
            and (where.valid_to is None or p.ts < where.valid_to)
        )

    def anchors(self) -> dict[datetime, int]:
        """All known counts, closing hours among them."""
        hours = (
            [] if self.empty_hour is None else [DAY0 + timedelta(days=n, hours=self.empty_hour) for n in range(-9, 9)]
        )
        return {**dict.fromkeys(hours, 0), **self.known}

    def at(self, moment: datetime) -> tuple[int, int, bool] | None:
        """The count, the raw sum since the last known count, and whether drift was taken out."""
        steps, anchors = self.steps(), self.anchors()
        first = min([ts for ts, *_ in steps] + list(self.known), default=None)
        if first is None or first > moment:
            return None
        start = max((ts for ts in anchors if ts <= moment), default=first)
        end = min((ts for ts in anchors if ts > moment), default=None)
        base = anchors.get(start, 0)
        within = [step for step in steps if step[0] >= start and step[0] <= moment]
        raw, done = base + sum(step[1] for step in within), sum(step[2] for step in within)
        if end is None or end > NOW - timedelta(minutes=6):
            return max(0, raw), raw, False
        whole = [step for step in steps if start <= step[0] < end]
        drift, passages = base + sum(step[1] for step in whole) - anchors[end], sum(step[2] for step in whole)
        part = Fraction(done, passages) if passages else (moment - start) / (end - start)
        return max(0, raw - floor(Fraction(drift) * Fraction(part) + Fraction(1, 2))), raw, True


class Doors:
    """A database with doors and spaces."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self.engine = engine
        with engine.connect() as connection:
            self.storage = engine_of(connection)
        self.url = url
        self.storing = Storing(Writer(conninfo(url), self.storage))

    def register(self, *names: str) -> None:
        """Make devices known."""
        self.storing.registry.add_devices(self.storing.writer.connection(), names)

    def space(self, name: str, empty_hour: int | None = None, capacity: int | None = None) -> Space:
        """Make a space; `empty_hour` is of UTC."""
        empty_at = None if empty_hour is None else (DAY0 + timedelta(hours=empty_hour)).time()
        with self.engine.begin() as connection:
            spaces.put_space(connection, name, capacity, Hours("UTC", None, None, empty_at), "tester")
            found = get_space(connection, name)
        assert found is not None
        return found

    def place(self, where: Space, *placings: Placing) -> None:
        """Say where its sensors sit."""
        with self.engine.begin() as connection:
            spaces.put_placements(connection, where, placings, "tester")

    def count_by_hand(self, where: Space, ts: datetime, count: int) -> None:
        """Somebody has counted."""
        with self.engine.begin() as connection:
            spaces.note_count(connection, where, ts, count, "tester")

    def remove(self, where: Space) -> None:
        """Forget a space."""
        with self.engine.begin() as connection:
            spaces.remove_space(connection, where, "tester")

    def pass_through(self, passages: Iterable[Passage]) -> Batch:
        """Store crossings as the ingest does."""
        batch = self.storing.batch([p.message() for p in passages])
        self.storing.writer.store(batch)
        return batch

    def reconcile(self, now: datetime = NOW) -> int:
        """A turn of the job."""
        with psycopg.connect(conninfo(self.url), autocommit=True, options="-c timezone=UTC") as connection:
            return reconcile(connection, self.storage, now)

    def at(self, where: Space, moment: datetime) -> Counted | None:
        """The count at a moment."""
        with self.engine.connect() as connection:
            return count_at(connection, where, moment)

    def live(self, where: Space) -> LiveCount:
        """The count of now."""
        with self.engine.connect() as connection:
            return live_counts(connection, where.name)[where.name]

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Ask in SQL."""
        with psycopg.connect(conninfo(self.url), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()


@pytest.fixture
def doors(engine: Engine, database_url: URL) -> Iterator[Doors]:
    """On an empty database."""
    made = Doors(engine, database_url)
    yield made
    made.storing.writer.close()
