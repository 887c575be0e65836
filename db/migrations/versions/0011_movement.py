"""Sums of unit vectors in the rollups of positions, for means of headings; distance and time moving by the hour.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

from db.engine import engine_of
from db.rollups import POSITION_1H, POSITION_1M, one_shape

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# By `ts`, the start of the hour, so that engines keep and expire it as any other table of rows over time.
MOVEMENT = """
    ts timestamptz NOT NULL,
    device_id integer NOT NULL,
    legs integer NOT NULL,
    distance_m double precision NOT NULL,
    moving_s double precision NOT NULL,
    CONSTRAINT movement_device_ts UNIQUE (device_id, ts)
"""
# What is stored already has no such statistics yet.
MARK_ALL = """
INSERT INTO dirty_bucket (rollup, bucket)
SELECT DISTINCT '{rollup}', date_trunc('{unit}', ts AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM position
"""
MARKED = (("position_1m", "minute"), ("position_1h", "hour"), ("movement", "hour"))


def upgrade() -> None:
    """Widen the rollups, make the table, and mark all that is stored."""
    connection = op.get_bind()
    engine = engine_of(connection)
    for level in ("1h", "1m"):
        op.execute(f"DROP VIEW rollup_{level}")
    engine.widen_rollups(connection, (POSITION_1M, POSITION_1H))
    for level in ("1m", "1h"):
        op.execute(one_shape(level))
    engine.create(connection, "movement", MOVEMENT)
    for rollup, unit in MARKED:
        op.execute(MARK_ALL.format(rollup=rollup, unit=unit))


def downgrade() -> None:
    """Drop the table; columns more than an older version knows do no harm."""
    op.execute("DROP TABLE movement")
    op.execute("DELETE FROM dirty_bucket WHERE rollup = 'movement'")
