"""The timeline of a device: a lane of bands for each of its machines, marks upon them, and what happened below."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

from dash import dcc, html
from dash.development.base_component import Component
from sqlalchemy import Connection

from components.attributes import aria, data
from components.events import MARK_WORDS, data_text, event_table, marks_text
from components.icons import icon
from components.states import empty, skeleton
from core.period import Period, period_words
from core.text import age, iso_utc, shorten
from db.queries.events import Event, Filter, State, list_events, list_states, moved_events, states_before

PAGE: Final = "device-timeline"
BANDS: Final = "device-timeline-bands"
LIST: Final = "device-timeline-list"
NOW: Final = "device-timeline-now"
MOST_BANDS: Final = 400
"""Changes of state that are drawn: more are narrower than a hair."""
MOST_LISTED: Final = 20
TONES: Final = 6
_TICKS: Final = 5


@dataclass(frozen=True, slots=True)
class Timeline:
    """What happened to a device within a span: `before` are its states at the beginning, `now` those of this moment."""

    device: str
    start: datetime
    end: datetime
    before: tuple[State, ...]
    moved: tuple[Event, ...]
    newest: tuple[Event, ...]
    more: bool
    now: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A device in one state for a while. `begun` is when it came to be so, which may be before the span."""

    state: str
    start: datetime
    end: datetime
    begun: datetime | None


def load_timeline(connection: Connection, device_id: int, name: str, period: Period) -> Timeline:
    """Ask what happened within a period."""
    page = list_events(connection, Filter(device=name, start=period.start, end=period.end), limit=MOST_LISTED)
    moved = moved_events(connection, device_id, period.start, period.end, limit=MOST_BANDS)
    start = period.start if len(moved) < MOST_BANDS else moved[0].ts
    before = states_before(connection, device_id, start)
    now = list_states(connection, device_id)
    return Timeline(
        name, period.start, period.end, tuple(before), tuple(moved), page.items, page.next is not None, tuple(now)
    )


def bands_of(moved: Sequence[Event], before: State | None, start: datetime, end: datetime) -> list[Band]:
    """The bands of one machine, in order of time and without gaps; repeats lengthen the one they repeat."""
    bands: list[Band] = []
    if before is not None:
        bands.append(Band(before.state, start, end, before.since))
    for one in moved:
        if one.state is None or (bands and bands[-1].state == one.state):
            continue
        if bands:
            last = bands.pop()
            bands.append(Band(last.state, last.start, one.ts, last.begun))
        bands.append(Band(one.state, one.ts, end, one.ts))
    return [band for band in bands if band.end > band.start]


def lanes(found: Timeline, until: datetime) -> list[tuple[str, list[Band], list[Event]]]:
    """Each machine with its bands, to `until` at most, and its marked events."""
    by_machine: dict[str, list[Event]] = {
        machine: list(events) for machine, events in groupby(sorted(found.moved, key=_machine), key=_machine)
    }
    before = {one.machine: one for one in found.before}
    start = found.start if len(found.moved) < MOST_BANDS else found.moved[0].ts
    end = min(found.end, max(until, start))
    return [
        (
            machine,
            bands_of(by_machine.get(machine, []), before.get(machine), start, end),
            [one for one in by_machine.get(machine, []) if one.marks],
        )
        for machine in sorted(by_machine.keys() | before.keys())
    ]


def draw_bands(found: Timeline, period: Period, now: datetime) -> Component:
    """The lanes on an axis of time, or that there is nothing to draw."""
    drawn = lanes(found, now)
    if not drawn:
        if found.newest:
            return html.P("None of these events is one of a state machine.", className="wp-lanes-none")
        return empty("Nothing happened", f"No event of this device is of the {period_words(period)}.", picture="list")
    tones = {state: place % TONES for place, state in enumerate(sorted(_states(drawn)))}
    rows = [_lane(machine, bands, marked, found, tones) for machine, bands, marked in drawn]
    cut = f"Only the newest {MOST_BANDS} changes are drawn." if len(found.moved) >= MOST_BANDS else None
    return html.Div(
        [*rows, _axis(found, period), html.P(cut, className="wp-lanes-none") if cut else None], className="wp-lanes"
    )


