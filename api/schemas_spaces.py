"""What the API takes and answers about spaces."""

from datetime import datetime, time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, field_validator

from api.parameters import Text
from api.schemas import Moment
from core.occupancy import AnchorKind, Hours
from core.types import to_micros
from db.queries.occupancy import Correction, Counted, Ended
from db.queries.spaces import Described, Known, Placement
from db.spaces import Placing

_SIGNS = {"in": 1, "out": -1, "1": 1, "-1": -1, "+1": 1}
_NAIVE = "it has no time zone; send it with Z or an offset, as 2026-11-22T21:19:03Z"


def _sign(value: object) -> object:
    found = (
        _SIGNS.get(str(value).strip().lower()) if isinstance(value, int | str) and not isinstance(value, bool) else None
    )
    if found is None:
        raise ValueError('a sign is 1 or "in" where going in at the sensor leads into the space, else -1 or "out"')
    return found


def _moment(value: object) -> object:
    if isinstance(value, str):
        try:
            naive = datetime.fromisoformat(value).tzinfo is None
        except ValueError:
            return value  # whatever else is wrong with it is said by pydantic
        if naive and not value.strip().replace(".", "", 1).isdigit():
            raise ValueError(_NAIVE)
    return value


Sign = Annotated[int, BeforeValidator(_sign), Field(description='1 or "in", -1 or "out"', examples=[1])]
Aware = Annotated[AwareDatetime, BeforeValidator(_moment)]
Clock = Annotated[time, PlainSerializer(lambda t: t.strftime("%H:%M"), return_type=str)]


class PlacementIn(BaseModel):
    """A sensor at a door of the space."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    device_id: Text
    sign: Sign
    valid_from: Aware = Field(alias="from")
    valid_to: Aware | None = Field(None, alias="to", description="Left out: until further notice")

    def placing(self) -> Placing:
        """The same, for the database."""
        return Placing(self.device_id, self.sign, self.valid_from, self.valid_to)


class PlacementOut(BaseModel):
    """A sensor at a door: `sign` 1 where its "in" leads into the space, else -1; `to` null: until further notice."""

    device_id: str
    sign: int
    valid_from: Moment = Field(serialization_alias="from")
    valid_to: Moment | None = Field(serialization_alias="to")

    @classmethod
    def of(cls, p: Placement) -> Self:
        """A placement."""
        return cls(device_id=p.device, sign=p.sign, valid_from=p.valid_from, valid_to=p.valid_to)


class SpaceIn(BaseModel):
    """A space. Hours are of the clock in `zone`; what is left out is not known."""

    model_config = ConfigDict(extra="forbid")

    capacity: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    zone: str = Field("UTC", description="A time zone of the IANA database", examples=["Europe/Berlin"])
    opens: time | None = Field(None, examples=["08:00"])
    closes: time | None = Field(None, examples=["20:00"])
    empty_at: time | None = Field(
        None, description="An hour at which the space is known to be empty each day: drift is taken out there"
    )

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"{zone[:64]!r} is no time zone; send one of the IANA database, as Europe/Berlin")
        return ZoneInfo(zone).key

    @field_validator("opens", "closes", "empty_at")
    @classmethod
    def _local(cls, clock: time | None) -> time | None:
        if clock is not None and clock.tzinfo is not None:
            raise ValueError("an hour of the day has no offset here; the zone of the space says where it is")
        return clock

    def hours(self) -> Hours:
        """The same, for counting."""
        return Hours(self.zone, self.opens, self.closes, self.empty_at)


class SpaceOut(BaseModel):
    """A space, where its sensors sit and sat, and its count now: null while nothing is known."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Reading room",
                    "capacity": 80,
                    "zone": "Europe/Berlin",
                    "opens": "08:00",
                    "closes": "20:00",
                    "empty_at": "04:00",
                    "count": 2,
                    "sensors": ["door-3"],
                    "silent": [],
                    "placements": [{"device_id": "door-3", "sign": 1, "from": "2026-01-01T00:00:00.000Z", "to": None}],
                }
            ]
        }
    )

    name: str
    capacity: int | None
    zone: str
    opens: Clock | None
    closes: Clock | None
    empty_at: Clock | None
    count: int | None
    sensors: list[str] = Field(description="device_id of those that are placed here now")
    silent: list[str] = Field(description="Those of them that have not been heard for an hour, while it is open")
    placements: list[PlacementOut]

    @classmethod
    def of(cls, one: Described, now: datetime) -> Self:
        """All that is known of a space."""
        hours = one.space.hours
        return cls(
            name=one.space.name,
            capacity=one.space.capacity,
            zone=hours.zone,
            opens=hours.opens,
            closes=hours.closes,
            empty_at=hours.empty_at,
            count=None if one.live is None else one.live.count(to_micros(now)),
            sensors=[s.device for s in one.sensors],
            silent=[s.device for s in one.silent],
            placements=[PlacementOut.of(p) for p in one.placements],
        )


