"""What the API answers, for OpenAPI and for checking: plain names, SI units, ISO 8601 in UTC."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from core.collector import Rejected
from core.text import iso_utc

Moment = Annotated[datetime, PlainSerializer(iso_utc, return_type=str)]


def example(**answer: Any) -> ConfigDict:
    """What OpenAPI shows of an answer."""
    return ConfigDict(json_schema_extra={"examples": [answer]})


class DeviceOut(BaseModel):
    """A registered device; `device_id` as the sender wrote it."""

    device_id: str
    label: str | None
    kind: str | None
    fleet: str | None
    attributes: dict[str, str]
    first_seen: Moment
    last_seen: Moment


class RejectedOut(BaseModel):
    """An item that cannot be used: its place in the request, from 0 on."""

    index: int
    reason: str


class AcceptedOut(BaseModel):
    """What became of a request's items. Rejected ones are kept in the quarantine for the admin to see."""

    model_config = example(accepted=2, rejected=[{"index": 1, "reason": "no device: none of device_id, id"}])

    accepted: int
    rejected: list[RejectedOut]

    @classmethod
    def of(cls, items: int, rejected: Sequence[Rejected]) -> Self:
        """Of so many items, these were rejected."""
        named = [RejectedOut(index=item.index, reason=item.reason) for item in rejected]
        return cls(accepted=items - len(named), rejected=named)


class LiveStateOut(BaseModel):
    """The newest of a device: m, m/s, degrees true."""

    device_id: str
    ts: Moment
    lat: float | None
    lon: float | None
    altitude: float | None
    speed: float | None
    heading: float | None
    age_s: float = Field(description="Seconds between ts and the moment of the answer")
    values: dict[str, float]


class DeviceDetailOut(DeviceOut):
    """A device with its live state, where it has one."""

    ts: Moment | None = None
    lat: float | None = None
    lon: float | None = None
    altitude: float | None = None
    speed: float | None = None
    heading: float | None = None
    age_s: float | None = None
    state: str | None = Field(None, description="moving, stopped or silent")
    values: dict[str, float] = {}


class DevicesOut(BaseModel):
    """A page of the registry."""

    total: int
    devices: list[DeviceOut]


class LatestOut(BaseModel):
    """The live state of all devices asked for."""

    as_of: Moment
    devices: list[LiveStateOut]


class TrackPointOut(BaseModel):
    """One place: m, m/s, degrees true."""

    ts: Moment
    lat: float
    lon: float
    altitude: float | None
    speed: float | None
    heading: float | None


class TrackOut(BaseModel):
    """A track; `total` counts all points of the span, before it was simplified."""

    device_id: str
    total: int
    simplified: bool
    points: list[TrackPointOut]

    model_config = example(
        device_id="bus-8929",
        total=1204,
        simplified=True,
        points=[
            {
                "ts": "2026-11-22T20:00:01.000Z",
                "lat": 30.2686,
                "lon": -97.7441,
                "altitude": 150.0,
                "speed": 8.2,
                "heading": 271.0,
            }
        ],
    )


class MetricOut(BaseModel):
    """A named series."""

    metric: str
    unit: str | None
    label: str


class MetricsOut(BaseModel):
    """All of them."""

    metrics: list[MetricOut]

    model_config = example(metrics=[{"metric": "speed", "unit": "m/s", "label": "Speed"}])


class SummaryItemOut(BaseModel):
    """Statistics of one device."""

    device_id: str
    n: int
    mean: float | None
    min: float | None
    max: float | None
    last: float | None


class SummaryGroupOut(BaseModel):
    """Statistics of a fleet or kind; `name` is null for devices without any. `devices` of those registered reported."""

    name: str | None
    registered: int
    devices: int
    n: int
    mean: float | None
    min: float | None
    max: float | None


