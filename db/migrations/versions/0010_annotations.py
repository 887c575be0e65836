"""Annotations: what people write beside the data, over a span or at a moment.

Revision ID: 0010
Revises: 0009
"""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# `ends_at` null: a moment. `device_id` null: about no device in particular. `author` is a name, not a key: what
# somebody has written stays when the user is gone.
ANNOTATION = """
CREATE TABLE annotation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz CHECK (ends_at > starts_at),
    device_id integer,
    text text NOT NULL,
    author text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX annotation_starts_at ON annotation (starts_at);
"""


def upgrade() -> None:
    """Make it."""
    op.execute(ANNOTATION)


def downgrade() -> None:
    """Drop it, and what people wrote."""
    op.execute("DROP TABLE annotation")