class SpacesOut(BaseModel):
    """All spaces, by name."""

    as_of: Moment
    spaces: list[SpaceOut]


class CountOut(BaseModel):
    """How many people are, or were, in the space: null where nothing is known of then.

    `reconciled`: drift of the sensors has been taken out, as the count at a later moment was known.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"count": 2, "at": "2026-11-22T21:19:03.000Z", "reconciled": False}]}
    )

    count: int | None
    at: Moment
    reconciled: bool


class AnchorIn(BaseModel):
    """Somebody has counted."""

    model_config = ConfigDict(extra="forbid")

    count: Annotated[int, Field(ge=0, le=1_000_000)]
    at: Aware | None = Field(None, description="Left out: now")


class HistoryPointOut(BaseModel):
    """A moment: `reported` as it was shown at the time, `raw` what sensors alone say since the last known count (it may
    be below 0), `count` with drift taken out, between `low` and `high` 19 times out of 20."""

    ts: Moment
    reported: int
    raw: int
    count: int
    low: int
    high: int
    reconciled: bool

    @classmethod
    def of(cls, c: Counted) -> Self:
        """A counted moment."""
        return cls(
            ts=c.at, reported=c.reported, raw=c.raw, count=c.count, low=c.low, high=c.high, reconciled=c.reconciled
        )


class StretchOut(BaseModel):
    """Between two known counts: how far sensors were off at its end, after so many passages, and how that is known."""

    start: Moment = Field(serialization_alias="from")
    end: Moment = Field(serialization_alias="to")
    end_count: int
    known_by: Literal["closing", "manual"]
    passages: int
    drift: int

    @classmethod
    def of(cls, e: Ended) -> Self:
        """A stretch."""
        known: Literal["closing", "manual"] = "closing" if e.end_kind is AnchorKind.CLOSING else "manual"
        return cls(start=e.start, end=e.end, end_count=e.end_count, known_by=known, passages=e.passages, drift=e.drift)


class CorrectionOut(BaseModel):
    """What was shown before and is another now: how many checkpoints of a span, by how much at most, and why."""

    at: Moment
    first: Moment = Field(serialization_alias="from")
    last: Moment = Field(serialization_alias="to")
    why: str
    changed: int
    largest: int

    @classmethod
    def of(cls, c: Correction) -> Self:
        """A correction."""
        return cls(at=c.reconciled_at, first=c.first, last=c.last, why=c.why, changed=c.changed, largest=c.largest)


class KnownOut(BaseModel):
    """A count made by hand."""

    at: Moment
    count: int
    noted_at: Moment
    noted_by: str

    @classmethod
    def of(cls, k: Known) -> Self:
        """A known count."""
        return cls(at=k.ts, count=k.count, noted_at=k.noted_at, noted_by=k.noted_by)


class HistoryOut(BaseModel):
    """Counts over time: each holds until the next. With the drift of every stretch, and what was corrected last."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Reading room",
                    "from": "2026-11-22T00:00:00.000Z",
                    "to": "2026-11-23T00:00:00.000Z",
                    "points": [
                        {"ts": "2026-11-22T08:05:00.000Z", "reported": 3, "raw": 3, "count": 2, "low": 1, "high": 3,
                         "reconciled": True}
                    ],
                    "stretches": [
                        {"from": "2026-11-22T03:00:00.000Z", "to": "2026-11-23T03:00:00.000Z", "end_count": 0,
                         "known_by": "closing", "passages": 412, "drift": 7}
                    ],
                    "counted": [],
                    "corrections": [
                        {"at": "2026-11-22T12:00:03.000Z", "from": "2026-11-22T09:00:00.000Z",
                         "to": "2026-11-22T12:00:00.000Z", "why": "late crossings", "changed": 12, "largest": 2}
                    ],
                }
            ]
        }
    )  # fmt: skip

    name: str
    start: Moment = Field(serialization_alias="from")
    end: Moment = Field(serialization_alias="to")
    points: list[HistoryPointOut]
    stretches: list[StretchOut]
    counted: list[KnownOut]
    corrections: list[CorrectionOut]
