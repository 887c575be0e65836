"""One group of the quarantine: what to do about it, and its messages. Pure functions."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, urlencode

from dash import dcc, html
from dash.development.base_component import Component

from auth.roles import Role, Visitor
from components.attributes import aria, data
from components.icons import icon
from components.names import cut_name, device_link
from components.states import empty
from core.reasons import WITHOUT_USE
from core.text import iso_utc
from db.queries.quarantine import Kept
from pages.pipeline import _ids as ids
from pages.pipeline._load import KEPT_AT_MOST, group_of
from pages.pipeline._words import count, exact, visible

_LONGEST: Final = 1000
_WITHOUT_USE: Final = (
    "These messages are in order, but say nothing that Waypost keeps, such as where a device is. They are counted here"
    " so that the account of what was received adds up. There is nothing to mend."
)


def panel(key: str, kept: Sequence[Kept], shown: int, visitor: Visitor | None) -> Component:
    """The group called `key` with its newest messages; `visitor` is None where nobody can say who asks."""
    source, reason = group_of(key)
    head = html.Div(
        [
            html.Div([html.H3(reason, className="wp-group-title"), cut_name(source)], className="wp-group-names"),
            html.Button(
                icon("x"),
                type="button",
                className="wp-group-close",
                **data(target=ids.GROUP, choose=""),
                **aria(label="Close this group"),
            ),
        ],
        className="wp-group-head",
    )
    if not kept:
        gone = empty(
            "Nothing is left in this group", "What was in it has been stored, or was the oldest.", picture="check"
        )
        return html.Div([head, gone], className="wp-group-body")
    about = []
    if reason in WITHOUT_USE:
        about.append(html.P(_WITHOUT_USE, className="wp-kept-note"))
    items = html.Ol([_message(one) for one in kept[:shown]], className="wp-kept")
    return html.Div([head, *about, _way(key, visitor), items, *_rest(len(kept))], className="wp-group-body")


def _way(key: str, visitor: Visitor | None) -> Component:
    """The button that has it decoded again, for those who may; for others the way to become one."""
    may = visitor is not None and visitor.may(Role.ADMIN)
    button = html.Button(
        "Decode again", id=ids.AGAIN, type="button", className="wp-button wp-button-main", disabled=not may
    )
    if may:
        text: Any = "What can be used now, after a decoder or a limit was changed, is stored. The rest stays here."
    elif visitor is None:
        text = "The database does not answer, so nobody can be asked for now."
    elif visitor.name is not None:
        text = f"This takes an admin, and {visitor.name} is none."
    else:
        text = ["This takes an admin. ", dcc.Link("Sign in", href=sign_in_path(key), className="wp-text-link")]
    return html.Div([button, html.Span(text, className="wp-way-text")], className="wp-way")


def sign_in_path(key: str) -> str:
    """The sign-in page, and back to this group from there."""
    back_to = "/pipeline?" + urlencode({"group": key})
    return "/sign-in?next=" + quote(back_to, safe="")


def _message(kept: Kept) -> Component:
    text = visible(kept.shown)
    more = len(text) - _LONGEST
    line: list[Any] = [html.Time(exact(kept.received_at), dateTime=iso_utc(kept.received_at))]
    if kept.device is not None:
        line.append(device_link(kept.device))
    if kept.detail:
        line.append(html.Span(visible(kept.detail), className="wp-kept-detail"))
    if kept.encoding == "hex":
        line.append(html.Span("not text, shown in hexadecimal", className="wp-kept-note"))
    if kept.native:
        line.append(html.Span("decoded already, in SI units", className="wp-kept-note"))
    if kept.again:
        line.append(html.Span("being decoded", className="wp-kept-note"))
    parts: list[Any] = [
        html.Div(line, className="wp-kept-line"),
        html.Pre(text[:_LONGEST] or "(empty)", className="wp-kept-payload"),
    ]
    if more > 0:
        parts.append(html.Div(f"{count(more)} more characters; the REST API has the whole.", className="wp-kept-note"))
    return html.Li(parts)


def _rest(found: int) -> list[Component]:
    if found <= KEPT_AT_MOST:
        return []
    return [html.P(f"These are the newest {KEPT_AT_MOST}; the REST API has the others.", className="wp-kept-note")]


def asked(n: int) -> list[Any]:
    """What is said after somebody asked for a group to be decoded again."""
    if n == 0:
        return ["Nothing was left to ask for."]
    return [f"{count(n)} {'message is' if n == 1 else 'messages are'} being decoded again."]


def settled(left: int) -> list[Any]:
    """What is said once it was done."""
    if left == 0:
        return [icon("check"), "Done: all of them could be used and are stored."]
    return [icon("check"), f"Done: what can be used is stored, {count(left)} {'is' if left == 1 else 'are'} left here."]
