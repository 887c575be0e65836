"""How many messages of each device came again and changed nothing, by the hour.

Revision ID: 0012
Revises: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A row only where there were any: no table of rows over time, for an engine to keep.
REPEATED = """
CREATE TABLE repeated (
    device_id integer NOT NULL,
    hour timestamptz NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (device_id, hour)
)
"""


def upgrade() -> None:
    """Make the table; of what was stored before, the ledger alone knows."""
    op.execute(REPEATED)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP TABLE repeated")
