"""A panel that a button opens; Escape, a click elsewhere and leaving it close it (assets/shell/popover.js)."""

from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import aria, data


def popover(
    panel_id: str, button: Any, panel: Any, *, label: str, title: str = "", button_class: str = "", side: str = "right"
) -> Component:
    """`button` and `panel` are what is in them; `label` names the panel, `title` is the button's tip.

    `side` is the edge of the button that the panel keeps to: left or right.
    """
    return html.Div(
        [
            html.Button(
                button,
                type="button",
                className=f"wp-tool {button_class}".strip(),
                title=title or label,
                **aria(haspopup="dialog", expanded="false", controls=panel_id),
                **data(popover=panel_id),
            ),
            html.Div(
                panel,
                id=panel_id,
                hidden=True,
                role="dialog",
                className=f"wp-popover wp-popover-{side}",
                **aria(label=label),
            ),
        ],
        className="wp-popover-root",
    )
