"""What the API answers of events and states."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import Moment

_EVENT: dict[str, Any] = {
    "id": 71,
    "ts": "2026-11-22T21:19:03.123Z",
    "type": "door_open",
    "data": {"by": "badge"},
    "marks": ["repeat"],
}
_NEXT = "1795382343123000-71"


class TimelineItemOut(BaseModel):
    """Something that happened to the device. `marks`: repeat, out_of_order_state, clock_jump."""

    id: int
    ts: Moment
    type: str
    data: dict[str, Any] | None
    marks: list[str]


class TimelineOut(BaseModel):
    """A page of events, newest first; `next` is the cursor of the next page, null where there is no more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EVENT], "next": _NEXT}]})

    items: list[TimelineItemOut]
    next: str | None


class EventItemOut(TimelineItemOut):
    """The same with its device. `machine` and `state` say where it led, null where no machine knows its type."""

    device_id: str
    received_at: Moment
    machine: str | None
    state: str | None


class EventsOut(BaseModel):
    """A page of events of all devices, newest first."""

    _item = _EVENT | {
        "device_id": "door-3",
        "received_at": "2026-11-22T21:19:03.301Z",
        "machine": "door",
        "state": "open",
    }
    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_item], "next": _NEXT}]})

    items: list[EventItemOut]
    next: str | None


class StateOut(BaseModel):
    """The state of one machine of a device."""

    machine: str
    state: str
    since: Moment


class StatesOut(BaseModel):
    """The states of all machines of a device that have had an event."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "device_id": "door-3",
                    "items": [{"machine": "door", "state": "open", "since": "2026-11-22T21:19:03.123Z"}],
                }
            ]
        }
    )

    device_id: str = Field(description="As the sender wrote it")
    items: list[StateOut]
