"""What the API answers about the past of all devices at once."""

from collections.abc import Sequence

from pydantic import BaseModel

from api.schemas import Moment, example


class EventOut(BaseModel):
    """Something that happened to a device."""

    ts: Moment
    device_id: str
    type: str


class CoverageOut(BaseModel):
    """`buckets` are [start, devices that moved, devices that were heard of and did not]; those without any are left
    out."""

    model_config = example(
        bucket_s=60,
        buckets=[["2026-11-22T21:18:00.000Z", 112, 31]],
        events=[{"ts": "2026-11-22T21:18:07.000Z", "device_id": "bus-8929", "type": "door_open"}],
    )

    bucket_s: int
    buckets: list[tuple[Moment, int, int]]
    events: list[EventOut]


class HeatOut(BaseModel):
    """`count` in the cells (`x`, `y`): tiles of `zoom` in the pyramid of the usual web maps, from the north-west."""

    model_config = example(zoom=14, step_s=60, x=[3743, 3743], y=[6751, 6752], count=[12, 3])

    zoom: int
    step_s: int
    x: Sequence[int]
    y: Sequence[int]
    count: Sequence[int]
