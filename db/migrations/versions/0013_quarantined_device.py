"""Which device a message in the quarantine is of, where it says so before what cannot be used.

Revision ID: 0013
Revises: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

COLUMN = """
ALTER TABLE quarantine ADD COLUMN device text;
CREATE INDEX quarantine_device ON quarantine (device, received_at) WHERE device IS NOT NULL;
"""


def upgrade() -> None:
    """Add the column; what is kept already stays without."""
    op.execute(COLUMN)


def downgrade() -> None:
    """Drop it, and the index with it."""
    op.execute("ALTER TABLE quarantine DROP COLUMN device")
