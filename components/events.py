"""Events as pages show them: rows of a table, marks with their symbols, and links to the moment at the device."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import IconName, icon
from components.names import device_path
from core.text import age, iso_utc, shorten
from core.timelines import CLOCK_JUMP, OUT_OF_ORDER, REPEAT
from db.queries.events import Event

MARK_WORDS: Final[dict[str, tuple[IconName, str, str]]] = {
    REPEAT: ("repeat", "Repeat", "The device was in this state already"),
    OUT_OF_ORDER: ("shuffle", "Impossible order", "This cannot follow the state that the device was in"),
    CLOCK_JUMP: ("clock-alert", "Clock jump", "The clock of the device has jumped"),
}
"""Symbol, name and meaning of each mark."""
COLUMNS: Final = ("Event", "Device", "When", "State", "Marks", "Data")
_LONGEST_DATA: Final = 80
_AROUND: Final = timedelta(minutes=30)


def moment_path(device: str, moment: datetime) -> str:
    """The page of a device, half an hour before and after a moment."""
    start, end = (iso_utc(at)[:19] + "Z" for at in (moment - _AROUND, moment + _AROUND))
    return f"{device_path(device)}?from={start}&to={end}"


def event_table(found: Sequence[Event], now: datetime, *, of_one_device: bool = False) -> Component:
    """Events in the order they are given; without the column of devices where all are of one."""
    columns = [name for name in COLUMNS if not (of_one_device and name == "Device")]
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(name, scope="col") for name in columns])),
            html.Tbody([_row(one, now, of_one_device=of_one_device) for one in found]),
        ],
        className="wp-table wp-events",
    )


def marks_of(one: Event) -> Component:
    """The marks of an event, each a symbol with its name; nothing where it has none."""
    return html.Span([_mark(mark) for mark in one.marks], className="wp-event-chips")


def marks_text(marks: Sequence[str]) -> str:
    """What is wrong with an event, in a sentence or two."""
    return ". ".join(MARK_WORDS[mark][2] for mark in marks if mark in MARK_WORDS)


def data_text(one: Event) -> str:
    """What the sender says of the event, as "name: value", in one line; empty where it says nothing."""
    return ", ".join(f"{name}: {_plain(value)}" for name, value in (one.data or {}).items())


def _row(one: Event, now: datetime, *, of_one_device: bool) -> Component:
    words = data_text(one)
    there = moment_path(one.device, one.ts)
    title = f"{iso_utc(one.ts)}, received {iso_utc(one.received_at)}"
    cells = [
        html.Td(
            dcc.Link(
                shorten(one.type, 40),
                href=there,
                title=f"{one.type}: show {one.device} at that moment",
                className="wp-link",
            )
        ),
        html.Td(when(one.ts, now), title=title, className="wp-event-when"),
        html.Td(
            html.Span(one.state, title=f"{one.machine} is {one.state}") if one.state else None,
            className="wp-event-state",
        ),
        html.Td(marks_of(one) if one.marks else None, className="wp-event-marks"),
        html.Td(shorten(words, _LONGEST_DATA) or None, title=words, className="wp-event-data"),
    ]
    if not of_one_device:
        name = one.label or one.device
        link = dcc.Link(shorten(name), href=device_path(one.device), title=one.device, className="wp-link")
        cells.insert(1, html.Td(link))
    return html.Tr(cells, **data(event=str(one.id)))


def when(moment: datetime, now: datetime) -> Component:
    """How long ago; of a clock that is ahead, that it is."""
    seconds = (now - moment).total_seconds()
    words = "now" if -2 < seconds < 2 else f"{age(seconds)} ago" if seconds > 0 else f"in {age(-seconds)}"
    return html.Time(words, dateTime=iso_utc(moment.astimezone(UTC)))


def _mark(mark: str) -> Component:
    name, word, meaning = MARK_WORDS.get(mark, ("triangle-alert", mark, mark))
    return html.Span(
        [icon(name), html.Span(word)],
        className="wp-pill wp-mark-chip",
        title=meaning,
        **data(mark=mark),
        **aria(label=word),
    )


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
