"""Spaces, the sensors at their doors, and how many are in them."""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Integer,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
)

from db.tables.base import MOMENT, metadata

crossing = Table(
    "crossing",
    metadata,
    Column("ts", MOMENT, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("device_id", Integer, nullable=False),
    Column("direction", SmallInteger, nullable=False),
    Column("count", Integer, nullable=False),
)

occupancy = Table(
    "occupancy",
    metadata,
    Column("ts", MOMENT, nullable=False),
    Column("reconciled_at", MOMENT),
    Column("space_id", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("reconciled_count", Integer),
    Column("passages", BigInteger, nullable=False),
    Column("low", Integer),
    Column("high", Integer),
)

space = Table(
    "space",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("capacity", Integer),
    Column("zone", Text, nullable=False),
    Column("opens", Time),
    Column("closes", Time),
    Column("empty_at", Time),
    Column("created_at", MOMENT, nullable=False),
)

placement = Table(
    "placement",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space_id", Integer, ForeignKey("space.id"), nullable=False),
    Column("device_id", Integer, ForeignKey("device.id"), nullable=False),
    Column("sign", SmallInteger, nullable=False),
    Column("valid_from", MOMENT, nullable=False),
    Column("valid_to", MOMENT),
)

anchor = Table(
    "anchor",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space_id", Integer, ForeignKey("space.id"), nullable=False),
    Column("ts", MOMENT, nullable=False),
    Column("count", Integer, nullable=False),
    Column("noted_at", MOMENT, nullable=False),
    Column("noted_by", Text, nullable=False),
    UniqueConstraint("space_id", "ts", name="anchor_space_ts"),
)

space_state = Table(
    "space_state",
    metadata,
    Column("space_id", Integer, ForeignKey("space.id"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("base", Integer, nullable=False),
    Column("since", Integer, nullable=False),
    Column("base_at", MOMENT),
    Column("next_base_at", MOMENT),
    Column("known_from", MOMENT),
    Column("newest", MOMENT),
    Column("reconciled_until", MOMENT),
)

occupancy_mark = Table(
    "occupancy_mark",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("space_id", Integer, ForeignKey("space.id"), nullable=False),
    Column("first", MOMENT, nullable=False),
    Column("last", MOMENT, nullable=False),
    Column("why", Text, nullable=False),
)

stretch = Table(
    "stretch",
    metadata,
    Column("space_id", Integer, ForeignKey("space.id"), primary_key=True),
    Column("started_at", MOMENT, primary_key=True),
    Column("ended_at", MOMENT),
    Column("base", Integer, nullable=False),
    Column("end_count", Integer),
    Column("end_kind", Text),
    Column("passages", BigInteger, nullable=False),
    Column("drift", Integer, nullable=False),
    Column("variance", Double, nullable=False),
    Column("reconciled_at", MOMENT, nullable=False),
)

reconciliation = Table(
    "reconciliation",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("space_id", Integer, ForeignKey("space.id"), nullable=False),
    Column("reconciled_at", MOMENT, nullable=False),
    Column("first", MOMENT, nullable=False),
    Column("last", MOMENT, nullable=False),
    Column("why", Text, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("largest", Integer, nullable=False),
)
