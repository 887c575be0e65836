"""Rollups of plain PostgreSQL look into their source for marked buckets alone: a day's summary read all there was.

Revision ID: 0004
Revises: 0003
"""

from alembic import op

from db.engine import engine_of
from db.rollups import ROLLUPS

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the views anew."""
    connection = op.get_bind()
    engine = engine_of(connection)
    for rollup in ROLLUPS:
        engine.renew_rollup(connection, rollup)


def downgrade() -> None:
    """Nothing: the views before had the same columns, and Waypost of that revision reads these as well."""
