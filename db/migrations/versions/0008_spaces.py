"""Spaces, where their sensors sit, known counts, and what reconciliation keeps.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# The ranges of single integers stand in for equality, which GiST has only with the extension btree_gist.
# `occupancy_mark`: marks are only ever added and deleted, so that a writer does not wait for a reconciliation.
TABLES = """
CREATE TABLE space (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    capacity integer CHECK (capacity > 0),
    zone text NOT NULL DEFAULT 'UTC',
    opens time,
    closes time,
    empty_at time,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE placement (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    space_id integer NOT NULL REFERENCES space ON DELETE CASCADE,
    device_id integer NOT NULL REFERENCES device,
    sign smallint NOT NULL CHECK (sign IN (-1, 1)),
    valid_from timestamptz NOT NULL,
    valid_to timestamptz CHECK (valid_to > valid_from),
    CONSTRAINT placement_once EXCLUDE USING gist (
        int4range(space_id, space_id, '[]') WITH &&,
        int4range(device_id, device_id, '[]') WITH &&,
        tstzrange(valid_from, valid_to) WITH &&
    )
);
CREATE INDEX placement_device ON placement (device_id);
CREATE INDEX placement_space ON placement (space_id);
CREATE TABLE anchor (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    space_id integer NOT NULL REFERENCES space ON DELETE CASCADE,
    ts timestamptz NOT NULL,
    count integer NOT NULL CHECK (count >= 0),
    noted_at timestamptz NOT NULL DEFAULT now(),
    noted_by text NOT NULL,
    CONSTRAINT anchor_space_ts UNIQUE (space_id, ts)
);
-- Updated with each batch that holds crossings: half-empty pages keep those updates on their page (HOT).
CREATE TABLE space_state (
    space_id integer PRIMARY KEY REFERENCES space ON DELETE CASCADE,
    version bigint NOT NULL,
    base integer NOT NULL DEFAULT 0,
    since integer NOT NULL DEFAULT 0,
    base_at timestamptz,
    next_base_at timestamptz,
    known_from timestamptz,
    newest timestamptz,
    reconciled_until timestamptz
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE occupancy_mark (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    space_id integer NOT NULL REFERENCES space ON DELETE CASCADE,
    first timestamptz NOT NULL,
    last timestamptz NOT NULL,
    why text NOT NULL
);
CREATE INDEX occupancy_mark_space ON occupancy_mark (space_id, first);
CREATE TABLE stretch (
    space_id integer NOT NULL REFERENCES space ON DELETE CASCADE,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    base integer NOT NULL,
    end_count integer,
    end_kind text CHECK (end_kind IN ('closing', 'manual')),
    passages bigint NOT NULL,
    drift integer NOT NULL,
    variance double precision NOT NULL,
    reconciled_at timestamptz NOT NULL,
    PRIMARY KEY (space_id, started_at)
);
CREATE TABLE reconciliation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    space_id integer NOT NULL REFERENCES space ON DELETE CASCADE,
    reconciled_at timestamptz NOT NULL DEFAULT now(),
    first timestamptz NOT NULL,
    last timestamptz NOT NULL,
    why text NOT NULL,
    changed integer NOT NULL,
    largest integer NOT NULL
);
CREATE INDEX reconciliation_space ON reconciliation (space_id, id);
ALTER TABLE occupancy ADD COLUMN passages bigint NOT NULL DEFAULT 0;
ALTER TABLE occupancy ADD COLUMN low integer;
ALTER TABLE occupancy ADD COLUMN high integer;
"""


def upgrade() -> None:
    """Make them."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop them, and what they hold."""
    op.execute("ALTER TABLE occupancy DROP COLUMN passages, DROP COLUMN low, DROP COLUMN high")
    op.execute("DROP TABLE reconciliation, stretch, occupancy_mark, space_state, anchor, placement, space")
