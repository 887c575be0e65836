"""Geofences as GeoJSON (RFC 7946): an outline without holes, places as [longitude, latitude]."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, FailFast, Field

from api.schemas import Moment
from core.geofences import Corner
from db.queries.alerts import Fence

_OUTLINE: Final[dict[str, Any]] = {
    "type": "Polygon",
    "coordinates": [[[-97.75, 30.26], [-97.73, 30.26], [-97.73, 30.28], [-97.75, 30.26]]],
}
_FENCE: Final[dict[str, Any]] = {
    "type": "Feature",
    "geometry": _OUTLINE,
    "properties": {"name": "Depot", "author": "ann", "updated_at": "2026-11-20T09:00:00.000Z"},
}

Degrees = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Place = Annotated[list[Degrees], Field(min_length=2, max_length=3)]
Ring = Annotated[list[Place], FailFast()]


class PolygonIn(BaseModel):
    """A polygon: one ring, whose last place is the first again. An altitude is not looked at."""

    model_config = ConfigDict(json_schema_extra={"examples": [_OUTLINE]})

    type: Literal["Polygon"]
    coordinates: Annotated[list[Ring], FailFast()]

    def corners(self) -> list[Corner]:
        """The corners, as (latitude, longitude). Raises ValueError in words where this is no ring."""
        if len(self.coordinates) > 1:
            raise ValueError("A geofence has no holes: send the outer ring alone.")
        ring = self.coordinates[0] if self.coordinates else []
        if not ring or ring[0][:2] != ring[-1][:2]:
            raise ValueError("The ring is not closed: its last place must be the first again.")
        return [(lat, lon) for lon, lat, *_ in ring[:-1]]


class PolygonOut(BaseModel):
    """An outline: one ring, closed."""

    type: Literal["Polygon"]
    coordinates: list[list[tuple[float, float]]]


class FencePropertiesOut(BaseModel):
    """What is known of a geofence beside where it is."""

    name: str
    author: str
    updated_at: Moment


class FenceOut(BaseModel):
    """A geofence."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FENCE]})

    type: Literal["Feature"]
    geometry: PolygonOut
    properties: FencePropertiesOut

    @classmethod
    def of(cls, fence: Fence) -> Self:
        """A geofence."""
        ring = [(lon, lat) for lat, lon in (*fence.corners, fence.corners[0])]
        return cls(
            type="Feature",
            geometry=PolygonOut(type="Polygon", coordinates=[ring]),
            properties=FencePropertiesOut(name=fence.name, author=fence.author, updated_at=fence.updated_at),
        )


class FencesOut(BaseModel):
    """All geofences, by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"type": "FeatureCollection", "features": [_FENCE]}]})

    type: Literal["FeatureCollection"]
    features: list[FenceOut]
