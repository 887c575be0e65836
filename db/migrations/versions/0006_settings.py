"""Settings that admins change while Waypost runs, who changed what, and names of devices that admins gave.

Revision ID: 0006
Revises: 0005
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# `given` holds the label and fleet that an admin gave a device, `sent` those that the device sends itself: taking
# back the first shows the second again. `label` and `fleet` are what is shown.
TABLES = """
CREATE TABLE setting (
    name text PRIMARY KEY,
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    updated_by text NOT NULL
);
CREATE TABLE audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL,
    what text NOT NULL,
    before jsonb,
    after jsonb
);
CREATE INDEX audit_what ON audit (what, id);
ALTER TABLE device
    ADD COLUMN sent jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN given jsonb NOT NULL DEFAULT '{}';
UPDATE device SET sent = jsonb_strip_nulls(jsonb_build_object('label', label, 'fleet', fleet));
"""


def upgrade() -> None:
    """Make them."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them; devices are called again as they call themselves."""
    op.execute(
        "UPDATE device SET label = sent->>'label', fleet = sent->>'fleet' WHERE given <> '{}';"
        "ALTER TABLE device DROP COLUMN sent, DROP COLUMN given; DROP TABLE audit; DROP TABLE setting"
    )
