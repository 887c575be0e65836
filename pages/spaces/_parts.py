"""The Spaces page's figures and tables, and what stands for them: pure functions."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from auth.roles import Role, Visitor
from components.attributes import aria, data
from components.cards import figure_card, figure_skeleton
from components.icons import icon
from components.names import device_link
from components.states import empty
from core.occupancy import AnchorKind
from core.text import NO_VALUE, age, iso_utc, number, shorten
from db.queries.spaces import Described, Sensor
from pages.spaces import _ids as ids
from pages.spaces._load import Chosen, Tile

FIGURE_LABELS: Final = ("Now", "Most", "Mean", "Passages", "Drift taken out")
_KNOWN_BY: Final = {AnchorKind.CLOSING: "empty at the closing hour", AnchorKind.MANUAL: "counted by hand"}


def figures(chosen: Chosen, tile: Tile) -> list[Component]:
    """The row of figures of the chosen space over the period."""
    counts = [one.count for one in chosen.history]
    capacity = chosen.described.space.capacity
    peak = max(chosen.history, key=lambda one: one.count, default=None)
    drift = [one.drift for one in chosen.ended]
    passages = sum(one.passages for one in chosen.ended)
    return [
        figure_card(FIGURE_LABELS[0], _count(tile.count), f"of {number(capacity)}" if capacity else ""),
        figure_card(
            FIGURE_LABELS[1],
            _count(max(counts, default=None)),
            note="" if peak is None else clock(peak.at, chosen.described.space.hours.zone),
        ),
        figure_card(FIGURE_LABELS[2], number(mean_of(chosen), 2)),
        figure_card(FIGURE_LABELS[3], number(passages) if drift else NO_VALUE, note="between known counts"),
        figure_card(
            FIGURE_LABELS[4],
            signed(sum(drift)) if drift else NO_VALUE,
            note=f"over {len(drift)} stretch{'es' if len(drift) > 1 else ''}" if drift else "no known count yet",
        ),
    ]


def mean_of(chosen: Chosen) -> float | None:
    """The mean count, each moment weighed by how long it held."""
    points = chosen.history
    held = [(a.count, (b.at - a.at).total_seconds()) for a, b in pairwise(points)]
    seconds = sum(length for _, length in held)
    return sum(count * length for count, length in held) / seconds if seconds else None


def figure_skeletons() -> list[Component]:
    """The row before its numbers are known."""
    return [figure_skeleton(label) for label in FIGURE_LABELS]


def drift_list(chosen: Chosen) -> Component:
    """What was taken out of each stretch, what was changed afterwards, and what people have counted."""
    zone = chosen.described.space.hours.zone
    items = [
        (
            one.end,
            html.Li(
                [
                    html.Span(signed(one.drift), className="wp-drift-number"),
                    html.Span(
                        f"drift after {number(one.passages)} passages, {_KNOWN_BY[one.end_kind]}"
                        + (f" ({number(one.end_count)})" if one.end_count else "")
                    ),
                    _time(one.end, zone),
                ]
            ),
        )
        for one in chosen.ended
    ]
    items += [
        (
            c.reconciled_at,
            html.Li(
                [
                    html.Span(f"± {number(c.largest)}", className="wp-drift-number"),
                    html.Span(f"{number(c.changed)} checkpoints made anew: {c.why}"),
                    _time(c.reconciled_at, zone),
                ]
            ),
        )
        for c in chosen.corrections
    ]
    items += [
        (
            k.ts,
            html.Li(
                [
                    html.Span(number(k.count), className="wp-drift-number"),
                    html.Span(f"counted by {shorten(k.noted_by, 24)}"),
                    _time(k.ts, zone),
                ]
            ),
        )
        for k in chosen.known
    ]
    if not items:
        return empty(
            "Nothing was corrected in this period",
            "Drift is taken out where the true count is known: at the hour at which a space is known to be empty,"
            " or when somebody counts.",
            picture="check",
        )
    ordered = sorted(items, key=lambda item: item[0], reverse=True)[:60]
    return html.Ol([item for _, item in ordered], className="wp-drift")


def doors(one: Described, now: datetime) -> Component:
    """Where the sensors of the space sit and sat."""
    if not one.placements:
        return empty(
            "No sensor is placed here",
            "Counting begins with the first: an admin says which sensor sits at which door, and since when.",
            picture="door-open",
        )
    heard = {sensor.device: sensor for sensor in one.sensors}
    silent = {sensor.device for sensor in one.silent}
    rows = []
    for placed in one.placements:
        sensor = heard.get(placed.device) if placed.valid_to is None or placed.valid_to > now else None
        rows.append(
            html.Tr(
                [
                    html.Td(device_link(placed.device, 24)),
                    html.Td("in leads into it" if placed.sign > 0 else "in leads out of it"),
                    html.Td(clock(placed.valid_from, one.space.hours.zone)),
                    html.Td("now" if placed.valid_to is None else clock(placed.valid_to, one.space.hours.zone)),
                    html.Td(_heard(sensor, sensor is not None and sensor.device in silent, now)),
                ],
                **data(none="") if sensor is None else {},
            )
        )
    names = ("Sensor", "Which way", "From", "To", "Heard")
    head = html.Thead(html.Tr([html.Th(name, scope="col") for name in names]))
    return html.Table([head, html.Tbody(rows)], className="wp-table wp-doors")


def _heard(sensor: Sensor | None, is_silent: bool, now: datetime) -> Any:
    if sensor is None:
        return "moved away"
    if sensor.heard_at is None:
        return "never"
    said = age((now - sensor.heard_at).total_seconds())
    return [html.Span(className="wp-ring"), f"{said}, silent"] if is_silent else said


def hours_words(one: Described) -> str:
    """Opening hours and the hour at which it is empty, in a sentence's part."""
    hours = one.space.hours
    parts = []
    if hours.opens is not None and hours.closes is not None:
        parts.append(f"open {hours.opens:%H:%M} to {hours.closes:%H:%M}")
    if hours.empty_at is not None:
        parts.append(f"known to be empty at {hours.empty_at:%H:%M}")
    return ", ".join([*parts, hours.zone])


