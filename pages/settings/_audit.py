"""The audit as a table: who changed what, from what to what."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from dash import html
from dash.development.base_component import Component

from core.text import iso_utc
from db.queries.audit import Change
from pages.settings import _words as words

AT_ONCE: Final = 25
AT_MOST: Final = 500


def table(changes: Sequence[Change]) -> Component:
    """The changes, newest first."""
    if not changes:
        return html.P("Nothing has been changed yet.", className="wp-settings-text")
    head = html.Tr([html.Th(label, scope="col") for label in ("When", "Who", "What", "From", "To")])
    return html.Div(
        html.Table([html.Thead(head), html.Tbody([_row(change) for change in changes])], className="wp-table"),
        className="wp-scroll",
        tabIndex="0",
    )


def _row(change: Change) -> Component:
    return html.Tr(
        [
            html.Td(_when(change.at)),
            html.Td(change.who),
            html.Td(words.called(change.what), title=change.what),
            html.Td(words.text(change.what, change.before)),
            html.Td(words.text(change.what, change.after)),
        ]
    )


def _when(moment: datetime) -> Component:
    """In UTC until assets/shell/settings.js puts it into the reader's zone."""
    exact = iso_utc(moment)
    shown = exact[:19].replace("T", " ") + " UTC"
    return html.Time(shown, dateTime=exact, title=shown, className="wp-local-time")
