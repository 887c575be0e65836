"""Devices, their metrics, and what they send: positions, measurements, rollups of both, and movement.

Columns of the two hypertables stand in order of their width, so that no row carries padding. `position` has one
wide row a message because a row a value was measured 4.1 times slower to write; neither has a foreign key to
`device`, whose check would cost a look-up a row: ids come from the registry alone.
"""

from sqlalchemy import REAL, BigInteger, Column, Double, Integer, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import MOMENT, metadata

device = Table(
    "device",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("label", Text),
    Column("kind", Text),
    Column("fleet", Text),
    Column("attributes", JSONB, nullable=False),
    Column("first_seen", MOMENT, nullable=False),
    Column("last_seen", MOMENT, nullable=False),
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
    Column("ts", MOMENT, nullable=False),
    Column("received_at", MOMENT, nullable=False),
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
    Column("ts", MOMENT, nullable=False),
    Column("value", Double, nullable=False),
    Column("device_id", Integer, nullable=False),
    Column("metric_id", Integer, nullable=False),
    UniqueConstraint("device_id", "metric_id", "ts", name="measurement_device_metric_ts"),
)

latest = Table(
    "latest",
    metadata,
    Column("device_id", Integer, primary_key=True),
    Column("ts", MOMENT, nullable=False),
    Column("received_at", MOMENT, nullable=False),
    Column("lat", Double),
    Column("lon", Double),
    Column("altitude", REAL),
    Column("speed", REAL),
    Column("heading", REAL),
    Column("measurements", JSONB, nullable=False),
)


rollup_metadata = MetaData()
"""Of its own, as rollups are views or continuous aggregates, which no migration compares."""


def _rollup(name: str, keys: tuple[str, ...], statistics: tuple[str, ...]) -> Table:
    """A rollup as both engines show it: a view, or a continuous aggregate."""
    numbers = [
        Column(column, BigInteger if column == "n" or column.endswith("_n") else Double) for column in statistics
    ]
    return Table(name, rollup_metadata, Column("bucket", MOMENT), *(Column(key, Integer) for key in keys), *numbers)


_OF_POSITION = (
    *(f"{metric}_{name}" for metric in ("speed", "altitude", "heading") for name in ("n", "sum", "min", "max")),
    "heading_sin",
    "heading_cos",
)

position_1m = _rollup("position_1m", ("device_id",), _OF_POSITION)
position_1h = _rollup("position_1h", ("device_id",), _OF_POSITION)
measurement_1m = _rollup("measurement_1m", ("device_id", "metric_id"), ("n", "sum", "min", "max"))
measurement_1h = _rollup("measurement_1h", ("device_id", "metric_id"), ("n", "sum", "min", "max"))

movement = Table(
    "movement",
    metadata,
    Column("ts", MOMENT, nullable=False),
    Column("device_id", Integer, nullable=False),
    Column("legs", Integer, nullable=False),
    Column("distance_m", Double, nullable=False),
    Column("moving_s", Double, nullable=False),
    UniqueConstraint("device_id", "ts", name="movement_device_ts"),
)

dirty_bucket = Table(
    "dirty_bucket",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("rollup", Text, nullable=False),
    Column("bucket", MOMENT, nullable=False),
)
