"""One who tells of alerts, on a database of a test, by a clock of the test."""

from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from core.alert_conditions import Metric
from core.alerts import Rule
from core.site import Calling
from db.alert_rules import put_rule, remove_rule
from db.database import conninfo
from db.telling import Outbox
from db.watching import look
from ingest.telling import NotTaken, Telling
from tests.ingest.receiver import Call, Receiver

PATIENCE_S = 60.0
FAST = Rule("fast", Metric(metric="speed", op="above", limit=25.0))


Answers = Callable[[Call], int | None]
Receive = Callable[..., Receiver]


class Caller:
    """A database with devices that are too fast, and who tells of that, by a clock of the test."""

    def __init__(self, engine: Engine, url: URL) -> None:
        self.engine, self.url = engine, url
        self.now = 100.0
        self.webhook: str | None = None
        self.tellings: list[Telling] = []
        self.telling = self.another()

    def another(self, timeout_s: float = PATIENCE_S) -> Telling:
        """One more who tells, as another process would."""
        made = Telling(
            Outbox(conninfo(self.url)), lambda: Calling(self.webhook, 365), clock=lambda: self.now, timeout_s=timeout_s
        )
        self.tellings.append(made)
        return made

    def look(self, at: datetime | None = None) -> None:
        """What the watch does at each turn."""
        with psycopg.connect(conninfo(self.url), autocommit=True, options="-c timezone=UTC") as connection:
            look(connection, at or datetime.now(UTC), tells=self.webhook is not None)

    def rule(self) -> None:
        """Watch for them."""
        with self.engine.begin() as connection:
            put_rule(connection, FAST, "ann")

    def end(self) -> None:
        """Every alert closes."""
        with self.engine.begin() as connection:
            remove_rule(connection, FAST.name, "ann")

    def drive(self, *names: str) -> None:
        """Devices that are too fast."""
        with self.engine.begin() as connection:
            for name in names:
                connection.exec_driver_sql(
                    "WITH d AS (INSERT INTO device (name, attributes) VALUES (%s, '{}') RETURNING id)"
                    " INSERT INTO latest (device_id, ts, received_at, speed, measurements)"
                    " SELECT id, now(), now(), 30, '{}' FROM d",
                    (name,),
                )

    def problem(self) -> str | None:
        """What a turn says is wrong."""
        try:
            self.telling.turn()
        except NotTaken as error:
            return str(error)
        return None

    def untold(self) -> list[tuple[int, bool, bool]]:
        """Alerts that nobody was told of: id, whether that it opened, whether that it closed."""
        with self.engine.connect() as connection:
            found = connection.exec_driver_sql(
                "SELECT id, NOT told_opened, NOT told_closed FROM alert WHERE NOT told_opened OR NOT told_closed"
                " ORDER BY id"
            )
            return [tuple(row) for row in found]
