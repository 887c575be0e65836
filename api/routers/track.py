"""Where a device was, for programs and for those who draw maps."""

from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from api.answers import Answer, AnswersParam, answer, rendered
from api.errors import documented
from api.formats import MEDIA_TYPES, attachment, choose, described
from api.formats.geojson import to_geojson
from api.formats.gpx import to_gpx
from api.formats.table import to_csv
from api.limits import MAX_TRACK_POINTS, check_track
from api.lookup import find_device
from api.parameters import DeviceName, From, StoreParam, To, window_of
from api.routers.devices import get_device
from api.schemas import TrackOut, TrackPointOut
from db.queries import track
from db.queries.rows import Track

router = APIRouter(prefix="/api/v1", tags=["devices"], responses=documented(404, 422, 503))

TrackFormat = Literal["json", "geojson", "gpx", "csv"]
_FORMATS: Final[tuple[TrackFormat, ...]] = ("json", "geojson", "gpx", "csv")
_DEFAULT: Final = timedelta(hours=24)
_COLUMNS: Final = ("ts", "lat", "lon", "altitude", "speed", "heading")
_EXAMPLES: Final = {
    "geojson": {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[-97.7441, 30.2686, 150.0], [-97.7444, 30.2689, 150.0]]},
        "properties": {
            "device_id": "bus-8929",
            "total": 2,
            "simplified": False,
            "coordinateProperties": {
                "times": ["2026-11-22T20:00:01.000Z", "2026-11-22T20:00:02.000Z"],
                "speeds": [8.2, 8.4],
                "headings": [271.0, 270.0],
            },
        },
    },
    "gpx": '<gpx version="1.1"><trk><name>bus-8929</name><trkseg>...</trkseg></trk></gpx>',
    "csv": "ts,lat,lon,altitude,speed,heading\r\n2026-11-22T20:00:01.000Z,30.2686,-97.7441,150.0,8.2,271.0\r\n",
}


@router.get("/devices/{name:path}/track", response_model=TrackOut, responses=described(**_EXAMPLES))
async def get_track(
    request: Request,
    store: StoreParam,
    answers: AnswersParam,
    name: DeviceName,
    start: From = None,
    to: To = None,
    max_points: Annotated[int, Query(ge=2, le=MAX_TRACK_POINTS)] = 1000,
    asked: Annotated[
        TrackFormat | None, Query(alias="format", description="Left out: as the Accept header prefers, or json")
    ] = None,
) -> Response:
    """Where a device was, simplified by the server to at most `max_points`; the last 24 h if `from` is left out.

    `X-Total-Count` is the number of all points, in every format.
    """
    if request.scope.get("raw_path", b"").lower().endswith(b"%2ftrack"):
        # Not the track of a device, but a device whose own name ends so.
        found = await run_in_threadpool(get_device, store, f"{name}/track")
        return JSONResponse(found.model_dump(mode="json"))
    window = window_of(start, to, _DEFAULT)
    check_track(window.span, store.settings.max_track_days)
    chosen = choose(request, asked, _FORMATS)

    def make() -> Answer:
        with store.connect() as connection:
            device = find_device(connection, name)
            found = track.device_track(connection, device.id, window.span, max_points=max_points)
        return _render(name, found, chosen)

    return await answers.respond(request, ("track", name, window, max_points, chosen), make)


def _render(name: str, found: Track, chosen: TrackFormat) -> Answer:
    headers = {"X-Total-Count": str(found.total)}
    if chosen == "geojson":
        return answer(to_geojson(name, found), MEDIA_TYPES[chosen], headers)
    if chosen == "gpx":
        return answer(to_gpx(name, found), MEDIA_TYPES[chosen], headers | attachment(name, "gpx"))
    if chosen == "csv":
        rows = ((p.ts, p.lat, p.lon, p.altitude, p.speed, p.heading) for p in found.points)
        return answer(to_csv(_COLUMNS, rows), MEDIA_TYPES[chosen], headers | attachment(name, "csv"))
    points = [
        TrackPointOut(ts=p.ts, lat=p.lat, lon=p.lon, altitude=p.altitude, speed=p.speed, heading=p.heading)
        for p in found.points
    ]
    return rendered(TrackOut(device_id=name, total=found.total, simplified=found.simplified, points=points), headers)
