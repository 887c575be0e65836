"""The rollups there are: statistics a device and minute, and upon those a device and hour.

Sums are doubles: added up they give the mean that the raw rows give, to the last digits of a double.
"""

from datetime import timedelta
from typing import Final

from db.engine.base import Rollup

_Statistics = tuple[tuple[str, str, str], ...]


def _of_column(name: str, column: str, kind: str) -> _Statistics:
    # Extremes keep the column's type: a real of 30.56 made a double would read 30.559999465942383.
    return (
        (f"{name}n", "bigint", f"count({column})"),
        (f"{name}sum", "double precision", f"sum({column}::double precision)"),
        (f"{name}min", kind, f"min({column})"),
        (f"{name}max", kind, f"max({column})"),
    )


def _of_finer(statistics: _Statistics) -> _Statistics:
    """The same statistics made from those of a finer rollup."""
    again = {"n": "sum({})::bigint", "min": "min({})", "max": "max({})"} | dict.fromkeys(
        ("sum", "sin", "cos"), "sum({})"
    )
    return tuple((name, kind, again[name.rpartition("_")[2]].format(name)) for name, kind, _ in statistics)


# A mean of directions is the direction of their summed unit vectors: 350 and 10 degrees make 0, not 180.
_TURNS: Final[_Statistics] = (
    ("heading_sin", "double precision", "sum(sind(heading::double precision))"),
    ("heading_cos", "double precision", "sum(cosd(heading::double precision))"),
)
_POSITION: Final = (
    *_of_column("speed_", "speed", "real"),
    *_of_column("altitude_", "altitude", "real"),
    *_of_column("heading_", "heading", "real"),
    *_TURNS,
)
_MEASUREMENT: Final = _of_column("", "value", "double precision")
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)

POSITION_1M: Final = Rollup("position_1m", "position", "ts", _MINUTE, ("device_id",), _POSITION)
POSITION_1H: Final = Rollup("position_1h", "position_1m", "bucket", _HOUR, ("device_id",), _of_finer(_POSITION))
MEASUREMENT_1M: Final = Rollup("measurement_1m", "measurement", "ts", _MINUTE, ("device_id", "metric_id"), _MEASUREMENT)
MEASUREMENT_1H: Final = Rollup(
    "measurement_1h", "measurement_1m", "bucket", _HOUR, ("device_id", "metric_id"), _of_finer(_MEASUREMENT)
)
ROLLUPS: Final = (POSITION_1M, POSITION_1H, MEASUREMENT_1M, MEASUREMENT_1H)
"""Finer ones first: each may be made from those before it."""

ONE_SHAPE: Final = """
CREATE VIEW rollup_{level} AS
{positions}
SELECT bucket, device_id, metric_id, n, sum, min, max FROM measurement_{level}
"""
ONE_METRIC: Final = """
SELECT bucket, device_id, (SELECT id FROM metric WHERE name = '{metric}') AS metric_id,
    {metric}_n AS n, {metric}_sum AS sum, {metric}_min AS min, {metric}_max AS max
FROM position_{level} WHERE {metric}_n > 0 UNION ALL
"""


def one_shape(level: str) -> str:
    """SQL of the view that gives one shape to all rollups of a level ("1m" or "1h")."""
    positions = "".join(ONE_METRIC.format(metric=metric, level=level) for metric in ("speed", "altitude", "heading"))
    return ONE_SHAPE.format(level=level, positions=positions)
