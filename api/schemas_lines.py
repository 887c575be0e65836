"""What the API answers about several metrics of several devices."""

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import SeriesPoint


class LineOut(BaseModel):
    """A metric of a device over time."""

    device_id: str
    metric: str
    unit: str | None
    points: list[SeriesPoint] = Field(description="[ts, mean, min, max, n] of each bucket that has values")


class LinesOut(BaseModel):
    """Lines in buckets of `bucket_s` seconds, by metric and then device."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "bucket_s": 60,
                    "lines": [
                        {
                            "device_id": "bus-8929",
                            "metric": "speed",
                            "unit": "m/s",
                            "points": [["2026-11-22T21:18:00.000Z", 7.31, 0.0, 12.4, 60]],
                        }
                    ],
                }
            ]
        }
    )

    bucket_s: int
    lines: list[LineOut]
