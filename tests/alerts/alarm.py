"""A database with a watch on it that looks when it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.alert_conditions import Condition
from core.alerts import Rule
from core.types import Message, from_micros
from db.alert_rules import put_rule
from db.database import conninfo
from db.queries.alerts import (
    Alert,
    Filter,
    list_alerts,
    list_rules,
)
from db.records import records_of
from db.watching import Turn, look
from db.write import Latest
from tests.db.conftest import T0, Storing

NOW = from_micros(T0) + timedelta(minutes=1)
SQUARE = ((30.0, -98.0), (31.0, -98.0), (31.0, -97.0), (30.0, -97.0))


class Alarm:
    """A database, with a watch that looks when it is told to."""

    def __init__(self, engine: Engine, connection: psycopg.Connection, storing: Storing) -> None:
        self.engine, self.connection, self.storing = engine, connection, storing

    def send(self, *messages: Message) -> None:
        """Store messages as the ingest does, the newest of each device being its live state."""
        batch = self.storing.batch(messages)
        devices = self.storing.registry.devices
        records = records_of(messages, [devices[one.device] for one in messages])
        values = {
            devices[one.device]: {name: (value, one.ts) for name, value in one.values.items()}
            for one in messages
            if one.values
        }
        self.storing.writer.store(batch, Latest(records, values))

    def rule(self, condition: Condition, name: str = "rule", **more: object) -> None:
        """Set one up."""
        with self.engine.begin() as connection:
            put_rule(connection, Rule(name, condition, **more), "ann")  # type: ignore[arg-type]  # test data

    def look(self, after_s: float = 0.0, **more: bool) -> Turn:
        """A turn, so many seconds after NOW."""
        return look(self.connection, NOW + timedelta(seconds=after_s), **more)

    def alerts(self, **asked: object) -> tuple[Alert, ...]:
        """What is found."""
        with self.engine.connect() as connection:
            return list_alerts(connection, Filter(**asked)).items  # type: ignore[arg-type]  # test data

    def open(self) -> list[str]:
        """The subjects of open alerts."""
        return sorted(one.subject for one in self.alerts(state="open"))

    def problem(self) -> str | None:
        """What the rule says is wrong."""
        with self.engine.connect() as connection:
            return list_rules(connection)[0].problem


def at(second: float) -> datetime:
    """So many seconds after NOW."""
    return NOW + timedelta(seconds=second)


@contextmanager
def alarm_on(engine: Engine, url: URL, storing: Storing) -> Iterator[Alarm]:
    """On a database of its own."""
    with psycopg.connect(conninfo(url), autocommit=True, options="-c timezone=UTC") as connection:
        yield Alarm(engine, connection, storing)
