"""The tables as SQLAlchemy sees them; migrations make them, this describes what is there now.

Columns of the two hypertables stand in order of their width, so that no row carries padding. `position` has one
wide row a message because a row a value was measured 4.1 times slower to write; neither has a foreign key to
`device`, whose check would cost a look-up a row: ids come from the registry alone.
"""

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    Time,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()
_MOMENT = DateTime(timezone=True)

device = Table(
    "device",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("label", Text),
    Column("kind", Text),
    Column("fleet", Text),
    Column("attributes", JSONB, nullable=False),
    Column("first_seen", _MOMENT, nullable=False),
    Column("last_seen", _MOMENT, nullable=False),
    Column("sent", JSONB, nullable=False),
    Column("given", JSONB, nullable=False),
)

metric = Table(
    "metric",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("unit", Text),
    Column("label", Text, nullable=False),
    Column("stored_in", Text, nullable=False),
)

position = Table(
    "position",
    metadata,
    Column("ts", _MOMENT, nullable=False),
    Column("received_at", _MOMENT, nullable=False),
    Column("lat", Double),
    Column("lon", Double),
    Column("device_id", Integer, nullable=False),
    Column("altitude", REAL),
    Column("speed", REAL),
    Column("heading", REAL),
    UniqueConstraint("device_id", "ts", name="position_device_ts"),
)

measurement = Table(
    "measurement",
    metadata,
    Column("ts", _MOMENT, nullable=False),
    Column("value", Double, nullable=False),
    Column("device_id", Integer, nullable=False),
    Column("metric_id", Integer, nullable=False),
    UniqueConstraint("device_id", "metric_id", "ts", name="measurement_device_metric_ts"),
)

latest = Table(
    "latest",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("ts", _MOMENT, nullable=False),
    Column("received_at", _MOMENT, nullable=False),
    Column("lat", Double),
    Column("lon", Double),
    Column("altitude", REAL),
    Column("speed", REAL),
    Column("heading", REAL),
    Column("measurements", JSONB, nullable=False),
)


def _rollup(name: str, keys: tuple[str, ...], statistics: tuple[str, ...]) -> Table:
    """A rollup as both engines show it: a view, or a continuous aggregate."""
    numbers = [
        Column(column, BigInteger if column == "n" or column.endswith("_n") else Double) for column in statistics
    ]
    return Table(name, rollup_metadata, Column("bucket", _MOMENT), *(Column(key, Integer) for key in keys), *numbers)


_OF_POSITION = (
    *(f"{metric}_{name}" for metric in ("speed", "altitude", "heading") for name in ("n", "sum", "min", "max")),
    "heading_sin",
    "heading_cos",
)
rollup_metadata = MetaData()
position_1m = _rollup("position_1m", ("device_id",), _OF_POSITION)
position_1h = _rollup("position_1h", ("device_id",), _OF_POSITION)
measurement_1m = _rollup("measurement_1m", ("device_id", "metric_id"), ("n", "sum", "min", "max"))
measurement_1h = _rollup("measurement_1h", ("device_id", "metric_id"), ("n", "sum", "min", "max"))

movement = Table(
    "movement",
    metadata,
    Column("ts", _MOMENT, nullable=False),
    Column("device_id", Integer, nullable=False),
    Column("legs", Integer, nullable=False),
    Column("distance_m", Double, nullable=False),
    Column("moving_s", Double, nullable=False),
    UniqueConstraint("device_id", "ts", name="movement_device_ts"),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("updated_at", _MOMENT, nullable=False),
)

