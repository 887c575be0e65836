"""What the sign-in page shows: a form, or who is signed in. assets/shell/session.js does the rest."""

from urllib.parse import urlsplit

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from auth.roles import Role, Visitor
from components.attributes import data
from components.icons import icon
from pages.sign_in import _ids as ids


def safe_path(wanted: object) -> str:
    """The path within Waypost to go back to, or nothing: an address may name any other site."""
    if not isinstance(wanted, str) or not wanted.startswith("/") or not wanted.isprintable() or "\\" in wanted:
        return ""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return ""
    return "" if parts.scheme or parts.netloc or wanted.startswith("//") or parts.path == "/sign-in" else wanted


def form(back_to: str) -> Component:
    """The form; after it the browser goes to `back_to`, or to where it came from."""
    return html.Form(
        [
            html.Div(icon("user"), className="wp-sign-in-mark"),
            html.H2("Sign in", className="wp-sign-in-heading"),
            html.P(
                "What admins do asks for a password. The first start of Waypost printed it.",
                className="wp-sign-in-text",
            ),
            dmc.TextInput(
                label="Name",
                name="user",
                value="admin",
                autoComplete="username",
                size="sm",
                required=True,
                withAsterisk=False,
            ),
            dmc.PasswordInput(
                label="Password",
                name="password",
                autoComplete="current-password",
                size="sm",
                required=True,
                withAsterisk=False,
            ),
            html.Div(id=ids.PROBLEM, className="wp-sign-in-problem", role="alert"),
            html.Button("Sign in", type="submit", className="wp-button wp-button-main"),
        ],
        id=ids.FORM,
        className="wp-box wp-sign-in",
        **data(**{"sign-in": "", "next": back_to}),
    )


def signed_in(visitor: Visitor, back_to: str) -> Component:
    """Who is signed in, and the way out."""
    return html.Div(
        [
            html.Div(icon("check"), className="wp-sign-in-mark"),
            html.H2(["You are signed in as ", html.Strong(visitor.name)], className="wp-sign-in-heading"),
            html.P(f"Your role is {visitor.role.name.lower()}.", className="wp-sign-in-text"),
            html.Div(id=ids.PROBLEM, className="wp-sign-in-problem", role="alert"),
            html.Div(
                [
                    dcc.Link("Go on", href=back_to or "/", className="wp-button wp-button-main"),
                    *(
                        [dcc.Link("Settings", href="/settings", className="wp-button")]
                        if visitor.may(Role.ADMIN)
                        else []
                    ),
                    html.Button("Sign out", type="button", className="wp-button", **data(**{"sign-out": ""})),
                ],
                className="wp-sign-in-ways",
            ),
        ],
        className="wp-box wp-sign-in",
    )
