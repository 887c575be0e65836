"""Rollups of a minute and an hour in one shape, and the tables of events, crossings and occupancy.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

from db.engine import engine_of
from db.rollups import ROLLUPS, one_shape

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Marks are only ever added and deleted, never updated or made unique: a writer must not wait for a roll-up.
TABLES = """
CREATE TABLE dirty_bucket (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rollup text NOT NULL,
    bucket timestamptz NOT NULL
);
CREATE INDEX dirty_bucket_rollup ON dirty_bucket (rollup, bucket);
"""
# What is stored already has never been rolled up.
MARK_ALL = """
INSERT INTO dirty_bucket (rollup, bucket)
SELECT DISTINCT '{table}_{level}', date_trunc('{unit}', ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM {table}
"""

EVENT = """
    ts timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    device_id integer NOT NULL,
    type text NOT NULL,
    data jsonb,
    CONSTRAINT event_device_ts_type UNIQUE (device_id, ts, type)
"""
CROSSING = """
    ts timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    device_id integer NOT NULL,
    direction smallint NOT NULL CHECK (direction IN (-1, 1)),
    count integer NOT NULL CHECK (count >= 0),
    CONSTRAINT crossing_device_ts_direction UNIQUE (device_id, ts, direction)
"""
OCCUPANCY = """
    ts timestamptz NOT NULL,
    reconciled_at timestamptz,
    space_id integer NOT NULL,
    count integer NOT NULL,
    reconciled_count integer,
    CONSTRAINT occupancy_space_ts UNIQUE (space_id, ts)
"""
HYPERTABLES = {"event": EVENT, "crossing": CROSSING, "occupancy": OCCUPANCY}


def upgrade() -> None:
    """Make them, and mark all that is stored for rolling up."""
    connection = op.get_bind()
    engine = engine_of(connection)
    op.execute(TABLES)
    for rollup in ROLLUPS:
        engine.create_rollup(connection, rollup)
    for level, unit in (("1m", "minute"), ("1h", "hour")):
        op.execute(one_shape(level))
        for table in ("position", "measurement"):
            op.execute(MARK_ALL.format(table=table, level=level, unit=unit))
    for table, columns in HYPERTABLES.items():
        engine.create(connection, table, columns)


def downgrade() -> None:
    """Drop them; raw rows stay."""
    connection = op.get_bind()
    engine = engine_of(connection)
    for table in HYPERTABLES:
        op.execute(f"DROP TABLE {table}")
    for level in ("1h", "1m"):
        op.execute(f"DROP VIEW rollup_{level}")
    for rollup in reversed(ROLLUPS):
        engine.drop_rollup(connection, rollup)
    op.execute("DROP TABLE dirty_bucket")
