"""What the queries answer: small typed rows in SI units and UTC. Optional numbers are None, never NaN."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Device:
    """One registered device. `name` is the device_id as the sender wrote it."""

    id: int
    name: str
    label: str | None
    kind: str | None
    fleet: str | None
    attributes: dict[str, str]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Metric:
    """A named series. `stored_in` is "position" (a column there) or "measurement"."""

    id: int
    name: str
    unit: str | None
    label: str
    stored_in: str

    @property
    def circular(self) -> bool:
        """Whether values are directions, whose mean is that of their unit vectors."""
        return self.stored_in == "position" and self.name == "heading"


@dataclass(frozen=True, slots=True)
class Latest:
    """The live state of one device: the newest in device time."""

    device: Device
    ts: datetime
    lat: float | None
    lon: float | None
    altitude: float | None
    speed: float | None
    heading: float | None
    values: dict[str, float]


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """One place on a track; altitude in m, speed in m/s, heading in degrees true."""

    ts: datetime
    lat: float
    lon: float
    altitude: float | None
    speed: float | None
    heading: float | None


@dataclass(frozen=True, slots=True)
class Track:
    """Where a device was, in order of time. `total` counts all points of the span, before simplifying."""

    total: int
    simplified: bool
    points: tuple[TrackPoint, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """Statistics of one metric over a span. With no values n and devices are 0 and the rest None."""

    n: int
    mean: float | None
    min: float | None
    max: float | None
    last: float | None
    devices: int


@dataclass(frozen=True, slots=True)
class DeviceSummary:
    """The same for one device of the fleet."""

    device: str
    summary: Summary


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket of a series; `ts` is its start. A bucket without values is left out: a gap is a gap."""

    ts: datetime
    mean: float
    min: float
    max: float
    n: int


@dataclass(frozen=True, slots=True)
class Series:
    """A metric of one device, or of a fleet, over time, in buckets of `bucket_s` seconds."""

    bucket_s: int
    points: tuple[Bucket, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A metric of one device over time, among others of the same buckets."""

    device_id: int
    metric: Metric
    series: Series


@dataclass(frozen=True, slots=True)
class Span:
    """From `start` (included) to `end` (left out), both aware, in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Ranked:
    """A place in a ranking: `value` is the statistic ranked by, made from `n` values."""

    rank: int
    device: str
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """What there is of a metric: how many values, of how many devices, and the first and last bucket that has any."""

    n: int
    devices: int
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Activity:
    """How many devices moved, and how many were heard of and did not, by bucket of `bucket_s` seconds.

    `starts` are those of buckets in which any was heard of.
    """

    bucket_s: int
    starts: tuple[datetime, ...]
    moving: tuple[int, ...]
    stopped: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EventFound:
    """Something that happened to a device."""

    ts: datetime
    device: str
    type: str


@dataclass(frozen=True, slots=True)
class Heat:
    """How often devices were found in the cells of a grid: tiles of zoom `zoom` of the usual Web Mercator pyramid.

    Each device is counted at most once in `step_s` seconds, so that one that sends often weighs as much as others.
    """

    zoom: int
    step_s: int
    x: tuple[int, ...]
    y: tuple[int, ...]
    n: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """How far a device went (m) and how long it moved (s), over `n` legs; see db.movement for what counts."""

    distance_m: float
    moving_s: float
    n: int


@dataclass(frozen=True, slots=True)
class Group:
    """Statistics of one metric over the devices of a fleet, or of a kind; `name` is None for those without any.

    `registered` devices are known, `summary.devices` of them reported.
    """

    name: str | None
    registered: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Distribution:
    """How often values fall into bins: `counts[i]` from `edges[i]` (included) to `edges[i + 1]`, the last one closed.

    `of` says what was counted: "values" (all of them), "sample" (all values of `devices` of them, evenly chosen), or
    "hours" (each device's means of an hour, as often as it has values).
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    of: Literal["values", "sample", "hours"]
    n: int
    devices: int


@dataclass(frozen=True, slots=True)
class Hour:
    """All values of one hour of one day of the week; `weekday` 1 is Monday, `hour` 0 to 23, of the zone asked for."""

    weekday: int
    hour: int
    n: int
    mean: float
    min: float
    max: float
