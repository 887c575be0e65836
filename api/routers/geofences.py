"""Geofences: outlines that alert rules watch. Analysts draw them and change their own, admins all."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Response
from fastapi.responses import JSONResponse

from api.asking import AnalystParam, check_own
from api.errors import Problem, documented
from api.lookup import find_geofence
from api.parameters import StoreParam, Text
from api.routers.spaces import called
from api.schemas_geofences import FenceOut, FencesOut, PolygonIn
from db import alert_rules
from db.queries import alerts

router = APIRouter(prefix="/api/v1", tags=["alerts"])

_MADE: Final[dict[int | str, Any]] = {201: {"description": "It was made", "model": FenceOut}}

FenceName = Annotated[Text, Path(description="The name of the geofence, percent-encoded", examples=["Depot"])]


class GeoJson(JSONResponse):
    """An answer in the media type of RFC 7946."""

    media_type = "application/geo+json"


@router.get("/geofences", response_class=GeoJson, responses=documented(503))
def get_geofences(store: StoreParam) -> FencesOut:
    """All geofences, as GeoJSON: a FeatureCollection of polygons."""
    with store.connect() as connection:
        found = alerts.list_fences(connection)
    return FencesOut(type="FeatureCollection", features=[FenceOut.of(one) for one in found])


@router.get("/geofences/{name:path}", response_class=GeoJson, responses=documented(404, 422, 503))
def get_geofence(store: StoreParam, name: FenceName) -> FenceOut:
    """One geofence, as a GeoJSON Feature."""
    with store.connect() as connection:
        return FenceOut.of(find_geofence(connection, name))


@router.put(
    "/geofences/{name:path}",
    response_class=GeoJson,
    responses=_MADE | documented(401, 403, 422, 503),
)
def put_geofence(
    store: StoreParam, analyst: AnalystParam, response: Response, name: FenceName, outline: PolygonIn
) -> FenceOut:
    """Draw a geofence, or draw it anew: 201 where it is new. Needs an analyst; another's geofence needs an admin."""
    with store.connect() as connection, connection.begin():
        known = alerts.get_geofence(connection, name)
        if known is not None:
            check_own(analyst, known.author)
        try:
            is_new = alert_rules.put_geofence(connection, name, outline.corners(), called(analyst))
        except ValueError as error:
            raise Problem(422, str(error)) from None
        made = FenceOut.of(find_geofence(connection, name))
    if is_new:
        response.status_code = 201
    return made


@router.delete("/geofences/{name:path}", status_code=204, responses=documented(401, 403, 404, 409, 422, 503))
def delete_geofence(store: StoreParam, analyst: AnalystParam, name: FenceName) -> None:
    """Remove a geofence: 409 while a rule watches it. Needs an analyst; another's geofence needs an admin."""
    with store.connect() as connection, connection.begin():
        check_own(analyst, find_geofence(connection, name).author)
        try:
            alert_rules.remove_geofence(connection, name, called(analyst))
        except ValueError as error:
            raise Problem(409, str(error)) from None
