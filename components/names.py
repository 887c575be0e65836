"""Names of devices: anything a sender may write, so they are quoted in links and cut in the middle on the screen."""

from urllib.parse import quote

from dash import dcc, html
from dash.development.base_component import Component

from core.text import shorten


def device_path(name: str) -> str:
    """The path of a device's page."""
    return f"/device/{quote(name, safe='')}"


def device_link(name: str, most: int = 28) -> Component:
    """A link to a device's page: its name cut in the middle, the whole on hover."""
    return dcc.Link(shorten(name, most), href=device_path(name), title=name, className="wp-link")


def cut_name(name: str, most: int = 40) -> Component:
    """A name cut in the middle, the whole on hover. React writes it as text, so that markup in it stays text."""
    return html.Span(shorten(name, most), title=name, className="wp-name-text")
