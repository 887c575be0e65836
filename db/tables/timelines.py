"""Events, and the states that they lead to."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.tables.base import MOMENT, metadata

event = Table(
    "event",
    metadata,
    Column("ts", MOMENT, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("id", BigInteger, nullable=False),
    Column("digest", BigInteger, nullable=False),
    Column("device_id", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("machine", Text),
    Column("state", Text),
    Column("marks", ARRAY(Text), nullable=False),
    Column("data", JSONB),
    UniqueConstraint("device_id", "ts", "type", "digest", name="event_device_ts_type_digest"),
)

event_frontier = Table(
    "event_frontier",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("ts", MOMENT, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("rules", BigInteger, nullable=False),
)

device_state = Table(
    "device_state",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("machine", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("ts", MOMENT, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("event_id", BigInteger, nullable=False),
)
