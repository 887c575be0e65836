"""What events are judged by: the newest of each device, and the state of each of its machines.

Revision ID: 0009
Revises: 0008
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# A state outlives the event that led to it, which is dropped after so many days: a door that stays open is open.
# `rules` says by which rules a device's events were judged; those of others are judged anew, one device after another.
TABLES = """
CREATE TABLE event_frontier (
    device_id integer PRIMARY KEY,
    ts timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    rules bigint NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX event_frontier_rules ON event_frontier (rules);
CREATE TABLE device_state (
    device_id integer NOT NULL,
    machine text NOT NULL,
    state text NOT NULL,
    ts timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    event_id bigint NOT NULL,
    PRIMARY KEY (device_id, machine)
) WITH (fillfactor = 50);
INSERT INTO event_frontier SELECT device_id, max(ts), max(received_at), 0 FROM event GROUP BY device_id;
"""


def upgrade() -> None:
    """Make them; what is stored already is judged soon after."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them."""
    op.execute("DROP TABLE device_state, event_frontier")
