"""Lists that are turned over page by page, the newest first: the buttons, what they do, and which rows are shown.

A page of ours keeps in a store the cursors of the pages that were turned over, as texts; none at the first.
"""

from collections.abc import Sequence, Sized
from contextlib import suppress
from typing import Any, Final

from dash import ctx, html, no_update
from dash.development.base_component import Component

from components.attributes import aria
from components.icons import IconName, icon
from core.text import number
from db.queries.cursor import Cursor

PAGE_SIZE: Final = 50


def pager(newer: str, older: str, what: str) -> Component:
    """The two buttons, by their ids, to newer and older of `what`."""
    return html.Div(
        [_turner(newer, "chevron-left", f"Newer {what}"), _turner(older, "chevron-right", f"Older {what}")],
        className="wp-pager",
        role="group",
        **aria(label="Pages"),
    )


def _turner(button: str, name: IconName, words: str) -> Component:
    return html.Button(
        icon(name), id=button, type="button", className="wp-tool", title=words, disabled=True, **aria(label=words)
    )


def turned_over(newer: str, older: str, behind: Sequence[str], following: str | None) -> Any:
    """For a callback of both buttons and of the filters: the cursors with that of the page to show, `following` being
    where the older ones begin. Other filters begin at the newest again."""
    if ctx.triggered_id == older:
        return [*behind, following] if following else no_update
    if ctx.triggered_id == newer:
        return behind[:-1]
    return [] if behind else no_update


def place_of(behind: object) -> tuple[int, Cursor | None]:
    """How many pages were turned over, and behind which row the one to show begins. A browser may send anything."""
    turned = behind if isinstance(behind, list) else []
    with suppress(ValueError, AttributeError):
        return len(turned), Cursor.parse(turned[-1]) if turned else None
    return len(turned), None


def shown_note(items: Sized, behind: int, *, more: bool) -> str:
    """Which rows are shown, of how far back; nothing where there are none."""
    if not len(items):
        return ""
    first = behind * PAGE_SIZE
    return f"{number(first + 1)} to {number(first + len(items))}{', and older ones' if more else ', to the oldest'}"
