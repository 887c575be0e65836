"""The head of the Device page: which device, how it is now, and a way to watch it. Pure functions."""

from datetime import datetime
from typing import Final
from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import icon
from components.names import cut_name
from core.text import age, iso_utc
from core.types import DeviceState, state_of
from db.queries.rows import Device, Latest

_STATES: Final = {DeviceState.MOVING: "Moving", DeviceState.STOPPED: "Stopped", DeviceState.SILENT: "Silent"}


def head(
    device: Device,
    newest: Latest | None,
    now: datetime,
    *,
    stopped_below: float,
    silent_after_s: int,
    in_alert: bool = False,
) -> list[Component]:
    """Name, label, state, whether it is in alert, when last seen, and what is known of the device."""
    seen = device.last_seen if newest is None else newest.ts
    seconds = max(0.0, (now - seen).total_seconds())
    state = state_of(
        seconds,
        None if newest is None else newest.speed,
        stopped_below=stopped_below,
        silent_after_s=silent_after_s,
    )
    words = "just now" if age(seconds) == "now" else f"{age(seconds)} ago"
    line: list[Component] = [
        html.Span(
            [html.Span(className="wp-glyph", **aria(hidden="true"), **data(state=state.value)), _STATES[state]],
            className="wp-subject-state",
        ),
        *([_alert_link(device.name)] if in_alert else []),
        html.Time(f"Last seen {words}", title=_moment(seen), dateTime=iso_utc(seen)),
    ]
    names: list[Component] = [html.H2(cut_name(device.name, 48), className="wp-subject-name")]
    if device.label:
        names.append(html.Span(cut_name(device.label), className="wp-subject-label"))
    return [
        html.Div(names, className="wp-subject-names"),
        html.Div([*line, *_facts(device)], className="wp-subject-line"),
    ]


def _alert_link(name: str) -> Component:
    href = f"/alerts?subject={quote(name, safe='')}"
    return dcc.Link([icon("triangle-alert"), "In alert"], href=href, title="Show its alerts", className="wp-in-alert")


def watch_link(name: str) -> Component:
    """Leads to a rule that is begun for this device."""
    return dcc.Link(
        [icon("bell"), html.Span("Watch this device", className="wp-unseen")],
        href=f"/alerts?new=silence&device={quote(name, safe='')}",
        title="Watch this device",
        className="wp-tool",
    )


def _facts(device: Device) -> list[Component]:
    pairs = [("Kind", device.kind), ("Fleet", device.fleet), *sorted(device.attributes.items())]
    return [
        html.Span([html.Span(key, className="wp-fact-key"), cut_name(str(value), 28)], className="wp-fact")
        for key, value in pairs
        if value
    ]


def _moment(moment: datetime) -> str:
    return iso_utc(moment)[:19].replace("T", " ") + " UTC"
