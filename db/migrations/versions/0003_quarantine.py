"""The quarantine: messages that could not be used, with the reason; and gaps in senders' sequence numbers.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# `native`: the payload is no longer what came from the wire, but the decoded message in SI units, as JSON.
# `again`: someone asked for it to be decoded again.
QUARANTINE = """
CREATE TABLE quarantine (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    source text NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    payload bytea NOT NULL,
    native boolean NOT NULL,
    again boolean NOT NULL DEFAULT false
);
CREATE INDEX quarantine_group ON quarantine (source, reason, id);
CREATE INDEX quarantine_again ON quarantine (id) WHERE again;
ALTER TABLE ledger ADD COLUMN gaps bigint NOT NULL DEFAULT 0;
"""


def upgrade() -> None:
    """Make it."""
    op.execute(QUARANTINE)


def downgrade() -> None:
    """Drop it, and what it holds."""
    op.execute("DROP TABLE quarantine; ALTER TABLE ledger DROP COLUMN gaps")