duplicate = Table(
    "duplicate",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("hour", _MOMENT, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

duplicate_note = Table(
    "duplicate_note",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("device_ids", ARRAY(Integer), nullable=False),
    Column("hours", ARRAY(BigInteger), nullable=False),
    Column("counts", ARRAY(BigInteger), nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("source", Text, primary_key=True),
    Column("received", BigInteger, nullable=False),
    Column("stored", BigInteger, nullable=False),
    Column("duplicate", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("gaps", BigInteger, nullable=False),
    Column("updated_at", _MOMENT, nullable=False),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("received_at", _MOMENT, nullable=False),
    Column("source", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("native", Boolean, nullable=False),
    Column("again", Boolean, nullable=False),
    Column("device", Text),
)

dirty_bucket = Table(
    "dirty_bucket",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("rollup", Text, nullable=False),
    Column("bucket", _MOMENT, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("ts", _MOMENT, nullable=False),
    Column("received_at", _MOMENT, nullable=False),
    Column("id", BigInteger, nullable=False),
    Column("digest", BigInteger, nullable=False),
    Column("device_id", Integer, nullable=False),
    Column("type", Text, nullable=False),
    Column("machine", Text),
    Column("state", Text),
    Column("marks", ARRAY(Text), nullable=False),
    Column("data", JSONB),
    UniqueConstraint("device_id", "ts", "type", "digest", name="event_device_ts_type_digest"),
)

event_frontier = Table(
    "event_frontier",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("ts", _MOMENT, nullable=False),
    Column("received_at", _MOMENT, nullable=False),
    Column("rules", BigInteger, nullable=False),
)

device_state = Table(
    "device_state",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("machine", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("ts", _MOMENT, nullable=False),
    Column("received_at", _MOMENT, nullable=False),
    Column("event_id", BigInteger, nullable=False),
)

crossing = Table(
    "crossing",
    metadata,
    Column("ts", _MOMENT, nullable=False),
    Column("received_at", _MOMENT, nullable=False),
    Column("device_id", Integer, nullable=False),
    Column("direction", SmallInteger, nullable=False),
    Column("count", Integer, nullable=False),
)

occupancy = Table(
    "occupancy",
    metadata,
    Column("ts", _MOMENT, nullable=False),
    Column("reconciled_at", _MOMENT),
    Column("space_id", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("reconciled_count", Integer),
    Column("passages", BigInteger, nullable=False),
    Column("low", Integer),
    Column("high", Integer),
)

space = Table(
    "space",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("capacity", Integer),
    Column("zone", Text, nullable=False),
    Column("opens", Time),
    Column("closes", Time),
    Column("empty_at", Time),
    Column("created_at", _MOMENT, nullable=False),
)

placement = Table(
    "placement",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space_id", Integer, ForeignKey("space.id"), nullable=False),
    Column("device_id", Integer, ForeignKey("device.id"), nullable=False),
    Column("sign", SmallInteger, nullable=False),
    Column("valid_from", _MOMENT, nullable=False),
    Column("valid_to", _MOMENT),
)

anchor = Table(
    "anchor",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("space_id", Integer, ForeignKey("space.id"), nullable=False),
    Column("ts", _MOMENT, nullable=False),
    Column("count", Integer, nullable=False),
    Column("noted_at", _MOMENT, nullable=False),
    Column("noted_by", Text, nullable=False),
    UniqueConstraint("space_id", "ts", name="anchor_space_ts"),
)

space_state = Table(
    "space_state",
    metadata,
    Column("space_id", Integer, ForeignKey("space.id"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("base", Integer, nullable=False),
    Column("since", Integer, nullable=False),
    Column("base_at", _MOMENT),
    Column("next_base_at", _MOMENT),
    Column("known_from", _MOMENT),
    Column("newest", _MOMENT),
    Column("reconciled_until", _MOMENT),
)

occupancy_mark = Table(
    "occupancy_mark",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("space_id", Integer, ForeignKey("space.id"), nullable=False),
    Column("first", _MOMENT, nullable=False),
    Column("last", _MOMENT, nullable=False),
    Column("why", Text, nullable=False),
)

stretch = Table(
    "stretch",
    metadata,
    Column("space_id", Integer, ForeignKey("space.id"), primary_key=True),
    Column("started_at", _MOMENT, primary_key=True),
    Column("ended_at", _MOMENT),
    Column("base", Integer, nullable=False),
    Column("end_count", Integer),
    Column("end_kind", Text),
    Column("passages", BigInteger, nullable=False),
    Column("drift", Integer, nullable=False),
    Column("variance", Double, nullable=False),
    Column("reconciled_at", _MOMENT, nullable=False),
)

reconciliation = Table(
    "reconciliation",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("space_id", Integer, ForeignKey("space.id"), nullable=False),
    Column("reconciled_at", _MOMENT, nullable=False),
    Column("first", _MOMENT, nullable=False),
    Column("last", _MOMENT, nullable=False),
    Column("why", Text, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("largest", Integer, nullable=False),
)

annotation = Table(
    "annotation",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("starts_at", _MOMENT, nullable=False),
    Column("ends_at", _MOMENT),
    Column("device_id", Integer),
    Column("text", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
)

app_user = Table(
    "app_user",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", _MOMENT, nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", _MOMENT, nullable=False),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", JSONB, nullable=False),
    Column("updated_at", _MOMENT, nullable=False),
    Column("updated_by", Text, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("at", _MOMENT, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("before", JSONB),
    Column("after", JSONB),
)
