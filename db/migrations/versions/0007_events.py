"""Events get an id, the state that they lead to, and their marks; two of one type and moment may differ in their data.

Revision ID: 0007
Revises: 0006
"""

import psycopg
from alembic import op
from sqlalchemy import Connection, text

from db.engine import engine_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# In order of width. `digest` tells data apart: 0 for none. `machine` and `state` are NULL where no machine knows the
# type; `marks` say what was found when the event was judged.
EVENT = """
    ts timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    id bigint NOT NULL DEFAULT nextval('event_id'),
    digest bigint NOT NULL DEFAULT 0,
    device_id integer NOT NULL,
    type text NOT NULL,
    machine text,
    state text,
    marks text[] NOT NULL DEFAULT '{}',
    data jsonb,
    CONSTRAINT event_device_ts_type_digest UNIQUE (device_id, ts, type, digest)
"""
EVENT_BEFORE = """
    ts timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    device_id integer NOT NULL,
    type text NOT NULL,
    data jsonb,
    CONSTRAINT event_device_ts_type UNIQUE (device_id, ts, type)
"""
# Newest first of all devices, of one type, and of those with marks, which are few.
INDEXES = (
    "CREATE INDEX event_ts ON event (ts, id)",
    "CREATE INDEX event_type_ts ON event (type, ts, id)",
    "CREATE INDEX event_marked ON event (ts, id) WHERE marks <> '{}'",
)
TAKE_OUT = "CREATE TEMP TABLE event_kept ON COMMIT DROP AS SELECT ts, received_at, device_id, type, data FROM event"
PUT_BACK = """
INSERT INTO event (ts, received_at, device_id, type, data)
SELECT ts, received_at, device_id, type, data FROM event_kept ORDER BY ts ON CONFLICT DO NOTHING
"""


def upgrade() -> None:
    """Make the table anew, and put back what it held."""
    op.execute("CREATE SEQUENCE event_id")
    _make_anew(op.get_bind(), EVENT)
    for index in INDEXES:
        op.execute(index)


def downgrade() -> None:
    """The same the other way round: of events that differ in their data alone the first stays."""
    _make_anew(op.get_bind(), EVENT_BEFORE)
    op.execute("DROP SEQUENCE event_id")


def _make_anew(connection: Connection, columns: str) -> None:
    """A hypertable that compresses takes no new constraint, and a partition keeps its name while its table is there."""
    engine = engine_of(connection)
    connection.execute(text(TAKE_OUT))
    connection.execute(text("DROP TABLE event"))
    engine.create(connection, "event", columns)
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)  # noqa: S101 - there is no other driver
    days = connection.execute(text("SELECT DISTINCT (ts AT TIME ZONE 'UTC')::date FROM event_kept")).scalars()
    engine.make_room(raw, "event", sorted(days))
    connection.execute(text(PUT_BACK))
    connection.execute(text("DROP TABLE event_kept"))
