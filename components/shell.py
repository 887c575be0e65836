"""The frame round every page: header, rail or bottom bar, and the page's own content in the middle.

`app.py` gives what `shell` makes as the layout, and `INDEX` as the index string. Two stores have what the browser
hears from the server (assets/shell/notices.js): `site` the runtime settings, which a callback that shows units takes as
an input; `alerts` what is open (components/standing.py), which one that shows alerts does.
"""

from typing import Final

import dash
import dash_mantine_components as dmc
from dash import ClientsideFunction, Input, Output, clientside_callback, dcc, html
from dash.development.base_component import Component

from components.attributes import aria, data
from components.icons import IconName, icon
from components.standing import for_pages
from components.theme import MANTINE, chart_theme
from components.units import units_menu
from core.site import Site
from db.queries.alerts import Standing

ALERTS: Final = "/alerts"
NAV: Final[tuple[tuple[str, str, IconName], ...]] = (
    ("/", "Live map", "map"),
    ("/summary", "Summary", "chart-column"),
    ("/top", "Top N", "trophy"),
    ("/history", "History", "history"),
    ("/events", "Events", "list"),
    ("/spaces", "Spaces", "door-open"),
    (ALERTS, "Alerts", "bell"),
    ("/pipeline", "Pipeline", "workflow"),
)
"""Path, name and icon of each page in the rail. Only pages that exist."""

_SETTINGS: Final[tuple[str, str, IconName]] = ("/settings", "Settings", "settings")
_IN_THE_BAR: Final = ("/", "/summary", "/history", "/spaces")
"""Pages that a phone's bottom bar leads to at once; a fifth place holds the others."""

# first.js stands in the head and blocks: it sets the colour scheme and the rail before anything is painted.
INDEX: Final = """<!DOCTYPE html>
<html lang="en">
    <head>
        {%metas%}
        <meta name="color-scheme" content="light dark">
        <title>{%title%}</title>
        {%favicon%}
        <link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
        <link rel="preload" as="font" type="font/woff2" href="/assets/fonts/inter-latin-wght-normal.woff2" crossorigin>
        {%css%}
        <script src="/assets/shell/first.js"></script>
    </head>
    <body>
        {%app_entry%}
        <footer>
            {%config%}
            {%scripts%}
            {%renderer%}
        </footer>
    </body>
</html>"""


def shell(site: Site) -> Component:
    """The whole layout, for the settings that hold now; the current page appears in `dash.page_container`."""
    layout: Component = dmc.MantineProvider(
        id="mantine",
        theme=MANTINE,
        defaultColorScheme="auto",
        children=[
            html.A("Skip to content", href="#main", className="wp-skip"),
            dcc.Store(id="chart-theme", data=chart_theme()),
            dcc.Store(id="color-scheme"),
            dcc.Store(id="site", data=site.for_pages()),
            dcc.Store(id="alerts", data=for_pages(Standing(), "")),
            dmc.AppShell(
                [_header(site), _rail(), dmc.AppShellMain(_content(), className="wp-main"), _bottom_bar()],
                header={"height": "var(--wp-header)"},
                navbar={"width": "var(--wp-rail)", "breakpoint": "sm", "collapsed": {"mobile": True}},
                footer={"height": {"base": "var(--wp-bar)", "sm": 0}},
                padding=0,
                transitionDuration=140,
                className="wp-shell",
            ),
            _toasts(),
        ],
    )
    return layout


def _toasts() -> Component:
    """Where assets/shell/alerts.js tells of an alert that has opened. Both are there from the beginning, or else screen
    readers would not hear of what comes into them."""
    return html.Div(
        [
            html.Div(id="alert-toast-warning", role="status"),
            html.Div(id="alert-toast-critical", role="alert"),
        ],
        className="wp-toasts",
    )


def _content() -> Component:
    return html.Div(dash.page_container, id="main", tabIndex="-1", className="wp-content")


