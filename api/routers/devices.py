"""The registry and live states."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.errors import documented
from api.lookup import find_device, unknown_device
from api.parameters import BoxParam, DeviceName, StoreParam, Text
from api.schemas import DeviceDetailOut, DeviceOut, DevicesOut, LatestOut, LiveStateOut
from core.types import state_of
from db.queries import devices, latest
from db.queries.rows import Device, Latest

router = APIRouter(prefix="/api/v1", tags=["devices"], responses=documented(404, 422, 503))


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
    return DevicesOut(total=total, devices=[device_out(device) for device in found])


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
                raise unknown_device(device)
            found = [one]
    now = datetime.now(UTC)
    return LatestOut(as_of=now, devices=[_live_state(state, now) for state in found])


@router.get("/devices/{name:path}")
def get_device(store: StoreParam, name: DeviceName) -> DeviceDetailOut:
    """One device with its live state."""
    with store.connect() as connection:
        device = find_device(connection, name)
        state = latest.latest_one(connection, name)
    if state is None:
        return DeviceDetailOut(**device_out(device).model_dump())
    settings = store.settings
    live = _live_state(state, datetime.now(UTC))
    label = state_of(
        live.age_s, live.speed, stopped_below=settings.stopped_below, silent_after_s=settings.silent_after_s
    )
    return DeviceDetailOut(**(device_out(device).model_dump() | live.model_dump()), state=label)


def device_out(device: Device) -> DeviceOut:
    """A registered device."""
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
