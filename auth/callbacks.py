"""Who asks, for the callbacks and layouts of pages: `visitor().may(Role.ADMIN)`. Routers have api/asking.py."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import dash

from auth.roles import Visitor
from core.errors import StoreUnavailable

if TYPE_CHECKING:
    from auth.sessions import Sessions


def visitor() -> Visitor:
    """Who asks, in any callback. Each is a POST from our page, so it may change things. Raises StoreUnavailable."""
    sessions: Sessions = dash.get_app().server.state.sessions  # type: ignore[no-untyped-call]  # Dash gives it no types
    headers: Mapping[str, str] = {name.lower(): value for name, value in dash.ctx.headers.items()}
    return sessions.visitor(headers, changing=True)


def known_visitor() -> Visitor | None:
    """Who asks; None where that cannot be known now."""
    try:
        return visitor()
    except StoreUnavailable:
        return None
