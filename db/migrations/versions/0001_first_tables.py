"""Devices, positions, measurements, the live state, the checkpoint, the ledger, and who may come in.

Revision ID: 0001
Revises: none
"""

from alembic import op

from db.engine import engine_of

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE device (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    label text,
    kind text,
    fleet text,
    attributes jsonb NOT NULL DEFAULT '{}',
    first_seen timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE metric (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    unit text,
    label text NOT NULL,
    stored_in text NOT NULL CHECK (stored_in IN ('position', 'measurement'))
);
INSERT INTO metric (name, unit, label, stored_in) VALUES
    ('speed', 'm/s', 'Speed', 'position'),
    ('altitude', 'm', 'Altitude', 'position'),
    ('heading', 'deg', 'Heading', 'position');
-- Updated several times a second a device: half-empty pages keep those updates on their page (HOT).
CREATE TABLE latest (
    device_id integer PRIMARY KEY,
    ts timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    lat double precision,
    lon double precision,
    altitude real,
    speed real,
    heading real,
    measurements jsonb NOT NULL DEFAULT '{}'
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE checkpoint (
    stream text PRIMARY KEY,
    position bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CREATE TABLE ledger (
    source text PRIMARY KEY,
    received bigint NOT NULL DEFAULT 0,
    stored bigint NOT NULL DEFAULT 0,
    duplicate bigint NOT NULL DEFAULT 0,
    quarantined bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
CREATE TABLE app_user (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('viewer', 'analyst', 'admin')),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE api_token (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""

POSITION = """
    ts timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    lat double precision,
    lon double precision,
    device_id integer NOT NULL,
    altitude real,
    speed real,
    heading real,
    CONSTRAINT position_device_ts UNIQUE (device_id, ts)
"""

MEASUREMENT = """
    ts timestamptz NOT NULL,
    value double precision NOT NULL,
    device_id integer NOT NULL,
    metric_id integer NOT NULL,
    CONSTRAINT measurement_device_metric_ts UNIQUE (device_id, metric_id, ts)
"""


def upgrade() -> None:
    """Make all tables."""
    connection = op.get_bind()
    op.execute(TABLES)
    engine = engine_of(connection)
    engine.create(connection, "position", POSITION)
    engine.create(connection, "measurement", MEASUREMENT)


def downgrade() -> None:
    """Drop them, and all that is in them."""
    # TimescaleDB drops a hypertable only by itself.
    for table in ("measurement", "position"):
        op.execute(f"DROP TABLE {table} CASCADE")
    op.execute("DROP TABLE api_token, app_user, ledger, checkpoint, latest, metric, device CASCADE")
