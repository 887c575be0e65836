"""The page of an address that there is not. Dash finds it by the name of this module."""

import dash
from dash import dcc, html
from dash.development.base_component import Component

from components.states import empty

dash.register_page(__name__, path="/404", title="No such page · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types


def layout(**_query: object) -> Component:
    """What to do instead."""
    home = dcc.Link("Go to the live map", href="/", className="wp-button")
    return html.Div(
        empty("There is no such page", "The address may be mistyped, or the page has moved.", home, picture="search-x"),
        className="wp-page wp-page-centred",
    )
