"""What is watched, and what was found."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Integer, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import MOMENT, metadata

geofence = Table(
    "geofence",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("corners", JSONB, nullable=False),
    Column("author", Text, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
)

alert_rule = Table(
    "alert_rule",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("condition", JSONB, nullable=False),
    Column("for_s", Double, nullable=False),
    Column("clear_s", Double, nullable=False),
    Column("severity", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("problem", Text),
    Column("author", Text, nullable=False),
    Column("created_at", MOMENT, nullable=False),
    Column("updated_at", MOMENT, nullable=False),
)

alert = Table(
    "alert",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("rule_id", Integer, ForeignKey("alert_rule.id")),
    Column("rule", Text, nullable=False),
    Column("condition", JSONB, nullable=False),
    Column("severity", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject_id", Integer, nullable=False),
    Column("subject", Text, nullable=False),
    Column("since", MOMENT, nullable=False),
    Column("opened_at", MOMENT),
    Column("ended_at", MOMENT),
    Column("closed_at", MOMENT),
    Column("value", Double),
    Column("worst", Double),
    Column("acked_at", MOMENT),
    Column("acked_by", Text),
    Column("ack_note", Text),
    Column("told_opened", Boolean, nullable=False),
    Column("told_closed", Boolean, nullable=False),
)

alert_watch = Table(
    "alert_watch",
    metadata,
    Column("id", Boolean, primary_key=True),
    Column("turned_at", MOMENT, nullable=False),
    Column("seen_from", MOMENT, nullable=False),
    Column("every_s", Double, nullable=False),
)
