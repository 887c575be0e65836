"""What people keep in Waypost: accounts, tokens, settings, notes on charts, and the audit."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.tables.base import MOMENT, metadata

app_user = Table(
    "app_user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", MOMENT, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
    Column("updated_by", Text, nullable=False),
)

annotation = Table(
    "annotation",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("starts_at", MOMENT, nullable=False),
    Column("ends_at", MOMENT),
    Column("device_id", Integer),
    Column("text", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("at", MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("before", JSONB),
    Column("after", JSONB),
)