def actions(visitor: Visitor | None, chosen: str) -> list[Component]:
    """What somebody may do with the chosen space; for others the way to become one who may."""
    if visitor is not None and not visitor.may(Role.ANALYST):
        if visitor.name is not None:
            return [html.Span(f"{visitor.name} may look.", className="wp-hint")]
        return [dcc.Link("Sign in to set up spaces", href="/sign-in?next=%2Fspaces", className="wp-text-link")]
    if visitor is None:
        return [html.Span("The database does not answer, so nothing can be set up now.", className="wp-hint")]
    buttons = []
    if visitor.may(Role.ADMIN):
        buttons.append(_button("New space", "new"))
    if chosen:
        if visitor.may(Role.ADMIN):
            buttons.append(_button("Set up", "edit"))
        watch = f"/alerts?new=space&space={quote(chosen, safe='')}"
        buttons.append(dcc.Link("Watch this space", href=watch, className="wp-button"))
        buttons.append(_button("Reconcile now", "reconcile"))
        buttons.append(
            html.Form(
                [
                    dmc.NumberInput(
                        id=ids.COUNTED,
                        min=0,
                        max=1_000_000,
                        allowDecimal=False,
                        hideControls=True,
                        placeholder="Counted",
                        size="xs",
                        className="wp-count-input",
                        **aria(label="How many people you have counted now"),
                    ),
                    _button("Set count", "count"),
                ],
                className="wp-count-form",
            )
        )
    return buttons


def _button(label: str, what: str) -> Component:
    return html.Button(label, id=ids.act(what), type="button", className="wp-button")


def no_spaces(visitor: Visitor | None) -> Component:
    """What stands in the place of tiles while there is no space.

    It is drawn anew with each refresh, so it has no button: a click on one that is replaced meanwhile would be lost.
    """
    text = (
        "A space has doors, and sensors in them that say how many people pass. Make one, then say which sensor sits at"
        " which of its doors. Sensors send {“device_id”: “door-3”, “ts”: …, “direction”: 1}, or “in” and “out” of an"
        " interval; Waypost knows each from its first message on."
    )
    if visitor is not None and visitor.may(Role.ADMIN):
        return empty("There is no space yet", f"{text} Begin with New space, above.", picture="door-open")
    sign_in = dcc.Link("Sign in as an admin", href="/sign-in?next=%2Fspaces", className="wp-text-link")
    return empty("There is no space yet", text, sign_in, picture="door-open")


def clock(moment: datetime, zone: str) -> str:
    """A moment by the clock of the space."""
    local = moment.astimezone(ZoneInfo(zone))
    year = "" if local.year == datetime.now(UTC).year else f" {local.year}"
    return f"{local:%a} {local.day} {local:%b}{year}, {local:%H:%M}"


def signed(value: int) -> str:
    """A number with its sign."""
    return f"+{number(value)}" if value > 0 else number(value)


def _time(moment: datetime, zone: str) -> Component:
    return html.Time(clock(moment, zone), dateTime=iso_utc(moment), className="wp-drift-when")


def _count(count: int | None) -> str:
    return NO_VALUE if count is None else number(count)


def said(text: str) -> list[Any]:
    """What was done."""
    return [icon("check"), text]
