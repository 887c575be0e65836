"""What the API answers, for OpenAPI and for checking: plain names, SI units, ISO 8601 in UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, PlainSerializer

from core.text import iso_utc

Moment = Annotated[datetime, PlainSerializer(iso_utc, return_type=str)]


class DeviceOut(BaseModel):
    """A registered device; `device_id` as the sender wrote it."""

    device_id: str
    label: str | None
    kind: str | None
    fleet: str | None
    attributes: dict[str, str]
    first_seen: Moment
    last_seen: Moment


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


class MetricOut(BaseModel):
    """A named series."""

    metric: str
    unit: str | None
    label: str


class MetricsOut(BaseModel):
    """All of them."""

    metrics: list[MetricOut]


class SummaryItemOut(BaseModel):
    """Statistics of one device."""

    device_id: str
    n: int
    mean: float | None
    min: float | None
    max: float | None
    last: float | None


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
    items: list[SummaryItemOut] | None = None


class ReadyOut(BaseModel):
    """Whether traffic can be taken, and the state of each part."""

    ready: bool
    parts: dict[str, str]