def _header(site: Site) -> Component:
    header: Component = dmc.AppShellHeader(
        [
            dcc.Link(
                [html.Span(className="wp-mark"), html.Span("Waypost", className="wp-name")],
                href="/",
                className="wp-home",
                title="Waypost: to the live map",
            ),
            html.H1("", id="page-title", className="wp-title"),
            html.Div(
                [
                    _indicator(),
                    units_menu(site.units),
                    dcc.Link(
                        [icon("user"), html.Span("Sign in", id="visitor-name", className="wp-unseen")],
                        href="/sign-in",
                        id="visitor",
                        title="Sign in",
                        className="wp-visitor",
                    ),
                    dmc.ColorSchemeToggle(
                        id="scheme-toggle",
                        lightIcon=icon("sun"),
                        darkIcon=icon("moon"),
                        variant="subtle",
                        color="gray",
                        size=32,
                        **aria(label="Switch between light and dark"),
                    ),
                ],
                className="wp-header-right",
            ),
        ],
        className="wp-header",
    )
    return header


def _indicator() -> Component:
    """How new the data is; it opens the menu in which everybody chooses an interval (assets/shell/refresh-menu.js)."""
    return html.Div(
        [
            html.Button(
                [
                    html.Span(id="live-indicator-dot", className="wp-live-dot"),
                    html.Span(id="live-indicator-text", className="wp-live-text"),
                ],
                id="live-indicator",
                type="button",
                className="wp-live",
                hidden=True,
                **aria(haspopup="dialog", expanded="false", controls="refresh-menu"),
            ),
            html.Div(
                [
                    html.Div(id="refresh-menu-body"),
                    dcc.Link("Change it for everyone", href="/settings", className="wp-menu-link"),
                ],
                id="refresh-menu",
                className="wp-menu",
                role="dialog",
                hidden=True,
                **aria(label="How this page keeps itself new"),
            ),
        ],
        className="wp-live-place",
    )


def _rail() -> Component:
    rail: Component = dmc.AppShellNavbar(
        [
            html.Nav(_links(), className="wp-nav", **aria(label="Pages")),
            html.Div([_link(*_SETTINGS), _toggle()], className="wp-nav"),
        ],
        className="wp-rail",
    )
    return rail


def _toggle() -> Component:
    return html.Button(
        [
            icon("panel-left-open", "wp-when-closed"),
            icon("panel-left-close", "wp-when-open"),
            html.Span("Collapse", className="wp-nav-label wp-when-open"),
        ],
        id="rail-toggle",
        type="button",
        className="wp-nav-link wp-rail-toggle",
        **aria(label="Show or hide the names of pages"),
    )


def _bottom_bar() -> Component:
    near = [_link(*page) for page in NAV if page[0] in _IN_THE_BAR]
    further = [_link(*page) for page in (*NAV, _SETTINGS) if page[0] not in _IN_THE_BAR]
    more = html.Details(
        [
            html.Summary(
                [icon("ellipsis"), html.Span("More", className="wp-nav-label"), _badge("wp-badge-dot")],
                className="wp-nav-link",
            ),
            html.Div(further, className="wp-more-pages"),
        ],
        className="wp-more",
    )
    bar: Component = dmc.AppShellFooter(
        html.Nav([*near, more], className="wp-bar", **aria(label="Pages")), className="wp-footer"
    )
    return bar


def _links() -> list[Component]:
    return [_link(*page) for page in NAV]


def _link(path: str, label: str, name: IconName) -> Component:
    parts = [icon(name), html.Span(label, className="wp-nav-label"), *([_badge()] if path == ALERTS else [])]
    return dcc.Link(parts, href=path, className="wp-nav-link")


def _badge(class_name: str = "") -> Component:
    """How many alerts are open; the browser fills it in. Its number is drawn by the style sheet: it is no part of the
    link's text, which names the page."""
    return html.Span(className=f"wp-badge {class_name}".strip(), hidden=True, role="img", **data(alerts="badge"))


clientside_callback(
    ClientsideFunction("waypostShell", "arrive"), Output("page-title", "children"), Input("_pages_location", "pathname")
)
clientside_callback(
    ClientsideFunction("waypostShell", "toggleRail"), Input("rail-toggle", "n_clicks"), prevent_initial_call=True
)
clientside_callback(ClientsideFunction("waypostSession", "greet"), Input("visitor", "id"))
clientside_callback(ClientsideFunction("waypostNotices", "told"), Input("site", "data"))
clientside_callback(ClientsideFunction("waypostAlerts", "told"), Input("alerts", "data"))
