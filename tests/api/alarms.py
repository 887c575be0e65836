"""What tests of alerts share: people and tokens, devices and a space to watch, and a watch that looks when it is told
to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import psycopg
from argon2 import PasswordHasher
from sqlalchemy import Engine

from auth.first_start import hash_token
from core.alerts import Rule
from core.occupancy import Hours
from db import spaces
from db.access import add_token, add_user
from db.alert_rules import put_rule
from db.database import conninfo
from db.watching import look
from tests.api.conftest import Client

OURS = {"origin": "http://localhost:8050"}
ADMIN = {"authorization": "Bearer admin token"}
INGEST = {"authorization": "Bearer ingest token"}
SPEED = {"kind": "metric", "metric": "speed", "op": "above", "limit": 25}


class Alarm:
    """An API with all of that."""

    def __init__(self, client: Client, engine: Engine) -> None:
        self.client, self.engine = client, engine
        hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        with engine.begin() as connection:
            for name, role in (("ann", "analyst"), ("bob", "analyst"), ("vera", "viewer"), ("root", "admin")):
                add_user(connection, name, hasher.hash("right"), role)
            add_token(connection, "a", hash_token("admin token"), ["admin"])
            add_token(connection, "i", hash_token("ingest token"), ["ingest"])
            spaces.put_space(connection, "Hall", 100, Hours("UTC", None, None, None), "root")

    def sign_in(self, name: str) -> None:
        """From here on it is they who ask."""
        answer = self.client("POST", "/api/v1/session", json={"user": name, "password": "right"}, headers=OURS)
        assert answer.status_code == 200

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] = OURS) -> httpx.Response:
        """As whoever has signed in, from one of our pages; or with a token."""
        more = {} if body is None else {"json": body}
        return self.client(method, f"/api/v1{path}", headers=headers, **more)

    def send(self, path: str, body: bytes, method: str = "PUT") -> httpx.Response:
        """A body as it is."""
        headers = ADMIN | {"content-type": "application/json"}
        return self.client(method, f"/api/v1{path}", content=body, headers=headers)

    def drive(self, speeds: dict[str, float]) -> None:
        """Devices that move so fast, in m/s."""
        with self.engine.begin() as connection:
            for name, speed in speeds.items():
                connection.exec_driver_sql(
                    "WITH d AS (INSERT INTO device (name, attributes) VALUES (%s, '{}')"
                    " ON CONFLICT (name) DO UPDATE SET last_seen = now() RETURNING id)"
                    " INSERT INTO latest (device_id, ts, received_at, speed, measurements)"
                    " SELECT id, now(), now(), %s, '{}' FROM d"
                    " ON CONFLICT (device_id) DO UPDATE SET speed = excluded.speed, received_at = now()",
                    (name, speed),
                )

    def rules(self, rules: Sequence[Rule], by: str = "ann") -> None:
        """Set them up."""
        with self.engine.begin() as connection:
            for rule in rules:
                put_rule(connection, rule, by)

    def look(self, at: datetime | None = None) -> None:
        """A turn of the watch."""
        url = conninfo(self.engine.url)
        with psycopg.connect(url, autocommit=True, options="-c timezone=UTC") as connection:
            look(connection, at or datetime.now(UTC))