class SummaryOut(BaseModel):
    """Statistics of one metric over a span; `items` with by=device."""

    metric: str
    unit: str | None
    start: Moment = Field(serialization_alias="from")
    to: Moment
    n: int
    mean: float | None
    min: float | None
    max: float | None
    last: float | None
    devices: int
    items: list[SummaryItemOut] | None = Field(None, description="One a device with by=device, else null")
    groups: list[SummaryGroupOut] | None = Field(
        None, description="One a fleet or kind with by=fleet or kind, else null"
    )

    model_config = example(
        **{"metric": "speed", "unit": "m/s", "from": "2026-11-22T20:00:00.000Z", "to": "2026-11-22T21:19:03.500Z"},
        **{"n": 181204, "mean": 7.31, "min": 0.0, "max": 31.3, "last": 8.2, "devices": 190},
        items=[{"device_id": "bus-8929", "n": 1204, "mean": 9.4, "min": 0.0, "max": 22.1, "last": 8.2}],
        groups=[
            {"name": "north", "registered": 12, "devices": 9, "n": 9204, "mean": 7.1, "min": 0.0, "max": 22.1},
        ],
    )


class BinOut(BaseModel):
    """Values from `low` (included) to `high`, which the last bin includes, too."""

    low: float
    high: float
    n: int


class DistributionOut(BaseModel):
    """How often values fall into bins. `of`: all values; a sample of `devices` evenly chosen; or means of hours."""

    metric: str
    unit: str | None
    of: Literal["values", "sample", "hours"]
    n: int
    devices: int
    bins: list[BinOut]

    model_config = example(
        metric="speed", unit="m/s", of="values", n=3, devices=2, bins=[{"low": 0.0, "high": 0.5, "n": 3}]
    )


class HourOut(BaseModel):
    """All values of an hour of a day of the week; `weekday` 1 is Monday, `hour` is of the zone asked for."""

    weekday: int
    hour: int
    n: int
    mean: float
    min: float
    max: float


class HoursOut(BaseModel):
    """Statistics by the hour of the week."""

    metric: str
    unit: str | None
    zone: str
    hours: list[HourOut]

    model_config = example(
        metric="speed",
        unit="m/s",
        zone="Europe/Berlin",
        hours=[{"weekday": 1, "hour": 8, "n": 1204, "mean": 7.3, "min": 0.0, "max": 22.1}],
    )


SeriesPoint = tuple[Moment, float, float, float, int]
"""Start of the bucket, mean, min, max, n."""


class SeriesItemOut(BaseModel):
    """One line of a series; `device_id` is null where it is that of all devices together."""

    device_id: str | None
    points: list[SeriesPoint] = Field(description="[ts, mean, min, max, n] of each bucket that has values")


class SeriesOut(BaseModel):
    """A metric over time, in buckets of `bucket_s` seconds."""

    metric: str
    unit: str | None
    bucket_s: int
    series: list[SeriesItemOut]

    model_config = example(
        metric="speed",
        unit="m/s",
        bucket_s=60,
        series=[{"device_id": "bus-8929", "points": [["2026-11-22T21:18:00.000Z", 7.31, 0.0, 12.4, 60]]}],
    )


class TopItemOut(BaseModel):
    """A place in a ranking: `value` is made from `n` values."""

    rank: int
    device_id: str
    value: float
    n: int


class TopOut(BaseModel):
    """Devices ranked by a statistic of a metric."""

    metric: str
    unit: str | None
    stat: str
    hours_behind: int | None = Field(None, description="Of distance and moving: hours that wait to be computed again")
    items: list[TopItemOut]

    model_config = example(
        metric="speed",
        unit="m/s",
        stat="max",
        hours_behind=0,
        items=[{"rank": 1, "device_id": "bus-8929", "value": 22.1, "n": 1204}],
    )


class ReadyOut(BaseModel):
    """Whether traffic can be taken, and the state of each part."""

    ready: bool
    parts: dict[str, str]
    metrics_refused: int | None = Field(
        None, description="Values left out because there are WAYPOST_MAX_METRICS metrics; where this process ingests"
    )
