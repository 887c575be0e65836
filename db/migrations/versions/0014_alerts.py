"""Alerts: the rules that watch devices and spaces, what they found, and geofences.

Revision ID: 0014
Revises: 0013
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

# Corners of a geofence are a JSON list of [latitude, longitude], the last one leading back to the first.
GEOFENCE = """
CREATE TABLE geofence (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    corners jsonb NOT NULL,
    author text NOT NULL,
    updated_at timestamptz NOT NULL
);
"""
# `problem` is why a rule cannot watch, such as a space that is no more; null while it can.
RULE = """
CREATE TABLE alert_rule (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    condition jsonb NOT NULL,
    for_s double precision NOT NULL CHECK (for_s >= 0),
    clear_s double precision NOT NULL CHECK (clear_s >= 0),
    severity text NOT NULL,
    enabled boolean NOT NULL,
    problem text,
    author text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
"""
# Pending while `opened_at` is null. Rule, condition and subject are kept as they were, whatever becomes of the rule.
# `told_*`: whether who is to be called has been, or nobody was to be.
ALERT = """
CREATE TABLE alert (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule_id integer REFERENCES alert_rule ON DELETE SET NULL,
    rule text NOT NULL,
    condition jsonb NOT NULL,
    severity text NOT NULL,
    subject_kind text NOT NULL,
    subject_id integer NOT NULL,
    subject text NOT NULL,
    since timestamptz NOT NULL,
    opened_at timestamptz,
    ended_at timestamptz,
    closed_at timestamptz CHECK (closed_at >= opened_at),
    value double precision,
    worst double precision,
    acked_at timestamptz,
    acked_by text,
    ack_note text,
    told_opened boolean NOT NULL DEFAULT true,
    told_closed boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX alert_active ON alert (rule_id, subject_kind, subject_id) WHERE closed_at IS NULL;
CREATE INDEX alert_opened_at ON alert (opened_at DESC, id DESC) WHERE opened_at IS NOT NULL;
CREATE INDEX alert_subject ON alert (subject_kind, subject_id, opened_at DESC) WHERE opened_at IS NOT NULL;
CREATE INDEX alert_to_tell ON alert (id) WHERE NOT told_opened OR NOT told_closed;
"""
# One row: when was looked last, since when without a gap, and how often that is done.
WATCH = """
CREATE TABLE alert_watch (
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    turned_at timestamptz NOT NULL,
    seen_from timestamptz NOT NULL,
    every_s double precision NOT NULL
);
"""


def upgrade() -> None:
    """Make them."""
    for statement in (GEOFENCE, RULE, ALERT, WATCH):
        op.execute(statement)


def downgrade() -> None:
    """Drop them, and what was found."""
    op.execute("DROP TABLE alert_watch, alert, alert_rule, geofence")