def draw_list(found: Timeline, now: datetime) -> Component | None:
    """The newest events, and the way to all of them."""
    if not found.newest:
        return None
    parts: list[Component] = [event_table(found.newest, now, of_one_device=True)]
    if found.more:
        query = urlencode({"search": found.device, "from": iso_utc(found.start), "to": iso_utc(found.end)})
        parts.append(dcc.Link("All of these events", href=f"/events?{query}", className="wp-button wp-events-all"))
    return html.Div(parts)


def draw_now(states: Iterable[State], now: datetime) -> list[Component]:
    """The states of this moment."""
    return [
        html.Span(
            [f"{one.machine}: ", html.B(one.state), f" for {age(max(0.0, (now - one.since).total_seconds()))}"],
            title=f"since {iso_utc(one.since)}",
            className="wp-state-now",
        )
        for one in states
    ]


def waiting_bands() -> Component:
    """The lanes before they are known."""
    return html.Div(skeleton("100%", "56px"), className="wp-lanes")


def _states(drawn: Sequence[tuple[str, list[Band], list[Event]]]) -> set[str]:
    return {f"{machine} {band.state}" for machine, bands, _ in drawn for band in bands}


def _lane(machine: str, bands: list[Band], marked: list[Event], found: Timeline, tones: dict[str, int]) -> Component:
    spans = [
        html.Span(
            html.Span(band.state, className="wp-band-name"),
            className="wp-band",
            title=_band_title(machine, band),
            style=_place(found, band.start, band.end),
            **data(tone=str(tones[f"{machine} {band.state}"]), state=band.state),
        )
        for band in bands
    ]
    symbols = [
        html.Span(
            icon(MARK_WORDS[one.marks[0]][0] if one.marks[0] in MARK_WORDS else "triangle-alert"),
            className="wp-band-mark",
            title=f"{one.type}, {iso_utc(one.ts)}. {marks_text(one.marks)}."
            + (f" {data_text(one)}" if one.data else ""),
            style={"left": _percent(found, one.ts)},
            role="img",
            **aria(label=f"{one.type}: {marks_text(one.marks)}"),
        )
        for one in marked
    ]
    said = ", then ".join(band.state for band in bands[-12:])
    return html.Div(
        [
            html.Div(shorten(machine, 20), className="wp-lane-name", title=machine),
            html.Div([*spans, *symbols], className="wp-lane-bands", role="img", **aria(label=f"{machine}: {said}")),
        ],
        className="wp-lane",
    )


def _band_title(machine: str, band: Band) -> str:
    begun = "since before this period" if band.begun is None else f"since {iso_utc(band.begun)}"
    length = age((band.end - (band.begun or band.start)).total_seconds())
    return f"{machine} is {band.state}, {begun}, for {length if length != 'now' else 'less than 2 s'}"


def _axis(found: Timeline, period: Period) -> Component:
    length = found.end - found.start
    form = (
        "%H:%M:%S" if length < timedelta(minutes=10) else "%H:%M" if length <= timedelta(hours=26) else "%-d %b %H:%M"
    )
    moments = [found.start + length * place / (_TICKS - 1) for place in range(_TICKS)]
    return html.Div(
        [html.Span(at.astimezone(period.zone).strftime(form)) for at in moments],
        className="wp-lanes-axis",
        **aria(hidden="true"),
    )


def _place(found: Timeline, start: datetime, end: datetime) -> dict[str, str]:
    share = (end - start) / (found.end - found.start)
    return {"left": _percent(found, start), "width": f"{100 * share:.3f}%"}


def _percent(found: Timeline, moment: datetime) -> str:
    return f"{100 * ((moment - found.start) / (found.end - found.start)):.3f}%"


def _machine(one: Event) -> str:
    return one.machine or ""
