"""The form in which a space and its doors are set up, and what was put into it. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from components.attributes import aria
from components.icons import icon
from core.occupancy import Hours
from db.queries.spaces import Described, Placement
from db.spaces import Placing
from pages.spaces import _ids as ids

_LONGEST: Final = 200


class Unusable(ValueError):
    """Something in the form cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form says."""

    name: str
    capacity: int | None
    hours: Hours
    doors: tuple[Placing, ...]


def form(one: Described | None, devices: Sequence[str]) -> list[Component]:
    """The fields, for a new space or filled with `one`; `devices` are those that may be placed."""
    space = None if one is None else one.space
    hours = Hours() if space is None else space.hours
    rows = [door_row(n, devices, placed, hours.zone) for n, placed in enumerate(one.placements if one else ())]
    buttons = [html.Button("Save", id=ids.SAVE, type="button", className="wp-button wp-button-main")]
    if one is not None:
        buttons.append(html.Button("Remove this space", id=ids.REMOVE, type="button", className="wp-button"))
    return [
        html.Div(
            [
                dmc.TextInput(
                    id=ids.field("name"),
                    label="Name",
                    value="" if space is None else space.name,
                    disabled=space is not None,
                    size="sm",
                ),
                dmc.NumberInput(
                    id=ids.field("capacity"),
                    label="Capacity",
                    value="" if space is None or space.capacity is None else space.capacity,
                    min=1,
                    max=1_000_000,
                    allowDecimal=False,
                    size="sm",
                ),
                dmc.Select(
                    id=ids.field("zone"),
                    label="Time zone",
                    value=hours.zone,
                    data=sorted(available_timezones()),
                    searchable=True,
                    limit=50,
                    allowDeselect=False,
                    size="sm",
                ),
                _clock("opens", "Opens", hours.opens),
                _clock("closes", "Closes", hours.closes),
                _clock("empty_at", "Known to be empty at", hours.empty_at),
            ],
            className="wp-form-grid",
        ),
        html.P(
            "Hours are of the time zone above. At the hour at which the space is known to be empty each day, drift of"
            " the sensors is taken out of the day before.",
            className="wp-hint",
        ),
        html.H3("Doors", className="wp-form-heading"),
        html.Div(rows, id=ids.ROWS, className="wp-form-doors"),
        html.Button("Add a door", id=ids.ADD_DOOR, type="button", className="wp-button"),
        html.P(
            "A sensor that was moved: end its row when it left, and add another. The history is counted anew.",
            className="wp-hint",
        ),
        html.Div(id=ids.PROBLEM, role="alert", className="wp-form-problem"),
        html.Div(buttons, className="wp-form-buttons"),
    ]


def _clock(name: str, label: str, value: time | None) -> Component:
    field: Component = dmc.TimeInput(
        id=ids.field(name), label=label, value="" if value is None else f"{value:%H:%M}", size="sm"
    )
    return field


def door_row(row: int | str, devices: Sequence[str], placed: Placement | None, zone: str) -> Component:
    """The fields of one placement; `row` tells it from the others."""
    clock = ZoneInfo(zone)
    start = datetime.now(clock).replace(hour=0, minute=0, second=0) if placed is None else placed.valid_from
    end = None if placed is None else placed.valid_to
    return html.Div(
        [
            dmc.Select(
                id=ids.door(row, "device"),
                value=None if placed is None else placed.device,
                data=list(devices),
                searchable=True,
                limit=50,
                placeholder="Sensor",
                nothingFoundMessage="None is called so",
                size="sm",
                **aria(label="Sensor"),
            ),
            dmc.Select(
                id=ids.door(row, "sign"),
                value="1" if placed is None else str(placed.sign),
                data=[{"value": "1", "label": "in leads into it"}, {"value": "-1", "label": "in leads out of it"}],
                allowDeselect=False,
                size="sm",
                **aria(label="Which way"),
            ),
            dmc.TextInput(
                id=ids.door(row, "from"),
                value=_local(start, clock),
                placeholder="2026-01-31 08:00",
                size="sm",
                **aria(label="From"),
            ),
            dmc.TextInput(
                id=ids.door(row, "to"),
                value="" if end is None else _local(end, clock),
                placeholder="until further notice",
                size="sm",
                **aria(label="To"),
            ),
            html.Button(
                icon("x"),
                id=ids.door(row, "drop"),
                type="button",
                className="wp-tool wp-tool-quiet",
                **aria(label="Take this row away"),
            ),
        ],
        id=ids.door(row, "row"),
        className="wp-form-door",
        role="group",
        **aria(label="A door"),
    )


def _local(moment: datetime, clock: ZoneInfo) -> str:
    return f"{moment.astimezone(clock):%Y-%m-%d %H:%M:%S}".removesuffix(":00")


def filled(fields: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Filled:
    """What was put into the form. Raises Unusable."""
    name = str(fields.get("name") or "").strip()
    if not name or len(name) > _LONGEST or "\0" in name:
        raise Unusable(f"Give the space a name of 1 to {_LONGEST} characters.")
    zone = fields.get("zone")
    if zone not in available_timezones():
        raise Unusable("Choose the time zone that the space is in.")
    capacity = fields.get("capacity")
    if capacity not in {None, ""} and not (isinstance(capacity, int) and 1 <= capacity <= 1_000_000):
        raise Unusable("The capacity is a whole number above 0; leave it empty where it is not known.")
    hours = Hours(
        str(zone), *(_time_of(label, fields.get(key)) for key, label in
        (("opens", "Opens"), ("closes", "Closes"), ("empty_at", "Known to be empty at")))
    )  # fmt: skip
    return Filled(name, capacity if isinstance(capacity, int) else None, hours, tuple(_placing(r, hours) for r in rows))


def _time_of(label: str, value: Any) -> time | None:
    if not value:
        return None
    try:
        return time.fromisoformat(str(value)[:5])
    except ValueError:
        raise Unusable(f"{label}: write an hour as 08:00, or leave it empty.") from None


def _placing(row: Mapping[str, Any], hours: Hours) -> Placing:
    device = row.get("device")
    if not device:
        raise Unusable("Choose the sensor of each door, or take the row away.")
    start = _moment(f"From of {device}", row.get("from"), hours)
    if start is None:
        raise Unusable(f"Say since when {device} sits there.")
    end = _moment(f"To of {device}", row.get("to"), hours)
    if end is not None and end <= start:
        raise Unusable(f"{device} is placed until before it is: end it after it begins.")
    return Placing(str(device), -1 if str(row.get("sign")) == "-1" else 1, start, end)


def _moment(label: str, value: Any, hours: Hours) -> datetime | None:
    text = str(value or "").strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(hours.zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unusable(f"{label}: write it as 2026-01-31 08:00, by the clock of the space.") from None
