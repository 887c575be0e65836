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
DUPLICATES = """
CREATE TABLE duplicate (
    device_id integer NOT NULL,
    hour timestamptz NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (device_id, hour)
)
"""
# A row a batch, added up by a job: a row a device and batch took a sixth of the time of storing.
NOTES = """
CREATE TABLE duplicate_note (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_ids integer[] NOT NULL,
    hours bigint[] NOT NULL,
    counts bigint[] NOT NULL
)
"""


def upgrade() -> None:
    """Make the tables; of what was stored before, the ledger alone knows."""
    op.execute(DUPLICATES)
    op.execute(NOTES)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE duplicate_note")
    op.execute("DROP TABLE duplicate")
