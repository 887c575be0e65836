"""Cards: a border, a heading, and one thing inside."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.states import skeleton


def figure_card(
    label: str, value: str, unit: str = "", note: str | Component = "", *, title: str | None = None
) -> Component:
    """One number: what it is, the number, its unit in a muted colour, and a line below."""
    children: list[Any] = [html.Span(value, className="wp-figure-value")]
    if unit:
        children.append(html.Span(unit, className="wp-figure-unit"))
    return html.Div(
        [
            html.Div(label, className="wp-figure-label"),
            html.Div(children, className="wp-figure-number", title=title),
            html.Div(note, className="wp-figure-note"),
        ],
        className="wp-box wp-figure",
    )


def figure_skeleton(label: str, *, noted: bool = True) -> Component:
    """A figure card before its number is known, as high as it will be then, so that nothing below it moves.

    `noted` tells whether any card of its row will have a line below the number.
    """
    return html.Div(
        [
            html.Div(label, className="wp-figure-label"),
            html.Div(skeleton("96px", "22px"), className="wp-figure-number"),
            html.Div("\u00a0" if noted else "", className="wp-figure-note"),
        ],
        className="wp-box wp-figure",
    )


def figure_row(cards: Sequence[Component], component_id: str) -> Component:
    """Figure cards side by side, all of one width."""
    return html.Div(list(cards), id=component_id, className="wp-figures")


def card(
    heading: str | Component, body: Any, *, aside: Any = None, class_name: str = "", heading_id: str | None = None
) -> Component:
    """A card with a heading, something muted or a control at its right, and a body."""
    named: dict[str, Any] = {} if heading_id is None else {"id": heading_id}
    head: list[Any] = [html.H2(heading, className="wp-box-heading", **named)]
    if aside is not None:
        head.append(html.Div(aside, className="wp-box-aside"))
    return html.Section([html.Div(head, className="wp-box-head"), body], className=f"wp-box {class_name}".strip())
