"""What the Events page shows, made from rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

from components.events import COLUMNS, MARK_WORDS, event_table
from components.period import longer
from components.states import empty, skeleton
from core.period import Period, period_words
from db.queries.events import Filter, Page

MARKS: Final = {"": "Marked or not", "any": "With any mark"} | {mark: words[1] for mark, words in MARK_WORDS.items()}
"""What may be asked for, by the name it has in the URL."""


def asked_for(kind: object, search: object, mark: object, period: Period) -> Filter:
    """The filter that the controls say. A browser may send anything: what is none of it counts as nothing."""
    wanted = mark if isinstance(mark, str) and mark in MARKS else ""
    return Filter(
        types=(kind,) if isinstance(kind, str) and kind and "\0" not in kind else (),
        search=search.strip() if isinstance(search, str) and search.strip() and "\0" not in search else None,
        marks=(wanted,) if wanted not in {"", "any"} else (),
        marked=bool(wanted),
        start=period.start,
        # A clock that is a little ahead is no reason not to be seen at once.
        end=None if period.to == "now" else period.end,
    )


def is_narrow(asked: Filter) -> bool:
    """Whether anything but the period narrows what is shown."""
    return bool(asked.types or asked.search or asked.marked)


def table(page: Page, asked: Filter, period: Period, now: datetime, *, any_at_all: bool, origin: str) -> Component:
    """The events of a page, or why there are none and what to do. `origin`: the address under which Waypost is open."""
    if page.items:
        return event_table(page.items, now)
    if not any_at_all:
        return empty(
            "No event has come yet", "Paste this to send one; $TOKEN is the collector token.", _how_to_send(origin)
        )
    if is_narrow(asked):
        return empty(
            "No event fits",
            f"None of the {period_words(period)} is as the filters above ask for.",
            html.Button("Show all of them", id={"events": "clear"}, type="button", className="wp-button"),
            picture="search-x",
        )
    return empty("Nothing happened", f"No event is of the {period_words(period)}.", longer())


def table_skeleton() -> Component:
    """The table before the first answer."""
    cells = [html.Td(skeleton("70%", "14px")) for _ in COLUMNS]
    return html.Table(
        [
            html.Thead(html.Tr([html.Th(name, scope="col") for name in COLUMNS])),
            html.Tbody([html.Tr(cells) for _ in range(10)]),
        ],
        className="wp-table wp-events",
    )


def type_choices(types: Sequence[str], chosen: object) -> list[dict[str, Any]]:
    """The types to choose from; the one chosen stays among them though no such event is there."""
    known = list(types)
    if isinstance(chosen, str) and chosen and chosen not in known:
        known.append(chosen)
    return [{"value": kind, "label": kind} for kind in known]


def _how_to_send(origin: str) -> Component:
    command = (
        f'curl -H "Authorization: Bearer $TOKEN" {origin}/api/v1/ingest \\\n'
        '  --data \'{"device_id": "door-3", "event": "door_open", "data": {"by": "badge"}}\''
    )
    return html.Pre(command, className="wp-how-to-send", tabIndex="0")
