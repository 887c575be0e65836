"""A block-range index of the buckets of a rollup: the ragged ends of a span are read as ranges, not device by device.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

from db.engine import engine_of
from db.rollups import ROLLUPS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them where the engine has any."""
    connection = op.get_bind()
    engine = engine_of(connection)
    for rollup in ROLLUPS:
        engine.renew_rollup(connection, rollup)


def downgrade() -> None:
    """Drop them."""
    for rollup in ROLLUPS:
        op.execute(f"DROP INDEX IF EXISTS {rollup.name}_kept_bucket")
