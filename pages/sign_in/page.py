"""Signing in as an admin, and out again."""

import dash
from dash import html
from dash.development.base_component import Component

from auth.callbacks import visitor
from auth.roles import ANYONE
from components.states import failed
from core.errors import StoreUnavailable
from pages.sign_in import _parts as draw

dash.register_page(__name__, path="/sign-in", name="Sign in", title="Sign in · Waypost")  # type: ignore[no-untyped-call]  # Dash gives it no types


def layout(next: object = None, **_other: object) -> Component:  # noqa: A002 - the name that it has in the address
    """The form for somebody who is not signed in; who is may go on, or sign out."""
    back_to = draw.safe_path(next)
    try:
        who = visitor()
    except StoreUnavailable:
        text = "The database does not answer, so nobody can sign in now. Load this page again in a moment."
        return html.Div(failed(text), className="wp-page")
    shown = draw.form(back_to) if who == ANYONE else draw.signed_in(who, back_to)
    return html.Div(shown, className="wp-page wp-page-centred")
