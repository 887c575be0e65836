"""The registry, live states and tracks."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from api.errors import Problem, documented
from api.parameters import BoxParam, From, StoreParam, Text, To, span_of
from api.schemas import DeviceDetailOut, DeviceOut, DevicesOut, LatestOut, LiveStateOut, TrackOut, TrackPointOut
from core.types import state_of
from db.queries import devices, latest, track
from db.queries.rows import Device, Latest

router = APIRouter(prefix="/api/v1", tags=["devices"], responses=documented(404, 422, 503))

Name = Annotated[Text, Path(description="device_id as the sender wrote it, percent-encoded")]


@router.get("/devices")
def list_devices(
    store: StoreParam,
    fleet: Text | None = None,
    kind: Text | None = None,
    search: Annotated[Text | None, Query(description="Any part of name or label")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
) -> DevicesOut:
    """The registered devices by name."""
    with store.connect() as connection:
        total = devices.count_devices(connection, fleet=fleet, kind=kind, search=search)
        found = devices.list_devices(connection, fleet=fleet, kind=kind, search=search, limit=limit, offset=offset)
    return DevicesOut(total=total, devices=[_device(device) for device in found])


@router.get("/latest")
def get_latest(
    store: StoreParam,
    bbox: BoxParam,
    fleet: Text | None = None,
    device: Annotated[Text | None, Query(description="Only this device, wherever and of whatever fleet")] = None,
) -> LatestOut:
    """The live state of every device, or of those in a box, in a fleet, or of one."""
    with store.connect() as connection:
        if device is None:
            found = latest.latest_all(connection, fleet=fleet, bbox=bbox)
        else:
            one = latest.latest_one(connection, device)
            if one is None:
                raise _unknown(device)
            found = [one]
    now = datetime.now(UTC)
    return LatestOut(as_of=now, devices=[_live_state(state, now) for state in found])


@router.get("/devices/{name:path}/track", response_model=TrackOut)
def get_track(
    request: Request,
    store: StoreParam,
    name: Name,
    start: From = None,
    to: To = None,
    max_points: Annotated[int, Query(ge=2, le=100_000)] = 1000,
) -> TrackOut | JSONResponse:
    """Where a device was, simplified by the server to at most `max_points`; the last 24 h if `from` is left out."""
    if request.scope.get("raw_path", b"").lower().endswith(b"%2ftrack"):
        # Not the track of a device, but a device whose own name ends so.
        return JSONResponse(get_device(store, f"{name}/track").model_dump(mode="json"))
    span = span_of(start, to, timedelta(hours=24))
    with store.connect() as connection:
        device = devices.get_device(connection, name)
        if device is None:
            raise _unknown(name)
        found = track.device_track(connection, device.id, span, max_points=max_points)
    points = [
        TrackPointOut(ts=p.ts, lat=p.lat, lon=p.lon, altitude=p.altitude, speed=p.speed, heading=p.heading)
        for p in found.points
    ]
    return TrackOut(device_id=name, total=found.total, simplified=found.simplified, points=points)


@router.get("/devices/{name:path}")
def get_device(store: StoreParam, name: Name) -> DeviceDetailOut:
    """One device with its live state."""
    with store.connect() as connection:
        device = devices.get_device(connection, name)
        if device is None:
            raise _unknown(name)
        state = latest.latest_one(connection, name)
    if state is None:
        return DeviceDetailOut(**_device(device).model_dump())
    settings = store.settings
    live = _live_state(state, datetime.now(UTC))
    label = state_of(
        live.age_s, live.speed, stopped_below=settings.stopped_below, silent_after_s=settings.silent_after_s
    )
    return DeviceDetailOut(**(_device(device).model_dump() | live.model_dump()), state=label)


def _unknown(name: str) -> Problem:
    return Problem(404, f"no device is called {name!r}; GET /api/v1/devices lists those there are")


def _device(device: Device) -> DeviceOut:
    return DeviceOut(
        device_id=device.name,
        label=device.label,
        kind=device.kind,
        fleet=device.fleet,
        attributes=device.attributes,
        first_seen=device.first_seen,
        last_seen=device.last_seen,
    )


def _live_state(state: Latest, now: datetime) -> LiveStateOut:
    return LiveStateOut(
        device_id=state.device.name,
        ts=state.ts,
        lat=state.lat,
        lon=state.lon,
        altitude=state.altitude,
        speed=state.speed,
        heading=state.heading,
        age_s=round(max(0.0, (now - state.ts).total_seconds()), 3),
        values=state.values,
    )
