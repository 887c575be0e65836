"""Icons: a span that `assets/10-shell.css` fills through a mask, so that it takes the colour of the text around it.

An `<img>` would not follow `currentColor`, and icon components that fetch from the network are ruled out by the
content security policy. The drawings are in `assets/icons/` (Lucide, ISC licence).
"""

from typing import Literal

from dash import html

from components.attributes import aria

IconName = Literal[
    "map",
    "chart-column",
    "sun",
    "moon",
    "panel-left-open",
    "panel-left-close",
    "pause",
    "play",
    "search-x",
    "triangle-alert",
    "octagon-alert",
    "inbox",
    "arrow-left",
    "route",
    "workflow",
    "user",
    "check",
    "door-open",
    "x",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "clock",
    "zoom-out",
    "ruler",
    "download",
    "trophy",
    "history",
    "layers",
    "maximize-2",
    "locate-fixed",
    "crosshair",
    "keyboard",
    "sliders-horizontal",
    "share-2",
    "scan",
    "eye",
    "focus",
    "settings",
    "list",
    "repeat",
    "shuffle",
    "clock-alert",
    "ellipsis",
    "bell",
]


def icon(name: IconName, class_name: str = "") -> html.Span:
    """A decorative icon of 1.25 em; what it stands for must be said in text or in an aria-label beside it."""
    return html.Span(className=f"wp-icon wp-icon-{name} {class_name}".strip(), **aria(hidden="true"))
