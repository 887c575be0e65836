"""How far ingest has come, and the account of every message."""

from sqlalchemy import BigInteger, Boolean, Column, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY

from db.tables.base import MOMENT, metadata

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("source", Text, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("gaps", BigInteger, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
)

duplicate = Table(
    "duplicate",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("hour", MOMENT, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

duplicate_note = Table(
    "duplicate_note",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("device_ids", ARRAY(Integer), nullable=False),
    Column("hours", ARRAY(BigInteger), nullable=False),
    Column("counts", ARRAY(BigInteger), nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("received_at", MOMENT, nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("native", Boolean, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("device", Text),
)
